"""Routing holds its bits, its ties, its edges, and refuses what it cannot do."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill._native import config, select_isa
from tokenmill.routing import RouterSpec, route

ISAS = config()["isa_available"]
RULES = {
    "R1": {"norm": "sum"},
    "R2": {},
    "R5": {"norm": "power", "norm_power": 3.0},
    "R7": {
        "score": "sigmoid",
        "bias": "choice",
        "groups": 8,
        "groups_kept": 4,
        "norm": "sum",
        "norm_eps": 1e-20,
        "scale": 2.5,
    },
    "R6": {"groups": 8, "groups_kept": 3, "group_score": "max", "group_fill": 0.0, "scale": 16.0},
    "share": {"bias": "logits", "groups": 8, "groups_kept": 2, "group_score": "top_share_sum"},
    "root of softplus, power": {"score": "sqrtsoftplus", "norm": "power", "norm_power": 2.0},
    "R11": {"score": "sqrtsoftplus", "bias": "choice", "norm": "sum", "norm_eps": 1e-20},
    "softcap": {"score": "sigmoid", "softcap": 2.0, "logit_scale": 0.5, "norm": "sum"},
    "skip": {"bias": "choice", "skip_expert": True},
    "zero": {"bias": "choice", "zero_experts": 24, "scale": 6.0},
    "block": {"score": "sigmoid", "bias": "choice", "method": "block", "block_size": 8},
    "joint": {"score": "sigmoid", "weight": "joint_sigmoid", "shared_experts": 2},
    "R3": {"score": "identity", "weight": "softmax_of_chosen"},
}


def spec_of(name, experts=72, top_k=8):
    sizes = {"block_experts": 24} if name == "block" else {}
    experts -= {"skip": 1, "zero": 24}.get(name, 0)
    return RouterSpec(experts=experts, top_k=top_k, **sizes, **RULES[name])


def case(spec, tokens=131, seed=1, dtype=np.float32):
    rng = np.random.default_rng(seed)
    logits = (rng.normal(size=(tokens, spec.columns)) * 2.0).astype(dtype)
    bias = rng.normal(size=spec.choices) * 0.1 if spec.bias else None
    return logits, bias


def bits(routing):
    parts = [routing.expert_ids, routing.weights, routing.shared_weights, routing.skipped]
    return [None if part is None else part.tobytes() for part in parts]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", RULES)
def test_every_instruction_set_has_the_same_bits(name, dtype):
    spec = spec_of(name)
    logits, bias = case(spec, dtype=dtype)
    active, found = config()["isa_active"], []
    try:
        for isa in ISAS:
            select_isa(isa)
            found.append(bits(route(logits, spec, bias=bias)))
    finally:
        select_isa(active)
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("name", RULES)
def test_threads_and_splits_change_nothing(name):
    spec = spec_of(name)
    logits, bias = case(spec, tokens=5001)
    whole = route(logits, spec, bias=bias, threads=1)
    for threads in (2, 3, 7):
        assert bits(route(logits, spec, bias=bias, threads=threads)) == bits(whole)
    cut = 2000  # a multiple of the block, which block routing needs
    parts = [route(part, spec, bias=bias) for part in (logits[:cut], logits[cut:])]
    joined = np.concatenate([part.expert_ids for part in parts])
    np.testing.assert_array_equal(joined, whole.expert_ids)
    weights = np.concatenate([part.weights for part in parts])
    assert weights.tobytes() == whole.weights.tobytes()


@given(
    experts=st.integers(1, 130),
    k=st.integers(1, 64),
    levels=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=150, deadline=None)
def test_ties_go_to_the_lower_id(experts, k, levels, seed):
    k = min(k, experts)
    rng = np.random.default_rng(seed)
    logits = rng.integers(0, levels, (7, experts)).astype(np.float32)
    found = route(logits, RouterSpec(experts=experts, top_k=k, norm="sum"))
    expected = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found.expert_ids, expected)
    np.testing.assert_allclose(found.weights.sum(axis=1, dtype=np.float64), 1.0, rtol=1e-6)


@pytest.mark.parametrize(("experts", "k"), [(8, 2), (256, 8), (384, 22), (896, 16), (4096, 64)])
def test_the_largest_are_found(experts, k):
    logits = np.random.default_rng(3).normal(size=(64, experts)).astype(np.float32)
    expected = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    found = route(logits, RouterSpec(experts=experts, top_k=k))
    np.testing.assert_array_equal(found.expert_ids, expected)
    exact = np.exp(logits.astype(np.float64))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.weights, np.take_along_axis(exact, expected, 1), rtol=2e-6)


@pytest.mark.parametrize("name", RULES)
def test_ids_are_distinct_and_weights_finite_whatever_the_logits(name):
    spec = spec_of(name)
    bias = np.zeros(spec.choices) if spec.bias else None
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38, 1e-40]
    rows = [np.full(spec.columns, value) for value in special]
    rng = np.random.default_rng(5)
    rows += [rng.choice(special, spec.columns) for _ in range(200)]
    found = route(np.array(rows, dtype=np.float32), spec, bias=bias)
    assert np.isfinite(found.weights).all()
    assert (found.expert_ids >= 0).all() and (found.expert_ids < spec.choices).all()
    for ids, skipped in zip(
        found.expert_ids,
        found.skipped if found.skipped is not None else itertools.repeat(np.zeros(8, bool)),
        strict=False,
    ):
        assert len(set(ids[~skipped].tolist())) == np.count_nonzero(~skipped)


def test_infinities_and_nan_have_their_limits():
    inf, nan = np.inf, np.nan
    rows = np.array([[1, inf, inf], [nan, 2, 1], [-inf, -inf, -inf], [nan, nan, nan]], np.float32)
    found = route(rows, RouterSpec(experts=3, top_k=2))
    assert found.expert_ids.tolist() == [[1, 2], [1, 2], [0, 1], [0, 1]]
    shares = 1.0 / (1.0 + np.exp([-1.0, 1.0]))
    third = [1 / 3, 1 / 3]
    np.testing.assert_allclose(found.weights, [[0.5, 0.5], shares, third, third], rtol=2e-6)


def test_close_logits_are_not_made_ties_by_their_scores():
    logits = np.array([[40.0, 40.00001, 39.0]], np.float32)  # all sigmoids round to 1
    found = route(logits, RouterSpec(experts=3, top_k=2, score="sigmoid"))
    assert found.expert_ids.tolist() == [[1, 0]]


@pytest.mark.parametrize("tokens", [0, 1])
def test_one_expert_and_no_token(tokens):
    found = route(np.zeros((tokens, 1), np.float32), RouterSpec(experts=1, top_k=1))
    assert found.expert_ids.shape == found.weights.shape == (tokens, 1)
    assert (found.weights == 1.0).all()


def test_rows_apart_in_memory_are_read_in_place():
    spec = RouterSpec(experts=5, top_k=2)
    wide = np.random.default_rng(7).normal(size=(40, 32)).astype(np.float32)
    for view in (wide[:, 3:8], wide[::3, :5], wide[:, ::-1][:, :5], wide[::-1, :5]):
        assert bits(route(view, spec)) == bits(route(view.copy(), spec))


def test_block_routing_against_the_plain_definition():
    spec = RouterSpec(
        experts=16, top_k=3, score="sigmoid", method="block", block_size=4, block_experts=5
    )
    logits, _ = case(spec, tokens=10, seed=9)
    found = route(logits, spec)
    for first in range(0, 10, 4):
        block = logits[first : first + 4]
        best = np.argsort(-block.max(axis=0), kind="stable")[:5]
        closed = np.setdiff1d(np.arange(16), best)
        for token, row in enumerate(block):
            masked = row.copy()
            masked[closed] = -np.inf
            expected = np.argsort(-masked, kind="stable")[:3]
            assert found.expert_ids[first + token].tolist() == expected.tolist()


PLAIN = RouterSpec(experts=4, top_k=2)
ZEROS = np.zeros((3, 4), np.float32)


@pytest.mark.parametrize(
    ("kind", "message", "logits", "options"),
    [
        (ValueError, r"logits: expected shape \(tokens, experts\)", ZEROS[0], {}),
        (TypeError, "logits: expected float32, .* found dtype int64", ZEROS.astype(int), {}),
        (ValueError, "logits: expected 4 columns .* found 3", ZEROS[:, :3], {}),
        (ValueError, "bias: expected none, as spec.bias is None", ZEROS, {"bias": [0.0] * 4}),
        (ValueError, "token_ids: expected none", ZEROS, {"token_ids": [1, 2, 3]}),
        (ValueError, r"expert_scale: expected shape \(4,\)", ZEROS, {"expert_scale": [1.0]}),
        (ValueError, "expert_scale: .* nan at 1", ZEROS, {"expert_scale": [1, np.nan, 1, 1]}),
        (TypeError, "out: expected", ZEROS, {"out": 5}),
    ],
)
def test_refusals(kind, message, logits, options):
    with pytest.raises(kind, match=message):
        route(logits, PLAIN, **options)


def test_a_rejected_call_leaves_out_alone():
    out = (np.full((3, 2), 7, np.int32), np.full((3, 2), 7.0, np.float32))
    table = RouterSpec(experts=4, top_k=2, score="sigmoid", method="hash")
    with pytest.raises(ValueError, match=r"token_ids: expected values in \[0, 1\), found 9"):
        route(ZEROS, table, token_ids=[0, 0, 9], hash_table=[[0, 1]], out=out)
    with pytest.raises(ValueError, match=r"hash_table: expected values in \[0, 4\), found 4"):
        route(ZEROS, table, token_ids=[0, 0, 0], hash_table=[[0, 4]], out=out)
    assert (out[0] == 7).all() and (out[1] == 7.0).all()
    logits = np.zeros((3, 4), np.float32)
    with pytest.raises(ValueError, match="out: .* weights over logits"):
        route(logits, PLAIN, out=(out[0], logits.reshape(-1)[:6].reshape(3, 2)))
    assert route(logits, PLAIN, out=out).expert_ids is out[0]


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("top_k and experts clash", {"top_k": 5}),
        ("groups and experts clash", {"groups": 3}),
        ("groups_kept and groups clash", {"groups": 2, "groups_kept": 3}),
        ("top_k, groups_kept and groups clash", {"groups": 4, "groups_kept": 1}),
        ("score and weight clash", {"score": "identity"}),
        ("weight and shared_experts clash", {"shared_experts": 1}),
        ("method and top_k clash", {"method": "sparse_mixer", "top_k": 1}),
        ("method and bias or groups clash", {"method": "hash", "bias": "choice"}),
        ("method, block_size and block_experts clash", {"block_size": 4}),
        ("score: expected one of", {"score": "tanh"}),
        ("top_k: expected an integer from 1 to 64, found 0", {"top_k": 0}),
        ("scale: expected a finite number, found nan", {"scale": float("nan")}),
    ],
)
def test_a_spec_that_cannot_be(message, fields):
    with pytest.raises(ValueError, match=message):
        RouterSpec(**({"experts": 4, "top_k": 2} | fields))


def test_a_torch_tensor_is_read_in_place():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
        tensor = torch.randn(50, 24, generator=torch.Generator().manual_seed(1)).to(dtype)
        spec = RouterSpec(experts=16, top_k=4)
        part = tensor[::2, 4:20]
        found = route(part, spec)
        expected = route(part.to(torch.float64).numpy(), spec)
        np.testing.assert_array_equal(found.expert_ids, expected.expert_ids)
        np.testing.assert_allclose(found.weights, expected.weights, rtol=2e-6)


def test_a_fill_of_zero_never_beats_a_score() -> None:
    """Every logit is negative, every softmax positive: experts of other groups stay out."""
    spec = RouterSpec(
        experts=8, top_k=3, groups=4, groups_kept=2, group_score="max", group_fill=0.0
    )
    logits = np.array([[-9, -9, -1, -8, -9, -9, -2, -7]], np.float32)
    assert route(logits, spec).expert_ids.tolist() == [[2, 6, 7]]


@pytest.mark.parametrize("name", ["R1", "zero", "skip"])
@pytest.mark.parametrize("threads", [1, 3])
def test_counts_of_the_same_pass(name, threads):
    spec = spec_of(name)
    logits, bias = case(spec, tokens=5001)
    found = route(logits, spec, bias=bias, ranks=4 if name != "skip" else 1, threads=threads)
    ids = (
        np.where(found.skipped, spec.experts, found.expert_ids)
        if name == "skip"
        else (found.expert_ids)
    )
    np.testing.assert_array_equal(found.counts, np.bincount(ids.ravel(), minlength=spec.choices))
    ranks = len(found.rank_tokens)
    held = [(ids // (spec.experts // ranks) == rank).any(axis=1).sum() for rank in range(ranks)]
    np.testing.assert_array_equal(found.rank_tokens, held)
    real = (ids < spec.experts).any(axis=1).sum()
    assert found.node_tokens.tolist() == [real]


def test_tokens_of_a_node_are_counted_once():
    spec = RouterSpec(experts=8, top_k=2)
    logits = np.full((3, 8), -1.0, np.float32)
    logits[[0, 0, 1, 1, 2, 2], [0, 1, 1, 3, 3, 7]] = 1.0
    found = route(logits, spec, ranks=4, nodes=2)
    assert found.counts.tolist() == [1, 2, 0, 2, 0, 0, 0, 1]
    assert found.rank_tokens.tolist() == [2, 2, 0, 1]
    assert found.node_tokens.tolist() == [3, 1]
    assert route(logits, spec).counts is None
    assert route(logits, spec, counts=True).rank_tokens is None


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("ranks: expected a divisor of 4 experts, found 3", {"ranks": 3}),
        ("nodes: expected a divisor of 4 ranks, found 3", {"ranks": 4, "nodes": 3}),
        ("nodes: expected 1 without ranks, found 2", {"nodes": 2}),
        (r"ranks: expected an integer in \[1, 5\), found 8", {"ranks": 8}),
    ],
)
def test_ranks_that_cannot_be(message, options):
    with pytest.raises(ValueError, match=message):
        route(ZEROS, PLAIN, **options)
