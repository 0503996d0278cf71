"""route_token() in compiled code against route(): the same bits."""

import numba
import numpy as np
import pytest

from tokenmill import sweep
from tokenmill.jit import route_token, router
from tokenmill.montecarlo import Normal
from tokenmill.routing import RouterSpec, presets, route

TABLE = np.array([[0, 1, 2], [6, 1, 4], [7, 3, 5]])


@numba.njit(nogil=True)
def route_rows(router, logits, expert_ids, weights, token_ids, shared, skipped):
    for t in range(len(logits)):
        token = token_ids[t]
        route_token(router, logits[t], expert_ids[t], weights[t], token, shared[t], skipped[t])


def bits_of_rows(spec, logits, token_ids, **arrays):
    """Return the bytes of a compiled loop over the rows."""
    tokens, k = len(logits), spec.top_k
    ids, weights = np.empty((tokens, k), np.int32), np.empty((tokens, k), np.float32)
    shared = np.empty((tokens, spec.shared_experts), np.float32)
    skipped = np.zeros((tokens, k), bool)
    made = router(spec.rule(), **arrays)
    route_rows(made, logits, ids, weights, token_ids, shared, skipped)
    return [array.tobytes() for array in (ids, weights, shared, skipped)]


def bits_of_route(spec, logits, token_ids, **arrays):
    if spec.method == "hash":
        arrays["token_ids"] = token_ids
    found = route(logits, spec, **arrays)
    shared = b"" if found.shared_weights is None else found.shared_weights.tobytes()
    skipped = bytes(found.weights.size) if found.skipped is None else found.skipped.tobytes()
    return [found.expert_ids.tobytes(), found.weights.tobytes(), shared, skipped]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [one.name for one in presets()])
def test_every_preset_has_the_bits_of_route(name, dtype):
    spec = next(one.spec for one in presets() if one.name == name)
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(9, spec.columns)).astype(dtype)
    logits[4, ::3] = np.nan
    token_ids = rng.integers(0, 50, 9)
    arrays = {"expert_scale": rng.uniform(0.5, 2.0, spec.choices)}
    if spec.bias:
        arrays["bias"] = rng.normal(size=spec.choices) * 0.1
    if spec.method == "hash":
        arrays["hash_table"] = rng.integers(0, spec.choices, (50, spec.top_k))
    expected = bits_of_route(spec, logits, token_ids, **arrays)
    assert bits_of_rows(spec, logits, token_ids, **arrays) == expected


def test_product_keys_have_the_bits_of_route():
    fields = {"score": "identity", "weight": "softmax_of_chosen", "method": "product_keys"}
    spec = RouterSpec(experts=49, top_k=5, **fields)
    logits = np.random.default_rng(4).normal(size=(9, 14)).astype(np.float32)
    ids = np.zeros(9, np.int64)
    assert bits_of_rows(spec, logits, ids) == bits_of_route(spec, logits, ids)


def test_a_model_of_a_sweep_may_capture_a_router():
    spec = RouterSpec(experts=3, top_k=1, score="sigmoid", bias="choice")
    captured = router(spec.rule(), bias=[0.0, 0.5, 0.0])

    def chosen(a, b, c):
        logits = np.array([a, b, c])
        ids, weights = np.empty(1, np.int32), np.empty(1, np.float32)
        route_token(captured, logits, ids, weights)
        return ids[0], weights[0]

    inputs = {name: Normal(0.0, 1.0) for name in "abc"}
    result = sweep(chosen, inputs, n=3000, seed=5)
    found = result.replay(17)
    logits = np.array([[found.inputs[name] for name in "abc"]])
    expected = route(logits, spec, bias=[0.0, 0.5, 0.0])
    values = list(found.outputs.values())
    assert values == [expected.expert_ids[0, 0], float(expected.weights[0, 0])]


