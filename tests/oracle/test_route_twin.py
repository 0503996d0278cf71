"""route() against its readable twin: random rules on rows without ties, and the special rows."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tokenmill.reference import routing as twin
from tokenmill.routing import RouterSpec, route

INF, NAN = np.inf, np.nan
HALF = 2.0**-24  # relative distance of a real number to its float32
SCORES = ("softmax", "sigmoid", "sqrtsoftplus")


@st.composite
def specs(draw):
    """Any rule that RouterSpec accepts: fields that clash are not drawn together."""
    method = draw(
        st.sampled_from(["top_k"] * 6 + ["hash", "product_keys", "sparse_mixer", "block"])
    )
    groups = draw(st.sampled_from([1, 1, 2, 3, 8])) if method in ("top_k", "block") else 1
    size = draw(st.integers(2, 24))
    experts = size * groups
    fields = {"method": method, "experts": experts}
    if method == "product_keys":
        keys = draw(st.integers(1, 12))
        weight = draw(st.sampled_from(["softmax_of_chosen", "sigmoid_of_chosen"]))
        fields |= {"experts": keys * keys, "score": "identity", "weight": weight}
        return RouterSpec(top_k=draw(st.integers(1, min(keys * keys, 16))), **fields)
    if method == "sparse_mixer":
        return RouterSpec(top_k=2, jitter=draw(st.sampled_from([0.0, 0.01, 0.3])), **fields)
    kept = draw(st.integers(1, groups))
    top_k = draw(st.integers(1, min(kept * size, 24)))
    if method == "block":
        fields |= {"block_size": draw(st.integers(1, 9))}
        fields |= {"block_experts": draw(st.integers(top_k, experts))}
    else:
        extra = draw(st.sampled_from([{}, {}, {"zero_experts": groups}, {"skip_expert": True}]))
        fields |= extra if groups == 1 or "skip_expert" not in extra else {}
    if groups > 1:
        names = ["max", "top2_sum"]
        names += ["top_share_sum"] if 1 <= top_k // kept <= size else []
        fields |= {"groups": groups, "groups_kept": kept}
        fields |= {"group_score": draw(st.sampled_from(names))}
        fields |= {"group_fill": draw(st.sampled_from([-INF, 0.0]))}
    if method != "hash":
        fields |= {"bias": draw(st.sampled_from([None, "choice", "logits"]))}
    weight = draw(st.sampled_from(["score"] * 3 + ["softmax_of_chosen", "sigmoid_of_chosen"]))
    joint = draw(st.integers(0, 5)) == 0
    fields |= {"weight": "joint_sigmoid", "shared_experts": 2} if joint else {"weight": weight}
    named = SCORES[1:] if joint else (*SCORES, "identity") if weight != "score" else SCORES
    fields |= {"score": draw(st.sampled_from(named))}
    norm = draw(st.sampled_from([None, "sum", "floor", "power"]))
    fields |= {"norm": norm}
    if norm in ("sum", "floor"):
        fields |= {"norm_eps": draw(st.sampled_from([0.0, 1e-20, 1e-6, 0.25]))}
    if norm == "power":
        fields |= {"norm_power": draw(st.sampled_from([1.0, 2.0, 3.5]))}
    fields |= {"scale": draw(st.sampled_from([1.0, 2.5])), "top_k": top_k}
    fields |= {"logit_scale": draw(st.sampled_from([1.0, 0.25]))}
    fields |= {"softcap": draw(st.sampled_from([0.0, 0.0, 3.0]))}
    return RouterSpec(**fields)


def twin_of(spec, logits, **arrays):
    if "bias" in arrays:
        arrays["bias_values"] = arrays.pop("bias")
    fields = dataclasses.asdict(spec)
    return twin.route(np.asarray(logits, np.float64), **fields, **arrays)


def arrays_for(spec, tokens, rng):
    """Return the arrays that a rule needs, and an expert scale for some."""
    arrays = {}
    if spec.bias:
        arrays["bias"] = rng.normal(size=spec.choices) * 0.1
    if spec.method == "hash":
        rows = [rng.permutation(spec.choices)[: spec.top_k] for _ in range(5)]
        arrays |= {"hash_table": np.array(rows), "token_ids": rng.integers(0, 5, tokens)}
    if spec.experts % 2:
        arrays["expert_scale"] = rng.uniform(0.5, 2.0, spec.choices)
    return arrays


def without_ties(spec, logits, bias, margin=1e-5):
    """Return which rows keep their choice when values move by `margin` of the largest."""
    z = twin.transformed(logits, spec.logit_scale, spec.softcap)
    z = twin.product_key_sums(z) if spec.method == "product_keys" else z[:, : spec.choices]
    c = twin.choice_values(z, spec.score, spec.bias, bias)
    ranked = [c]
    if spec.groups > 1:
        best = {"max": 1, "top2_sum": 2, "top_share_sum": spec.top_k // spec.groups_kept}
        by = c if spec.bias or spec.group_score == "max" else twin.scores(z, spec.score)
        ranked.append(twin.group_scores(by, spec.groups, best[spec.group_score]))
        ranked.append(np.concatenate([c, np.zeros((len(c), 1))], axis=1))  # the fill of 0
    apart = np.ones(len(logits), bool)
    for values in ranked:
        gaps = np.diff(np.sort(values, axis=1), axis=1)
        apart &= (gaps > margin * np.abs(values).max(axis=1, keepdims=True)).all(axis=1)
    if spec.method == "sparse_mixer":  # nor may a distance lie on the bound
        for best in np.sort(z, axis=1)[:, :-3:-1].T[:, :, None]:
            distance = (best - z) / np.maximum(np.abs(z), best)
            apart &= (np.abs(distance - 2 * spec.jitter) > margin).all(axis=1) | (spec.jitter == 0)
    if spec.method == "block":
        apart[:] = apart.all()  # a tie in one token can open an expert to another
    return apart


def check(spec, logits, rtol, **arrays):
    """Route as given and in the twin; rows that a rounding could turn are left out."""
    exact = np.asarray(logits, np.float64)
    found, expected = route(logits, spec, **arrays), twin_of(spec, exact, **arrays)
    rows = without_ties(spec, exact, arrays.get("bias", 0.0))
    np.testing.assert_array_equal(found.expert_ids[rows], expected.expert_ids[rows])
    np.testing.assert_allclose(found.weights[rows], expected.weights[rows], rtol=rtol, atol=1e-37)
    if spec.shared_experts:
        shared = expected.shared_weights[rows]
        np.testing.assert_allclose(found.shared_weights[rows], shared, rtol=rtol)
    if spec.skip_expert:
        np.testing.assert_array_equal(found.skipped[rows], expected.skipped[rows])
    return rows


@seed(20260923)
@settings(max_examples=400, deadline=None)
@given(spec=specs(), number=st.integers(0, 2**32))
def test_float64_logits_give_the_twin_rounded_to_float32(spec, number):
    rng = np.random.default_rng(number)
    logits = rng.normal(size=(17, spec.columns)) * 2.0
    check(spec, logits, 1.01 * HALF, **arrays_for(spec, 17, rng))


@seed(20260924)
@settings(max_examples=400, deadline=None)
@given(spec=specs(), number=st.integers(0, 2**32))
def test_float32_logits_are_within_2e6(spec, number):
    rng = np.random.default_rng(number)
    logits = (rng.normal(size=(17, spec.columns)) * 2.0).astype(np.float32)
    check(spec, logits, 2e-6, **arrays_for(spec, 17, rng))


@seed(20260925)
@settings(max_examples=100, deadline=None)
@given(spec=specs(), number=st.integers(0, 2**32))
def test_float16_logits_are_read_exactly(spec, number):
    rng = np.random.default_rng(number)
    logits = (rng.normal(size=(17, spec.columns)) * 2.0).astype(np.float16)
    arrays = arrays_for(spec, 17, rng)
    check(spec, logits, 2e-6, **arrays)
    one = route(logits.astype(np.float32), spec, **arrays)
    two = route(logits, spec, **arrays)
    assert one.expert_ids.tobytes() == two.expert_ids.tobytes()
    assert one.weights.tobytes() == two.weights.tobytes()


def test_bfloat16_logits_are_read_exactly():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    spec = RouterSpec(experts=24, top_k=5, score="sigmoid", norm="sum")
    logits = np.random.default_rng(1).normal(size=(64, 24)).astype(ml_dtypes.bfloat16)
    check(spec, logits, 2e-6)
    one, two = route(logits.astype(np.float32), spec), route(logits, spec)
    assert one.expert_ids.tobytes() == two.expert_ids.tobytes()
    assert one.weights.tobytes() == two.weights.tobytes()


def test_the_random_rows_are_nearly_all_compared():
    spec = RouterSpec(experts=64, top_k=6, groups=8, groups_kept=3)
    logits = np.random.default_rng(1).normal(size=(2000, 64))
    assert without_ties(spec, logits, 0.0).mean() > 0.9


RULES = {
    "softmax": {"norm": "sum"},
    "softmax, not normalised": {},
    "softmax, eps that shows": {"norm": "sum", "norm_eps": 0.25},
    "softmax, floor": {"norm": "floor", "norm_eps": 1e-12},
    "sigmoid, bias": {"score": "sigmoid", "bias": "choice", "norm": "sum", "norm_eps": 1e-20},
    "root of softplus": {"score": "sqrtsoftplus", "norm": "sum"},
    "softcap": {"score": "sigmoid", "softcap": 2.0, "logit_scale": 0.5, "norm": "sum"},
    "bias on logits": {"score": "sigmoid", "bias": "logits"},
    "softmax of chosen": {"score": "identity", "weight": "softmax_of_chosen"},
    "sigmoid of chosen": {"score": "identity", "weight": "sigmoid_of_chosen"},
    "power": {"norm": "power", "norm_power": 2.0},
    "groups": {"groups": 2, "groups_kept": 1, "score": "sigmoid", "norm": "sum"},
    "groups by maximum": {"groups": 2, "groups_kept": 1, "group_score": "max", "group_fill": 0.0},
    "groups by sums of logits": {
        "score": "identity",
        "weight": "sigmoid_of_chosen",
        "groups": 4,
        "groups_kept": 2,
    },
    "groups, bias, fill 0": {
        "score": "sigmoid",
        "bias": "choice",
        "groups": 4,
        "groups_kept": 2,
        "group_fill": 0.0,
    },
    "joint": {"score": "sigmoid", "weight": "joint_sigmoid", "shared_experts": 1},
    "skip": {"bias": "choice", "skip_expert": True},
    "zero experts": {"bias": "choice", "zero_experts": 2, "scale": 6.0},
    "sparse mixer": {"method": "sparse_mixer", "top_k": 2},
    "block": {"method": "block", "block_size": 3, "block_experts": 4, "score": "sigmoid"},
    "product keys": {
        "method": "product_keys",
        "experts": 16,
        "score": "identity",
        "weight": "softmax_of_chosen",
    },
}
VALUES = (NAN, INF, -INF, 0.0, -0.0, 1.0, -2.0, 8.0)  # sigmoid(8) is not 1 in float32


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("name", RULES)
def test_rows_of_nan_infinities_and_equal_values(name, dtype):
    spec = RouterSpec(**({"experts": 8, "top_k": 3} | RULES[name]))
    rng = np.random.default_rng(11)
    rows = [np.full(spec.columns, value) for value in VALUES]
    rows += [rng.choice(VALUES, spec.columns) for _ in range(150)]
    rows += [rng.choice(pair, spec.columns) for pair in itertools.combinations(VALUES, 2)]
    logits = np.array(rows)
    # ties of the bias are exact in every precision
    arrays = {"bias": rng.integers(-2, 3, spec.choices) / 8.0} if spec.bias else {}
    found, expected = route(logits.astype(dtype), spec, **arrays), twin_of(spec, logits, **arrays)
    np.testing.assert_array_equal(found.expert_ids, expected.expert_ids)
    rtol = 1.01 * HALF if dtype is np.float64 else 2e-6
    np.testing.assert_allclose(found.weights, expected.weights, rtol=rtol, atol=1e-37)
    if spec.shared_experts:
        np.testing.assert_allclose(found.shared_weights, expected.shared_weights, rtol=rtol)


@pytest.mark.parametrize("wrong", ["score", "scale", "top_k"])
def test_a_wrong_rule_is_seen(wrong):
    spec = RouterSpec(experts=16, top_k=4, score="sigmoid", norm="sum")
    logits = np.random.default_rng(2).normal(size=(9, 16))
    other = dataclasses.replace(
        spec, **{wrong: {"score": "sqrtsoftplus", "scale": 1.0001, "top_k": 3}[wrong]}
    )
    expected, found = twin_of(other, logits), route(logits, spec)
    shape = expected.weights.shape
    assert shape != found.weights.shape or (abs(expected.weights - found.weights) > 1e-5).any()
