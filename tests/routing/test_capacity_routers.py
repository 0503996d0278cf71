"""Capacity routers: known answers, same bits everywhere, edges, and refusals."""

import dataclasses

import numpy as np
import pytest

from tokenmill._native import config, select_isa
from tokenmill.routing import (
    apply_capacity,
    assign_balanced,
    bias_of_counts,
    deepspeed_capacity,
    load_importance_loss,
    megablocks_capacity,
    megatron_capacity,
    nllb_eval_capacity,
    quantile_balance,
    required_bias_counts,
    route_expert_choice,
    route_noisy_top_k,
    route_sinkhorn,
    route_top1,
    route_top2,
    tutel_capacity,
)

IDS = [[0, 5], [1, 0], [7, 6], [2, 3], [5, 4], [0, 7]]
HALVES = [[0.5, 0.5]] * 6
LOGITS = np.random.default_rng(1).normal(size=(4096, 40)).astype(np.float32) * 2
ROUTERS = {
    "top1": lambda z, n: route_top1(z, 100, sequence_length=512, threads=n),
    "top1 gumbel": lambda z, n: route_top1(z, 100, gumbel=True, seed=3, threads=n),
    "top1 random tokens": lambda z, n: route_top1(z, 90, random_tokens=True, seed=3, threads=n),
    "top2": lambda z, n: route_top2(z, 150, threads=n),
    "top2 sampling": lambda z, n: route_top2(z, 150, second="sampling", seed=3, threads=n),
    "top2 random": lambda z, n: route_top2(
        z, 150, second="random", normalise="before", prioritised=True, seed=3, threads=n
    ),
    "expert choice": lambda z, n: route_expert_choice(z, 200, threads=n),
    "sinkhorn": lambda z, n: route_sinkhorn(z, 2, threads=n),
    "balanced": lambda z, n: assign_balanced(z[:1040], threads=n),
    "noisy": lambda z, n: route_noisy_top_k(z, z[::-1], 4, seed=3, threads=n),
    "quantile": lambda z, n: quantile_balance(z[:4080], np.linspace(-1, 1, 40), 4, threads=n),
    "tutel loss": lambda z, n: load_importance_loss(z, 2, 1.0, seed=3, threads=n),
    "required bias": lambda z, n: required_bias_counts(
        z, np.zeros(40), 4, bins=100, low=-1.0, high=1.0, threads=n
    ),
}


