"""Losses: golden values, the twin, the properties of their levels, edges and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill._native import config, select_isa
from tokenmill.reference import losses as twin
from tokenmill.routing import (
    RouterSpec,
    bias_update,
    cv_squared,
    gshard_loss,
    hugging_face_loss,
    importance,
    noisy_load,
    route,
    routing_sums,
    switch_loss,
    z_loss,
)

Z = np.array([[2, 1, 0, -1], [0, 3, 1, 0.5], [1, 1, 1, 1], [-1, 0, 2, 0.5]])
IDS = np.array([[0, 1], [1, 2], [0, 1], [2, 3]])
PLAIN = RouterSpec(experts=4, top_k=2)
COUNTS = [2, 3, 2, 1]
SCORES = ("softmax", "sigmoid", "sqrtsoftplus")


def case(score="softmax", tokens=3001, experts=37, k=5, seed=1, dtype=np.float64):
    logits = (np.random.default_rng(seed).normal(size=(tokens, experts)) * 2.0).astype(dtype)
    spec = RouterSpec(experts=experts, top_k=k, score=score)
    return logits, spec, route(logits, spec).expert_ids


def bits(sums):
    return sums.scores.tobytes() + sums.squares.tobytes() + sums.counts.tobytes()


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 5e-10), (np.float32, 2e-6)])
def test_golden(dtype, rtol):
    sums = routing_sums(Z.astype(dtype), PLAIN, IDS)
    assert sums.counts.tolist() == [COUNTS]
    expected = [0.242139216, 0.343030307, 0.288510575, 0.126319902]
    np.testing.assert_allclose(sums.scores[0] / 4, expected, rtol=max(rtol, 4e-9))
    rtol = max(rtol, 5e-10)
    assert switch_loss(sums) == pytest.approx(1.108355203, rel=rtol)
    assert hugging_face_loss(sums) == pytest.approx(2.216710405, rel=rtol)
    assert gshard_loss(sums) == pytest.approx(1.115819313, rel=rtol)
    assert z_loss(sums) == pytest.approx(6.903125742, rel=rtol)
    assert cv_squared(COUNTS) == 0.125


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("score", SCORES)
def test_sums_and_losses_equal_the_twin(score, dtype):
    logits, spec, ids = case(score, dtype=dtype)
    rtol = 1e-12 if dtype is np.float64 else 2e-6
    sums, exact = routing_sums(logits, spec, ids), logits.astype(np.float64)
    p = twin.probabilities(exact, score)
    np.testing.assert_allclose(sums.scores[0], p.sum(axis=0), rtol=rtol)
    np.testing.assert_array_equal(sums.counts[0], twin.choices_of_experts(ids, 37))
    assert switch_loss(sums) == pytest.approx(twin.switch_loss(p, ids), rel=rtol)
    assert hugging_face_loss(sums) == pytest.approx(twin.hugging_face_loss(p, ids), rel=rtol)
    assert gshard_loss(sums) == pytest.approx(twin.gshard_loss(p, ids), rel=rtol)
    assert z_loss(sums) == pytest.approx(twin.z_loss(exact), rel=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("score", SCORES)
def test_instruction_sets_and_threads_have_the_same_bits(score, dtype):
    logits, spec, ids = case(score, tokens=9001, dtype=dtype)
    lengths = [0, 2500, 1, 1023, 4453, 1024]
    whole = bits(routing_sums(logits, spec, ids, lengths=lengths, threads=1))
    active = config()["isa_active"]
    try:
        for isa in config()["isa_available"]:
            select_isa(isa)
            for threads in (1, 2, 5):
                found = routing_sums(logits, spec, ids, lengths=lengths, threads=threads)
                assert bits(found) == whole
    finally:
        select_isa(active)


def test_sequences_are_summed_apart():
    logits, spec, ids = case(tokens=3000)
    lengths = [700, 0, 2300]
    both = routing_sums(logits, spec, ids, lengths=lengths)
    assert both.tokens.tolist() == lengths
    assert both.squares[1] == 0.0 and not both.counts[1].any() and not both.scores[1].any()
    parts = [routing_sums(logits[a:b], spec, ids[a:b]) for a, b in ((0, 700), (700, 3000))]
    assert both.scores[0].tobytes() == parts[0].scores.tobytes()
    assert both.scores[2].tobytes() == parts[1].scores.tobytes()
    mean = (switch_loss(parts[0]) + switch_loss(parts[1])) / 2
    assert switch_loss(both, level="sequence") == pytest.approx(mean, rel=1e-14)
    one = routing_sums(logits, spec, ids)
    assert switch_loss(one, level="sequence") == switch_loss(one)


def test_global_losses_of_equal_micro_batches_average_to_the_whole():
    logits, spec, ids = case(tokens=4096)
    cuts = range(0, 4096, 1024)
    parts = [routing_sums(logits[a : a + 1024], spec, ids[a : a + 1024]) for a in cuts]
    accumulated = parts[0] + parts[1] + parts[2] + parts[3]
    found = [switch_loss(part, accumulated=accumulated) for part in parts]
    whole = routing_sums(logits, spec, ids)
    np.testing.assert_array_equal(accumulated.counts, whole.counts)
    assert sum(found) / 4 == pytest.approx(switch_loss(whole), rel=1e-13)
    assert found[0] != switch_loss(parts[0])


def test_layers_are_added_before_the_product_as_hugging_face_does():
    first, spec, ids = case(tokens=500, seed=1)
    second, _, other = case(tokens=500, seed=2)
    layers = routing_sums(first, spec, ids) + routing_sums(second, spec, other)
    joined = routing_sums(np.concatenate([first, second]), spec, np.concatenate([ids, other]))
    assert hugging_face_loss(layers) == pytest.approx(hugging_face_loss(joined), rel=1e-13)


@pytest.mark.parametrize("score", SCORES)
def test_even_scores_give_one_and_k(score):
    spec = RouterSpec(experts=6, top_k=2, score=score)
    ids = np.array([[0, 1], [2, 3], [4, 5]])
    sums = routing_sums(np.full((3, 6), 0.25), spec, ids)
    assert switch_loss(sums) == pytest.approx(1.0, rel=1e-14)
    assert hugging_face_loss(sums) == pytest.approx(2.0, rel=1e-14)


def test_softcap_scale_shared_and_identity():
    logits, _, ids = case(experts=24)
    capped = RouterSpec(experts=24, top_k=5, softcap=2.0, logit_scale=0.5)
    exact = 2.0 * np.tanh(logits * 0.5 / 2.0)
    found = routing_sums(logits, capped, ids)
    np.testing.assert_allclose(found.scores[0], twin.probabilities(exact, "").sum(0), rtol=1e-12)
    assert z_loss(found) == pytest.approx(twin.z_loss(exact), rel=1e-12)
    joint = {"score": "sigmoid", "weight": "joint_sigmoid", "shared_experts": 4}
    shared = routing_sums(logits, RouterSpec(experts=20, top_k=5, **joint), ids % 20)
    expected = twin.probabilities(logits[:, :20], "sigmoid").sum(axis=0)
    np.testing.assert_allclose(shared.scores[0], expected, rtol=1e-12)
    late = RouterSpec(experts=24, top_k=5, score="identity", weight="softmax_of_chosen")
    plain = routing_sums(logits, RouterSpec(experts=24, top_k=5), ids)
    assert bits(routing_sums(logits, late, ids)) == bits(plain)


def test_infinite_nan_and_no_logits():
    inf, nan = np.inf, np.nan
    rows = [[0.0, -inf, 0.0], [nan, 1.0, 1.0]]
    sums = routing_sums(np.array(rows), RouterSpec(experts=3, top_k=1), [[0], [1]])
    np.testing.assert_allclose(sums.scores[0], [0.5, 0.5, 1.0], rtol=1e-15)
    two, e = math.log(2.0) ** 2, (1.0 + math.log(2.0)) ** 2
    assert z_loss(sums) == pytest.approx((two + e) / 2, rel=1e-14)
    for row in ([inf, 0.0, inf], [-inf] * 3, [nan] * 3):
        for score in SCORES:
            spec = RouterSpec(experts=3, top_k=1, score=score)
            found = routing_sums(np.array([row], np.float32), spec, [[0]])
            assert z_loss(found) == inf
            assert np.isfinite(found.scores).all() and (found.scores >= 0.0).all()
    spec = RouterSpec(experts=3, top_k=1, score="sqrtsoftplus")
    assert routing_sums([[inf, 0.0, inf]], spec, [[0]]).scores.tolist() == [[0.5, 0.0, 0.5]]


def test_no_token_and_one_expert():
    none = routing_sums(np.empty((0, 4)), PLAIN, np.empty((0, 2), int))
    for loss in (switch_loss, hugging_face_loss, gshard_loss, z_loss):
        assert math.isnan(loss(none))
    one = routing_sums([[3.0], [-2.0]], RouterSpec(experts=1, top_k=1), [[0], [0]])
    assert switch_loss(one) == hugging_face_loss(one) == gshard_loss(one) == 1.0
    assert z_loss(one) == pytest.approx((9.0 + 4.0) / 2, rel=1e-15)


@given(seed=st.integers(0, 2**32), experts=st.integers(1, 40), k=st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_the_switch_loss_of_softmax_stays_within_its_bounds(seed, experts, k):
    logits, spec, ids = case(tokens=20, experts=experts, k=min(k, experts), seed=seed)
    loss = switch_loss(routing_sums(logits, spec, ids))
    assert 0.0 < loss <= experts / spec.top_k * (1.0 + 1e-12)


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_noisy_load_equals_the_twin(k):
    rng = np.random.default_rng(4)
    clean, scale = rng.normal(size=(1100, 6)), rng.uniform(0.5, 2.0, (1100, 6))
    noisy = clean + scale * rng.normal(size=clean.shape)
    noisy[:50, 1] = noisy[:50, 0]  # ties
    expected = twin.noisy_load(clean, noisy, scale, k)
    np.testing.assert_allclose(noisy_load(clean, noisy, scale, k), expected, rtol=1e-12)


def test_importance_and_variation():
    weights = [[0.75, 0.25], [0.5, 0.5], [1.0, 0.0], [0.25, 0.75]]
    found = importance(IDS, weights, 5)
    assert found.tolist() == [1.75, 0.75, 0.75, 0.75, 0.0]
    assert cv_squared(found) == pytest.approx(twin.cv_squared(found), rel=1e-14)
    tutel = np.var(COUNTS, ddof=1) / (4.0 + 1e-10)
    assert cv_squared(COUNTS, variance="unbiased") == pytest.approx(tutel, rel=1e-14)
    assert math.isnan(cv_squared([0.0, 0.0])) and cv_squared([3.0]) == 0.0
    assert math.isnan(cv_squared([3.0], variance="unbiased"))


def test_bias_update():
    delta = bias_update(np.zeros(4), COUNTS)
    assert delta.tolist() == [0.0, -0.001, 0.0, 0.001]
    single = bias_update(np.float32([1, 1, 1, 1]), [0, 0, 0, 8], rate=0.5)
    assert single.dtype == np.float32 and single.tolist() == [1.5, 1.5, 1.5, 0.5]
    centred = bias_update(np.zeros(4), [0, 0, 0, 8], rate=0.5, centred=True)
    assert centred.tolist() == [0.25, 0.25, 0.25, -0.75]
    assert not bias_update(np.zeros(3), [0, 0, 0]).any()
    huge = [2**62, 2**62, 2**62, 2**62 - 1]  # their sum does not fit 64 bits
    assert np.sign(bias_update(np.zeros(4), huge)).tolist() == [-1, -1, -1, 1]


SUMS = routing_sums(Z, PLAIN, IDS)
KEYS = RouterSpec(
    experts=4, top_k=2, score="identity", weight="softmax_of_chosen", method="product_keys"
)


@pytest.mark.parametrize(
    ("kind", "message", "call"),
    [
        (TypeError, "spec: expected a RouterSpec", lambda: routing_sums(Z, 5, IDS)),
        (ValueError, "logits: expected 4 columns", lambda: routing_sums(Z[:, :3], PLAIN, IDS)),
        (ValueError, "spec: .*'product_keys'", lambda: routing_sums(Z, KEYS, IDS)),
        (TypeError, "expert_ids: expected integers", lambda: routing_sums(Z, PLAIN, Z)),
        (ValueError, r"expert_ids: .* \(4, k\)", lambda: routing_sums(Z, PLAIN, IDS[:2])),
        (ValueError, r"\[0, 4\), found 4", lambda: routing_sums(Z, PLAIN, IDS + 1)),
        (ValueError, r"\[0, 4\), found -1", lambda: routing_sums(Z, PLAIN, IDS - 1)),
        (TypeError, "lengths", lambda: routing_sums(Z, PLAIN, IDS, lengths=[4.0])),
        (ValueError, "add up to 4", lambda: routing_sums(Z, PLAIN, IDS, lengths=[3])),
        (ValueError, "least of -1", lambda: routing_sums(Z, PLAIN, IDS, lengths=[5, -1])),
        (
            ValueError,
            "lengths: .* shape",
            lambda: routing_sums(Z, PLAIN, IDS, lengths=np.empty(0, int)),
        ),
        (TypeError, "sums: expected RoutingSums", lambda: switch_loss(Z)),
        (TypeError, "accumulated", lambda: switch_loss(SUMS, accumulated=5)),
        (ValueError, "level", lambda: switch_loss(SUMS, level="token")),
        (
            ValueError,
            "accumulated: .* 'sequence'",
            lambda: switch_loss(SUMS, level="sequence", accumulated=SUMS),
        ),
        (
            ValueError,
            r"\+: expected sums of shape",
            lambda: SUMS + routing_sums(Z, PLAIN, IDS, lengths=[2, 2]),
        ),
        (ValueError, "weights", lambda: importance(IDS, [[1.0]], 4)),
        (ValueError, "noise_scale: .* found 0.0", lambda: noisy_load(Z, Z, 0.0, 2)),
        (ValueError, "top_k", lambda: noisy_load(Z, Z, 1.0, 5)),
        (ValueError, "one shape", lambda: noisy_load(Z, Z[:2], 1.0, 2)),
        (ValueError, "values", lambda: cv_squared([])),
        (ValueError, "variance", lambda: cv_squared([1.0], variance="sample")),
        (TypeError, "bias", lambda: bias_update([0, 0], [1, 2])),
        (TypeError, "counts", lambda: bias_update([0.0, 0.0], [1.0, 2.0])),
        (ValueError, "one shape", lambda: bias_update([0.0, 0.0], [1])),
        (ValueError, "counts from 0", lambda: bias_update([0.0, 0.0], [1, -1])),
        (ValueError, "rate", lambda: bias_update([0.0], [1], rate=math.inf)),
    ],
)
def test_refusals(kind, message, call):
    with pytest.raises(kind, match=message):
        call()