PLAIN = router(RouterSpec(experts=4, top_k=2).rule())
ROW, IDS, WEIGHTS = np.zeros(4, np.float32), np.zeros(2, np.int32), np.zeros(2, np.float32)


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("logits: expected one value per column", (PLAIN, ROW[:3], IDS, WEIGHTS)),
        ("expert_ids: expected top_k entries", (PLAIN, ROW, IDS[:1], WEIGHTS)),
        ("weights: expected top_k entries", (PLAIN, ROW, IDS, WEIGHTS[:1])),
        ("skipped: expected top_k entries", (PLAIN, ROW, IDS, WEIGHTS, 0, None, np.ones(3, bool))),
        ("shared_weights: expected one entry", (PLAIN, ROW, IDS, WEIGHTS, 0, WEIGHTS)),
    ],
)
def test_wrong_lengths_raise_and_write_nothing(message, arguments):
    with pytest.raises(ValueError, match=message):
        route_token(*arguments)
    assert not IDS.any() and not WEIGHTS.any()


def test_missing_arrays_raise():
    skip = router(
        RouterSpec(experts=3, top_k=2, bias="choice", skip_expert=True).rule(), bias=[0] * 4
    )
    with pytest.raises(ValueError, match="skipped: expected an array"):
        route_token(skip, ROW, IDS, WEIGHTS)
    joint = RouterSpec(
        experts=3, top_k=2, score="sigmoid", weight="joint_sigmoid", shared_experts=1
    )
    with pytest.raises(ValueError, match="shared_weights: expected an array"):
        route_token(router(joint.rule()), ROW, IDS, WEIGHTS)
    table = RouterSpec(experts=8, top_k=3, score="sigmoid", method="hash")
    hashed = router(table.rule(), hash_table=TABLE)
    row, ids, weights = np.zeros(8), np.zeros(3, np.int32), np.zeros(3, np.float32)
    for token in (-1, 3):
        with pytest.raises(ValueError, match="token_id: expected a row"):
            route_token(hashed, row, ids, weights, token)
    route_token(hashed, row, ids, weights, 1)
    assert ids.tolist() == TABLE[1].tolist()


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("logits: expected a C-contiguous row of float32 or float64", (ROW.astype(int), IDS)),
        ("logits: expected a C-contiguous row", (np.zeros(8, np.float32)[::2], IDS)),
        ("expert_ids: expected a writable, C-contiguous row of int32", (ROW, np.zeros(2, int))),
    ],
)
def test_wrong_types_do_not_compile(message, arguments):
    with pytest.raises(numba.core.errors.TypingError, match=message):
        route_token(PLAIN, *arguments, WEIGHTS)


HASH = {"method": "hash"}
BLOCK = {"method": "block", "block_size": 4, "block_experts": 3}


@pytest.mark.parametrize(
    ("kind", "message", "fields", "arrays"),
    [
        (ValueError, "rule: .* found block routing", BLOCK, {}),
        (ValueError, "bias: expected none for this rule, found one", {}, {"bias": [0.0] * 4}),
        (ValueError, "bias: expected an array for this rule", {"bias": "choice"}, {}),
        (ValueError, r"bias: expected shape \(4,\)", {"bias": "choice"}, {"bias": [0.0]}),
        (ValueError, "expert_scale: .* nan", {}, {"expert_scale": [1.0, np.nan, 1.0, 1.0]}),
        (ValueError, "hash_table: expected an array", HASH, {}),
        (
            ValueError,
            r"hash_table: .*\), found 4",
            {"method": "hash"},
            {"hash_table": [[0, 4]]},
        ),
        (
            TypeError,
            "hash_table: expected integers",
            {"method": "hash"},
            {"hash_table": [[0.5, 1]]},
        ),
        (ValueError, r"hash_table: expected shape", HASH, {"hash_table": [[0]]}),
    ],
)
def test_routers_that_cannot_be(kind, message, fields, arrays):
    spec = RouterSpec(**({"experts": 4, "top_k": 2, "score": "sigmoid"} | fields))
    with pytest.raises(kind, match=message):
        router(spec.rule(), **arrays)


def test_a_spec_is_no_rule():
    with pytest.raises(TypeError, match=r"rule: expected what RouterSpec.rule\(\) gives"):
        router(RouterSpec(experts=4, top_k=2))