def bits(value):
    if dataclasses.is_dataclass(value):
        return [bits(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return value.tobytes() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", ROUTERS)
def test_instruction_sets_and_threads_change_nothing(name):
    active, found = config()["isa_active"], []
    try:
        for isa in config()["isa_available"]:
            select_isa(isa)
            found += [bits(ROUTERS[name](LOGITS, threads)) for threads in (1, 2, 7)]
    finally:
        select_isa(active)
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_precision_of_the_logits_does_not_show(dtype):
    coarse = np.round(LOGITS[:200] * 8) / 8  # exact in every one of them
    found = [bits(route_top2(coarse.astype(kind), 9)) for kind in (dtype, np.float64)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("factor", "megatron", "megablocks", "tutel"), [(1.0, 2, 1, 2), (1.25, 2, 1, 2), (2.0, 3, 3, 4)]
)
def test_capacity_formulas(factor, megatron, megablocks, tutel):
    assert megatron_capacity(6, 8, 2, factor) == megatron
    assert megablocks_capacity(6, 8, 2, factor) == megablocks
    assert tutel_capacity(6, 8, 2, factor, needed=3) == tutel


def test_capacity_formulas_at_their_switches():
    assert megatron_capacity(6, 8, 2, 1.0, minimum=4) == 4
    assert megablocks_capacity(6, 8, 2, 0.0) is None
    assert megablocks_capacity(6, 8, 2, 1.0, world=4) == 6
    assert tutel_capacity(6, 8, 2, 0.0, needed=3) == 3
    assert tutel_capacity(60, 8, 2, -1.0, needed=30) == 16
    assert tutel_capacity(60, 8, 2, -9.0, needed=30, alignment=16) == 32
    assert deepspeed_capacity(6, 8, 2, 1.0) == 8
    assert deepspeed_capacity(1000, 8, 2, 1.25) == 313
    assert nllb_eval_capacity(96, 0.1) == 10
    assert megatron_capacity(0, 1, 1, 1.0) == deepspeed_capacity(0, 1, 1, 1.0, minimum=0) == 0


def test_queues_by_choice_and_by_token():
    by_choice = apply_capacity(IDS, HALVES, 8, 1)
    assert by_choice.kept.astype(int).tolist() == [[1, 0], [1, 0], [1, 1], [1, 1], [1, 1], [0, 0]]
    by_token = apply_capacity(IDS, HALVES, 8, 1, policy="position")
    assert by_token.kept.astype(int).tolist() == [[1, 1], [1, 0], [1, 1], [1, 1], [0, 1], [0, 0]]
    assert by_token.counts_before.tolist() == [3, 1, 1, 1, 1, 2, 1, 2]
    assert by_token.counts.tolist() == [1] * 8


def test_priority_changes_positions_as_published():
    """Flaxformer's numbers: (expert, place) of four tokens, capacity 2."""
    ids, largest = [[2], [3], [2], [2]], [0.6, 0.5, 0.9, 0.4]
    weights = [[value] for value in largest]
    plain = apply_capacity(ids, weights, 4, 2)
    first = apply_capacity(ids, weights, 4, 2, priority=largest)
    assert plain.positions[:, 0].tolist() == [0, 0, 1, 2]
    assert first.positions[:, 0].tolist() == [1, 0, 0, 2]
    assert plain.expert_ids[:, 0].tolist() == first.expert_ids[:, 0].tolist() == [2, 3, 2, -1]


def test_weights_decide_under_probs():
    found = apply_capacity([[0], [0], [0]], [[0.2], [0.9], [0.9]], 2, 1, policy="probs")
    assert found.expert_ids[:, 0].tolist() == [-1, 0, -1]
    padded = apply_capacity(
        [[0], [0], [0]], [[0.2], [0.9], [0.9]], 2, 1, policy="probs", pad_to_capacity=True
    )
    assert padded.expert_ids.tolist() == [[-1, 1], [0, -1], [-1, -1]]
    assert padded.counts.tolist() == [1, 1]


def test_switch_starts_again_with_every_sequence():
    logits = np.zeros((6, 2), np.float32)
    one = route_top1(logits, 2)
    three = route_top1(logits, 2, sequence_length=3)
    assert one.kept[:, 0].tolist() == [True, True, False, False, False, False]
    assert three.kept[:, 0].tolist() == [True, True, False] * 2
    assert three.weights[0, 0] == np.float32(0.5)


@pytest.mark.parametrize("tokens", [0, 1])
@pytest.mark.parametrize("name", [name for name in ROUTERS if name not in ("top1", "quantile")])
def test_no_token_and_one_token(name, tokens):
    logits = LOGITS[:tokens]
    if name == "balanced":
        logits = logits[:, :1]  # experts divide tokens
    if name == "sinkhorn":
        logits = logits * 0  # factors of one token drift for long where logits differ much
    ROUTERS[name](logits, 1)


def test_one_expert_and_every_expert():
    logits = LOGITS[:6]
    one = logits[:, :1]
    for found in (route_top1(one, None), route_expert_choice(one, 6), route_sinkhorn(one, 1)):
        assert (found.expert_ids == 0).all() and found.counts.tolist() == [6]
    assert (assign_balanced(one).routing.expert_ids == 0).all()
    assert load_importance_loss(one, 1, 1.0, seed=1) == 0.0
    every = quantile_balance(logits, np.ones(40), 40)
    assert (every.beta == 1.0).all() and (every.alpha == -np.inf).all()
    assert (np.sort(every.expert_ids, axis=1) == np.arange(40)).all()


@pytest.mark.parametrize("second", ["all", "sampling", "random"])
def test_nan_and_infinite_logits_have_two_distinct_choices(second):
    inf, nan = np.inf, np.nan
    rows = np.array([[nan, nan, nan], [-inf, -inf, -inf], [inf, inf, 1], [nan, 2, 1], [inf, 0, 0]])
    seed = None if second == "all" else 1
    found = route_top2(rows.astype(np.float32), None, second=second, seed=seed)
    assert np.isfinite(found.weights).all()
    assert (found.chosen_ids[:, 0] != found.chosen_ids[:, 1]).all()
    assert found.chosen_ids[:, 0].tolist() == [0, 0, 0, 1, 0]
    taken = route_expert_choice(rows.astype(np.float32), 5)
    assert np.isfinite(taken.weights).all() and (taken.counts == 5).all()
    held = assign_balanced(np.vstack([rows, rows[:1]]))
    assert (held.routing.counts == 2).all()


def test_weights_that_are_nearly_nothing_do_not_divide_by_zero():
    logits = np.array([[0.0, -800.0, -800.0]] * 2)
    found = route_top2(logits, 1)  # the second token loses its first choice, and keeps e^-800
    assert found.expert_ids.tolist() == [[0, 1], [-1, -1]]
    assert found.weights.tolist() == [[1.0, 0.0], [0.0, 0.0]]


PAIR = ([[0, 1]], [[0.5, 0.5]])


@pytest.mark.parametrize(
    ("kind", "message", "call"),
    [
        (TypeError, "expert_ids: expected integers", lambda: apply_capacity([[0.5]], [[1]], 2, 1)),
        (ValueError, r"expert_ids: .* \[-1, 1\), found 1", lambda: apply_capacity(*PAIR, 1, 1)),
        (ValueError, r"expert_ids: expected shape", lambda: apply_capacity([0], [1], 2, 1)),
        (
            ValueError,
            r"weights: expected shape \(1, 2\)",
            lambda: apply_capacity([[0, 1]], [1], 2, 1),
        ),
        (ValueError, "weights: .* NaN", lambda: apply_capacity([[0]], [[np.nan]], 2, 1)),
        (ValueError, "capacity: .* found -1", lambda: apply_capacity(*PAIR, 2, -1)),
        (
            TypeError,
            "capacity: expected an integer",
            lambda: route_top1(LOGITS, "x", random_tokens=True, seed=1),
        ),
        (ValueError, "policy: expected one of", lambda: apply_capacity(*PAIR, 2, 1, policy="x")),
        (
            ValueError,
            'priority: expected none with policy "probs"',
            lambda: apply_capacity(*PAIR, 2, 1, policy="probs", priority=[1.0]),
        ),
        (
            ValueError,
            "pad_to_capacity: expected a capacity",
            lambda: apply_capacity(*PAIR, 2, None, pad_to_capacity=True),
        ),
        (ValueError, "factor: .* at least 0", lambda: megatron_capacity(1, 1, 1, -1.0)),
        (TypeError, "factor: expected a number", lambda: megatron_capacity(1, 1, 1, "1")),
        (ValueError, "experts: .* found 0", lambda: tutel_capacity(1, 0, 1, 1.0, needed=1)),
        (ValueError, "fraction: .* above 0", lambda: nllb_eval_capacity(5, 0.0)),
        (ValueError, "seed: expected none", lambda: route_top1(LOGITS, 1, seed=1)),
        (ValueError, "seed: expected an integer", lambda: route_top1(LOGITS, 1, gumbel=True)),
        (
            TypeError,
            "seed: expected an integer",
            lambda: route_top1(LOGITS, 1, gumbel=True, seed=1.5),
        ),
        (
            ValueError,
            "sequence_length: .* divisor",
            lambda: route_top1(LOGITS, 1, sequence_length=7),
        ),
        (
            ValueError,
            "sequence_length: expected none",
            lambda: route_top1(LOGITS, 1, sequence_length=8, random_tokens=True, seed=1),
        ),
        (ValueError, "at least 2 columns", lambda: route_top2(LOGITS[:, :1], 1)),
        (ValueError, "second: expected one of", lambda: route_top2(LOGITS, 1, second="third")),
        (ValueError, "normalise: expected one", lambda: route_top2(LOGITS, 1, normalise="never")),
        (ValueError, "capacity: .* found 0", lambda: route_expert_choice(LOGITS, 0)),
        (ValueError, "at most 600, found 700", lambda: route_sinkhorn([[700.0]], 1)),
        (RuntimeError, "most_rounds: ", lambda: route_sinkhorn(LOGITS, 1, most_rounds=1)),
        (ValueError, "multiple of 40 tokens, found 41", lambda: assign_balanced(LOGITS[:41])),
        (ValueError, "multiple of 40 experts", lambda: quantile_balance(LOGITS[:7], [0] * 40, 1)),
        (
            ValueError,
            r"beta: expected shape \(40,\)",
            lambda: quantile_balance(LOGITS[:40], [0], 1),
        ),
        (
            ValueError,
            r"logits: expected finite numbers, found -inf at \(0, 1\)",
            lambda: route_noisy_top_k([[0.0, np.nan]], [[0.0, 0.0]], 1, seed=1),
        ),
        (
            ValueError,
            r"noise_logits: expected shape \(1, 2\)",
            lambda: route_noisy_top_k([[0.0, 1.0]], [[0.0]], 1, seed=1),
        ),
        (ValueError, "gate_noise: ", lambda: load_importance_loss(LOGITS, 1, 0.0, seed=1)),
        (
            ValueError,
            "low, high: expected finite low < high",
            lambda: bias_of_counts([[1]], 1, low=1.0, high=0.0),
        ),
        (ValueError, "counts: .* one token", lambda: bias_of_counts([[0]], 1, low=0.0, high=1.0)),
    ],
)
def test_refusals(kind, message, call):
    with pytest.raises(kind, match=message):
        call()
