"""What holds for any logits: equivariance, invariance, special cases, sums, monotony."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tokenmill.routing import RouterSpec, route

RULES = {
    "softmax": {"norm": "sum"},
    "softmax, biased": {"bias": "choice"},
    "sigmoid": {"score": "sigmoid", "bias": "choice", "norm": "sum", "norm_eps": 1e-20},
    "root of softplus": {"score": "sqrtsoftplus", "bias": "choice", "norm": "sum", "scale": 1.5},
    "softmax of chosen": {"score": "identity", "weight": "softmax_of_chosen"},
    "bias on logits": {"score": "sigmoid", "bias": "logits"},
}
any_rule = pytest.mark.parametrize("name", RULES)
cases = given(
    experts=st.sampled_from([2, 3, 8, 17, 48]),
    k=st.integers(1, 8),
    number=st.integers(0, 2**32),
)


def case(name, experts, k, number, **fields):
    """Return a spec, distinct logits on a grid, and a bias of at most half a grid step."""
    rng = np.random.default_rng(number)
    spec = RouterSpec(experts=experts, top_k=min(k, experts), **RULES[name], **fields)
    logits = np.stack([rng.permutation(experts) for _ in range(5)]) / 8.0 - experts / 16.0
    bias = rng.uniform(-0.2, 0.2, experts) if spec.bias else None
    return spec, logits, bias


@any_rule
@seed(1)
@settings(max_examples=40, deadline=None)
@cases
def test_experts_may_change_places(name, experts, k, number):
    spec, logits, bias = case(name, experts, k, number)
    order = np.random.default_rng(number + 1).permutation(experts)
    moved = route(logits[:, order], spec, bias=None if bias is None else bias[order])
    found = route(logits, spec, bias=bias)
    np.testing.assert_array_equal(order[moved.expert_ids], found.expert_ids)
    np.testing.assert_allclose(moved.weights, found.weights, rtol=1e-6)


@seed(2)
@settings(max_examples=40, deadline=None)
@cases
@pytest.mark.parametrize("name", ["softmax", "softmax, biased", "softmax of chosen"])
def test_a_softmax_does_not_see_a_shift(name, experts, k, number):
    spec, logits, bias = case(name, experts, k, number)
    found, moved = (route(logits + shift, spec, bias=bias) for shift in (0.0, 16.0))
    np.testing.assert_array_equal(moved.expert_ids, found.expert_ids)
    np.testing.assert_array_equal(moved.weights, found.weights)


@any_rule
@seed(3)
@settings(max_examples=30, deadline=None)
@cases
def test_a_bias_of_zero_is_none(name, experts, k, number):
    spec, logits, _ = case(name, experts, k, number)
    biased = dataclasses.replace(spec, bias=spec.bias or "choice")
    found = route(logits, biased, bias=np.zeros(experts))
    plain = route(logits, dataclasses.replace(spec, bias=None))
    np.testing.assert_array_equal(found.expert_ids, plain.expert_ids)
    np.testing.assert_allclose(found.weights, plain.weights, rtol=1e-6)


@any_rule
@pytest.mark.parametrize("score", ["max", "top2_sum"])
@seed(4)
@settings(max_examples=30, deadline=None)
@given(k=st.integers(1, 8), number=st.integers(0, 2**32))
def test_all_groups_are_no_groups(name, score, k, number):
    spec, logits, bias = case(name, 48, k, number)
    grouped = dataclasses.replace(spec, groups=8, groups_kept=8, group_score=score)
    one, all_kept = route(logits, spec, bias=bias), route(logits, grouped, bias=bias)
    np.testing.assert_array_equal(all_kept.expert_ids, one.expert_ids)
    np.testing.assert_array_equal(all_kept.weights, one.weights)


@any_rule
@seed(5)
@settings(max_examples=40, deadline=None)
@given(kept=st.integers(1, 8), k=st.integers(1, 6), number=st.integers(0, 2**32))
def test_ids_are_distinct_and_in_the_kept_groups(name, kept, k, number):
    spec, logits, bias = case(name, 48, k, number, groups=8, groups_kept=kept)
    found = route(logits, spec, bias=bias)
    for ids in found.expert_ids:
        assert len(set(ids.tolist())) == spec.top_k
        assert len(set((ids // 6).tolist())) <= kept


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "root of softplus", "softmax of chosen"])
@seed(6)
@settings(max_examples=40, deadline=None)
@cases
def test_normalised_weights_add_up_to_the_scale(name, experts, k, number):
    spec, logits, bias = case(name, experts, k, number)
    found = route(logits, spec, bias=bias)
    sums = found.weights.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(sums, spec.scale, rtol=1e-6)


@any_rule
@seed(7)
@settings(max_examples=40, deadline=None)
@cases
def test_a_larger_logit_never_drops_its_expert(name, experts, k, number):
    spec, logits, bias = case(name, experts, k, number)
    before = route(logits, spec, bias=bias).expert_ids
    for j in range(spec.top_k):
        raised = logits.copy()
        raised[np.arange(len(raised)), before[:, j]] += 0.75
        after = route(raised, spec, bias=bias).expert_ids
        assert (after == before[:, [j]]).any(axis=1).all()


@any_rule
@seed(8)
@settings(max_examples=40, deadline=None)
@cases
def test_a_row_does_not_see_its_neighbours(name, experts, k, number):
    spec, logits, bias = case(name, experts, k, number)
    whole = route(logits, spec, bias=bias)
    for t, row in enumerate(logits):
        alone = route(row[None], spec, bias=bias)
        assert alone.expert_ids.tobytes() == whole.expert_ids[t].tobytes()
        assert alone.weights.tobytes() == whole.weights[t].tobytes()
