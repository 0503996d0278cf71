"""Routers with a capacity and balanced assignments equal their twins, loop for loop."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill._native import stream_id
from tokenmill.reference import assignment as slow_assignment
from tokenmill.reference import capacity as slow
from tokenmill.reference import philox
from tokenmill.reference.elementary import norm_cdf
from tokenmill.routing import (
    apply_capacity,
    assign_balanced,
    bias_of_counts,
    load_importance_loss,
    quantile_balance,
    required_bias_counts,
    route_expert_choice,
    route_noisy_top_k,
    route_sinkhorn,
    route_top1,
    route_top2,
)
from tokenmill.routing.noise import gumbels, normals, uniforms

SIZES = [(0, 3), (1, 1), (1, 2), (96, 7), (60, 12), (130, 65)]


def logits_of(tokens, experts, seed=1):
    return np.random.default_rng(seed).normal(size=(tokens, experts)) * 1.5


@pytest.mark.parametrize(("tokens", "experts"), SIZES)
@pytest.mark.parametrize("capacity", [0, 1, 3, 1000])
def test_top1(tokens, experts, capacity):
    logits = logits_of(tokens, experts)
    length = max(tokens // 2, 1)
    found = route_top1(logits, capacity, sequence_length=length)
    probabilities = slow.softmax(logits) if tokens else logits
    chosen = np.argmax(logits, axis=1)[:, None] if tokens else np.empty((0, 1), np.int64)
    positions = slow.top1(probabilities, chosen, capacity, length)
    np.testing.assert_array_equal(found.positions, positions)
    np.testing.assert_array_equal(found.expert_ids, np.where(positions < capacity, chosen, -1))
    expected = np.take_along_axis(probabilities, chosen, 1) * (positions < capacity)
    np.testing.assert_allclose(found.weights, expected, rtol=1e-7)


def test_a_draw_is_a_function_of_seed_token_and_expert():
    draws = uniforms("routing.token", 5, 300, 7, 1)
    stream = stream_id("routing.token")
    for token, expert in ((0, 0), (0, 6), (147, 1), (299, 6)):
        assert draws[token, expert] == philox.uniform(5, stream, token * 7 + expert)
    expected = -np.log(-np.log(uniforms("routing.gumbel", 5, 300, 7, 1)))
    np.testing.assert_allclose(
        gumbels("routing.gumbel", 5, 300, 7, 1), expected, rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize("capacity", [0, 2, 9, None])
def test_random_tokens(capacity):
    logits = logits_of(96, 7)
    found = route_top1(logits, capacity, random_tokens=True, seed=5)
    draws = np.take_along_axis(uniforms("routing.token", 5, 96, 7, 1), found.chosen_ids, 1)[:, 0]
    limit = 96 if capacity is None else capacity
    expected = slow.random_tokens(found.chosen_ids, draws, limit)
    np.testing.assert_array_equal(found.positions, expected)


def test_gumbel_noise_moves_the_choice_and_not_the_weight():
    logits = logits_of(96, 7)
    found = route_top1(logits, None, gumbel=True, seed=9)
    chosen = np.argmax(logits + gumbels("routing.gumbel", 9, 96, 7, 1), axis=1)[:, None]
    np.testing.assert_array_equal(found.expert_ids, chosen)
    expected = np.take_along_axis(slow.softmax(logits), chosen, 1)
    np.testing.assert_allclose(found.weights, expected, rtol=1e-7)
    assert (chosen[:, 0] != logits.argmax(axis=1)).any()


@pytest.mark.parametrize(("tokens", "experts"), [(1, 2), (96, 7), (130, 65)])
@pytest.mark.parametrize("capacity", [0, 1, 9, 1000])
@pytest.mark.parametrize("second", ["all", "sampling", "random"])
@pytest.mark.parametrize("normalise", ["after", "before"])
@pytest.mark.parametrize("prioritised", [False, True])
def test_top2(tokens, experts, capacity, second, normalise, prioritised):
    logits = logits_of(tokens, experts, seed=3)
    noise = gumbels("routing.gumbel", 11, tokens, experts, 1) if second == "sampling" else None
    draws = uniforms("routing.second", 11, tokens, 1, 1)[:, 0] if second == "random" else None
    chosen, positions, weights = slow.top2(
        logits, capacity, noise, draws, normalise == "before", prioritised
    )
    seed = None if second == "all" else 11
    options = {"second": second, "normalise": normalise, "prioritised": prioritised}
    found = route_top2(logits, capacity, seed=seed, **options)
    np.testing.assert_array_equal(found.chosen_ids, chosen)
    np.testing.assert_array_equal(found.positions, positions)
    np.testing.assert_allclose(found.weights, weights, rtol=2e-7)


@given(
    tokens=st.integers(0, 40),
    experts=st.integers(1, 9),
    k=st.integers(1, 3),
    capacity=st.integers(0, 12),
    levels=st.integers(1, 5),
    policy=st.sampled_from(["choice", "position", "probs", "priority"]),
    pad=st.booleans(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=200, deadline=None)
def test_drop_policies(tokens, experts, k, capacity, levels, policy, pad, seed):
    rng = np.random.default_rng(seed)
    k = min(k, experts)
    ids = np.array([rng.permutation(experts)[:k] for _ in range(tokens)], np.int64).reshape(-1, k)
    ids[rng.random(ids.shape) < 0.2] = -1
    weights = rng.integers(0, levels, ids.shape) / 8.0
    priority = rng.integers(0, levels, tokens) * 1.0
    order = list(range(tokens))
    if policy == "probs":
        expected = slow.drop_by_weight(ids, weights)
    elif policy == "position":
        expected = slow.queue(ids, [(token, j) for token in order for j in range(k)])
    else:
        order = slow.by_priority(priority) if policy == "priority" else order
        expected = slow.queue(ids, slow.choice_major(order, k))
    options = {"policy": policy} if policy != "priority" else {"priority": priority}
    found = apply_capacity(ids, weights, experts, capacity, pad_to_capacity=pad, **options)
    kept = (ids >= 0) & (expected < capacity)
    np.testing.assert_array_equal(found.positions[:, :k], expected)
    np.testing.assert_array_equal(found.expert_ids[:, :k], np.where(kept, ids, -1))
    np.testing.assert_array_equal(found.weights[:, :k], np.where(kept, weights, 0.0))
    before = np.bincount(ids[ids >= 0], minlength=experts)
    np.testing.assert_array_equal(found.counts_before, before)
    after = np.bincount(found.expert_ids[found.expert_ids >= 0], minlength=experts)
    np.testing.assert_array_equal(found.counts, after)
    if pad:
        check_padding(found, ids, min(capacity, tokens))
    else:
        np.testing.assert_array_equal(after, np.minimum(before, capacity))


def check_padding(found, ids, full):
    """Experts are full unless too few tokens are left that did not choose them."""
    k = ids.shape[1]
    for expert, count in enumerate(found.counts):
        takers = np.flatnonzero((found.expert_ids == expert).any(axis=1))
        assert len(takers) == count <= full
        added = np.flatnonzero((found.expert_ids[:, k:] == expert).any(axis=1))
        strangers = np.flatnonzero(~(ids == expert).any(axis=1))
        np.testing.assert_array_equal(added, strangers[: len(added)])
        assert count == full or len(added) == len(strangers)
        places = found.positions[(found.expert_ids == expert)]
        assert sorted(places.tolist()) == list(range(count))
    assert (found.weights[:, k:] == 0.0).all()


@pytest.mark.parametrize(("tokens", "experts"), SIZES)
@pytest.mark.parametrize("capacity", [1, 5, 1000])
def test_expert_choice(tokens, experts, capacity):
    logits = logits_of(tokens, experts)
    found = route_expert_choice(logits, capacity)
    if not tokens:
        assert found.expert_ids.shape == (0, 0)
        return
    scores = slow.softmax(logits)
    picks = slow.expert_choice(scores, min(capacity, tokens))
    dense = np.zeros(logits.shape)
    for expert, mine in enumerate(picks):
        dense[mine, expert] = scores[mine, expert]
        at = np.argwhere(found.expert_ids == expert)
        order = np.argsort(found.positions[tuple(at.T)])
        np.testing.assert_array_equal(at[order, 0], mine)
    spread = np.zeros(logits.shape)
    rows, slots = np.nonzero(found.kept)
    spread[rows, found.expert_ids[rows, slots]] = found.weights[rows, slots]
    np.testing.assert_allclose(spread, dense, rtol=1e-7)


@pytest.mark.parametrize(("tokens", "experts"), [(96, 7), (60, 12), (130, 65), (5, 1)])
def test_sinkhorn(tokens, experts):
    logits = logits_of(tokens, experts)
    k = min(2, experts)
    balanced = slow_assignment.sinkhorn(logits)
    found = route_sinkhorn(logits, k)
    ids = np.argsort(-balanced, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found.expert_ids, ids)
    scores = slow.softmax(logits) if k > 1 else 1.0 / (1.0 + np.exp(-logits))
    np.testing.assert_allclose(found.weights, np.take_along_axis(scores, ids, 1), rtol=1e-7)


@pytest.mark.parametrize(("tokens", "experts"), [(96, 8), (60, 12), (130, 65), (7, 7), (10, 2)])
@pytest.mark.parametrize("kind", ["normal", "equal", "levels"])
def test_auction(tokens, experts, kind):
    logits = logits_of(tokens, experts, seed=7)
    logits = {"normal": logits, "equal": np.ones_like(logits), "levels": np.round(logits)}[kind]
    expected, left = slow_assignment.auction(logits)
    found = assign_balanced(logits)
    np.testing.assert_array_equal(found.routing.expert_ids[:, 0], expected)
    assert found.placed == left
    assert (found.routing.counts == tokens // experts).all()


def test_an_auction_without_an_end_still_balances():
    found = assign_balanced(np.zeros((300, 150)))
    assert found.rounds == 100 and found.placed > 0
    assert (found.routing.counts == 2).all()


def test_the_auction_is_near_the_best_assignment():
    optimize = pytest.importorskip("scipy.optimize")
    for seed in range(5):
        logits = logits_of(128, 8, seed)
        slots = np.repeat(logits, 16, axis=1)
        best = slots[optimize.linear_sum_assignment(slots, maximize=True)].sum()
        found = assign_balanced(logits)
        total = np.take_along_axis(logits, found.routing.expert_ids, 1).sum()
        epsilon = (logits.max() - logits.min()) / 50
        assert best - 128 * epsilon <= total <= best + 1e-9


@pytest.mark.parametrize(
    ("tokens", "experts", "k"), [(64, 8, 2), (40, 8, 1), (12, 4, 1), (30, 5, 4)]
)
def test_quantile_balance(tokens, experts, k):
    rng = np.random.default_rng(tokens)
    logits, beta = rng.normal(size=(tokens, experts)), rng.normal(size=experts) * 0.3
    found = quantile_balance(logits, beta, k)
    alpha, after = slow_assignment.quantile_balance(logits, beta, k)
    np.testing.assert_array_equal(found.alpha, alpha)
    np.testing.assert_array_equal(found.beta, after)
    ids = np.argsort(-(logits - beta), axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found.expert_ids, ids)
    share = tokens * k // experts
    over = logits - found.alpha[:, None]
    assert ((over > found.beta).sum(axis=0) <= share).all()
    assert ((over >= found.beta).sum(axis=0) > share).all()


@pytest.mark.parametrize(("tokens", "experts", "k"), [(40, 8, 2), (13, 5, 4), (0, 3, 1)])
def test_required_bias(tokens, experts, k):
    logits = logits_of(tokens, experts)
    bias = np.linspace(-0.2, 0.3, experts)
    options = {"bins": 50, "low": -0.4, "high": 0.5}
    counts = required_bias_counts(logits, bias, k, **options)
    scores = 1.0 / (1.0 + np.exp(-logits))
    expected = slow_assignment.required_bias_counts(scores, bias, k, 50, -0.4, 0.5)
    np.testing.assert_array_equal(counts, expected)


def test_the_bias_of_the_counts_balances():
    logits = logits_of(4096, 16) + np.linspace(-1, 1, 16)
    scores, bias = 1.0 / (1.0 + np.exp(-logits)), np.zeros(16)
    for _ in range(20):
        counts = required_bias_counts(logits, bias, 2, bins=1000, low=-2.0, high=2.0)
        bias = bias_of_counts(counts, 2, low=-2.0, high=2.0)
    chosen = np.argsort(-(scores + bias), axis=1)[:, :2]
    load = np.bincount(chosen.ravel(), minlength=16)
    plain = np.bincount(np.argsort(-scores, axis=1)[:, :2].ravel(), minlength=16)
    assert load.max() / load.mean() < 1.1 < plain.max() / plain.mean()


@pytest.mark.parametrize(
    ("tokens", "experts", "k"), [(96, 7, 2), (60, 12, 12), (0, 3, 1), (9, 1, 1)]
)
def test_noisy_top_k(tokens, experts, k):
    z, n = logits_of(tokens, experts), logits_of(tokens, experts, seed=2)
    found = route_noisy_top_k(z, n, k, seed=13)
    scale = np.log1p(np.exp(n))
    noisy = z + normals("routing.noise", 13, tokens, experts, 1) * scale
    np.testing.assert_allclose(found.noisy_logits, noisy, rtol=1e-12)
    importance, load = np.zeros(experts), np.zeros(experts)
    for token in range(tokens):
        row = noisy[token]
        ids = np.argsort(-row, kind="stable")[:k]
        assert found.expert_ids[token].tolist() == ids.tolist()
        importance[ids] += slow.softmax(row[None, ids])[0]
        for expert in range(experts):
            others = np.sort(np.delete(row, expert))[::-1]
            bound = others[k - 1] if k < experts else -np.inf
            x = (z[token, expert] - bound) / scale[token, expert]
            load[expert] += 0.5 * math.erfc(-x / math.sqrt(2.0))
    np.testing.assert_allclose(found.importance, importance, rtol=1e-6)
    np.testing.assert_allclose(found.load, load, rtol=1e-12)
    for values, loss in ((importance, found.importance_loss), (load, found.load_loss)):
        expected = values.var() / values.mean() ** 2 if tokens else 0.0
        assert loss == pytest.approx(expected, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize(("tokens", "experts", "k"), [(96, 7, 2), (60, 12, 12)])
def test_load_importance_loss(tokens, experts, k):
    z = logits_of(tokens, experts)
    size = 0.8 / experts
    noisy = z + normals("routing.noise", 17, tokens, experts, 1) * size
    kth = np.sort(noisy, axis=1)[:, ::-1][:, k - 1 : k]
    scores = slow.softmax(z)
    terms = []
    for values in (scores.sum(axis=0), norm_cdf((scores - kth) / size).sum(axis=0)):
        terms.append(values.var(ddof=1) / (values.mean() ** 2 + 1e-10))
    found = load_importance_loss(z, k, 0.8, seed=17)
    assert found == pytest.approx(sum(terms) / 2.0, rel=1e-9)
