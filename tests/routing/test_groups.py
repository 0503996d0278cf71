"""Rules that keep groups by their two best sigmoids take another way, to the same ids and weights.

The same rule as block routing with every expert open goes through the tile.
"""

import dataclasses

import numpy as np
import pytest

from tests.routing.hard_rows import NAN, hard_rows
from tokenmill._native import config, select_isa
from tokenmill.reference import routing as twin
from tokenmill.routing import RouterSpec, route

RULE = {"score": "sigmoid", "bias": "choice", "norm": "sum", "norm_eps": 1e-20}
# experts, groups, kept, k: one and several vectors a group, odd sizes, everything kept
SIZES = [
    (256, 8, 4, 8),
    (256, 8, 4, 1),
    (256, 8, 8, 16),
    (384, 8, 2, 4),
    (64, 8, 4, 8),
    (64, 2, 1, 2),
    (160, 4, 2, 4),
    (160, 8, 3, 6),
    (120, 8, 4, 8),
    (896, 8, 4, 8),
    (512, 16, 16, 32),
]


def hard_logits(experts: int) -> np.ndarray:
    """Hard rows, and more that are hard for groups."""
    z = hard_rows(experts, 205, 9.0)
    z[120:125] = np.where(np.random.default_rng(experts).random((5, experts)) < 0.5, 0.0, -0.0)
    z[125:130] += 9.0
    z[130:135] = -NAN
    return z


def close_groups(experts: int, groups: int) -> np.ndarray:
    """Rows whose groups differ by rounding steps, or not at all: ranks cannot tell them apart."""
    rng = np.random.default_rng(groups)
    group = rng.standard_normal((120, experts // groups)).astype(np.float32)
    z = np.tile(group, groups)
    steps = rng.integers(-2, 3, z.shape) * (np.arange(120) % 3)[:, None]
    return z * (1 + steps * np.float32(2.0**-22)).astype(np.float32)


def both_ways(spec: RouterSpec, z: np.ndarray, bias: np.ndarray, isa: str) -> None:
    tiles = dataclasses.replace(spec, method="block", block_size=len(z), block_experts=spec.experts)
    active = config()["isa_active"]
    select_isa(isa)
    try:
        found, expected = route(z, spec, bias=bias), route(z, tiles, bias=bias)
    finally:
        select_isa(active)
    assert np.array_equal(found.expert_ids, expected.expert_ids)
    assert found.weights.tobytes() == expected.weights.tobytes()


@pytest.mark.parametrize("isa", config()["isa_available"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_rows_and_tiles_agree(size: tuple[int, int, int, int], isa: str) -> None:
    experts, groups, kept, top_k = size
    spec = RouterSpec(experts=experts, top_k=top_k, groups=groups, groups_kept=kept, **RULE)
    draws = np.random.default_rng(1).standard_normal(experts).astype(np.float32)
    for bias in (0.1 * draws, 0.0 * draws, 9.0 + 0.01 * draws, 300.0 * draws, 5000.0 * draws):
        both_ways(spec, hard_logits(experts), bias, isa)
        both_ways(spec, close_groups(experts, groups), bias, isa)


@pytest.mark.parametrize("tokens", [1, 7, 8, 9, 17])
def test_a_token_does_not_see_its_neighbours(tokens: int) -> None:
    spec = RouterSpec(experts=256, top_k=8, groups=8, groups_kept=4, **RULE)
    z = np.concatenate([close_groups(256, 8)[:tokens], hard_logits(256)])
    bias = 0.1 * np.random.default_rng(2).standard_normal(256)
    whole, part = route(z, spec, bias=bias), route(z[:tokens], spec, bias=bias)
    assert np.array_equal(whole.expert_ids[:tokens], part.expert_ids)
    assert whole.weights[:tokens].tobytes() == part.weights.tobytes()


def test_equal_groups_are_kept_from_the_first() -> None:
    spec = RouterSpec(experts=256, top_k=8, groups=8, groups_kept=4, **RULE)
    z = np.zeros((3, 256), np.float32)
    z[1, 200] = z[1, 201] = 1.0
    z[2, 0], z[2, 255] = -0.0, np.nextafter(np.float32(0), np.float32(1))
    found = route(z, spec, bias=np.zeros(256))
    assert found.expert_ids.tolist() == [[*range(8)], [200, 201, *range(6)], [*range(8)]]


def test_ids_are_those_of_the_twin() -> None:
    spec = RouterSpec(experts=256, top_k=8, groups=8, groups_kept=4, **RULE)
    z = np.random.default_rng(3).standard_normal((2000, 256)).astype(np.float32) * 3
    bias = 0.2 * np.random.default_rng(4).standard_normal(256)
    expected = twin.route(
        z, experts=256, top_k=8, groups=8, groups_kept=4, bias_values=bias, scale=1.0, **RULE
    )
    same = (route(z, spec, bias=bias).expert_ids == expected.expert_ids).all(axis=1)
    assert same.mean() > 0.995  # the rest are ties of rounded choice values
