"""Rules that rank an expert by its own logit alone take another way, to the same ids and weights.

A rule with two groups of which both are kept is the same rule, but goes through the tile.
"""

import dataclasses

import numpy as np
import pytest

from tests.routing.hard_rows import INF, hard_rows
from tokenmill._native import config, select_isa
from tokenmill.reference import routing as twin
from tokenmill.routing import RouterSpec, route

RULES = {
    "logits": {"norm": "sum"},
    "sigmoid": {"score": "sigmoid", "bias": "choice", "norm": "sum", "norm_eps": 1e-20},
    "sqrtsoftplus": {"score": "sqrtsoftplus", "bias": "choice", "norm": "sum", "norm_eps": 1e-20},
}
SIZES = [(64, 1), (64, 22), (70, 8), (128, 32), (256, 8), (896, 16)]


def hard_logits(experts: int) -> np.ndarray:
    """Hard rows, and more that are hard for the root of softplus."""
    z = hard_rows(experts, 160, 6.0)
    z[120:125, :3] = 90.0
    return z


@pytest.mark.parametrize("isa", config()["isa_available"])
@pytest.mark.parametrize("spread", [0.1, 3.0, 5000.0])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_rows_and_tiles_agree(rule: str, size: tuple[int, int], spread: float, isa: str) -> None:
    experts, top_k = size
    rows = RouterSpec(experts=experts, top_k=top_k, **RULES[rule])
    tiles = dataclasses.replace(rows, groups=2, groups_kept=2, group_score="max")
    z = hard_logits(experts)
    draws = np.random.default_rng(1).standard_normal(experts).astype(np.float32)
    bias = spread * draws if rows.bias else None
    active = config()["isa_active"]
    select_isa(isa)
    try:
        found, expected = route(z, rows, bias=bias), route(z, tiles, bias=bias)
    finally:
        select_isa(active)
    assert np.array_equal(found.expert_ids, expected.expert_ids)
    assert found.weights.tobytes() == expected.weights.tobytes()


@pytest.mark.parametrize("experts", [32, 63, 256, 4096])
def test_softmax_over_all_has_its_accuracy(experts: int) -> None:
    z = hard_logits(experts)
    expected = twin.softmax(np.where(np.isnan(z), -INF, z.astype(np.float64)))
    found = route(z, RouterSpec(experts=experts, top_k=4))
    chosen = np.take_along_axis(expected, found.expert_ids.astype(np.int64), axis=1)
    assert np.abs(found.weights - chosen).max() < 5e-7
