"""Activations move and sum with the same bits everywhere; wrong arrays are refused."""

import ctypes

import numpy as np
import pytest

from tokenmill._native import activations as native
from tokenmill._native import config, select_isa
from tokenmill._native.matrix import _DlTensor
from tokenmill.reference import dispatch as twin
from tokenmill.routing import RouterSpec, combine, dispatch, permute, route

RNG = np.random.default_rng(3)
IDS = RNG.integers(-1, 6, (40, 3)).astype(np.int32)
PLAN = dispatch(IDS, 6)
X = RNG.normal(size=(40, 533)).astype(np.float32)
Y = RNG.normal(size=(len(PLAN.tokens), 533)).astype(np.float32)
W = RNG.normal(size=(40, 3)).astype(np.float32)


class Bfloat16:
    """A tensor of bfloat16 for who reads DLPack, over the uint16 array of its bits."""

    def __init__(self, bits):
        self.bits = bits

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self):
        capsule = self.bits.__dlpack__()
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        _DlTensor.from_address(pointer(capsule, b"dltensor")).code = 4
        return capsule


def test_identity_experts_give_the_tokens_back():
    spec = RouterSpec(experts=16, top_k=4, norm="sum")
    routing = route(RNG.normal(size=(100, 16)).astype(np.float32), spec)
    plan = dispatch(routing.expert_ids, 16)
    x = RNG.normal(size=(100, 64)).astype(np.float32)
    found = combine(permute(x, plan), plan, routing.weights)
    np.testing.assert_allclose(found, x, rtol=2e-6, atol=1e-6)


def test_a_token_without_a_slot_is_zero():
    plan = dispatch(np.array([[0, 0], [-1, -1]]), 1)
    found = combine(np.ones((2, 3), np.float32), plan, np.full((2, 2), np.nan, np.float32))
    assert np.isnan(found[0]).all() and (found[1] == 0).all() and not np.signbit(found[1]).any()


def test_the_lowest_choice_is_added_first():
    """1 is lost beside 2**24, but not beside -2**24."""
    plan = dispatch(np.array([[2, 1, 0]]), 3)
    outputs = np.array([[-(2.0**24)], [1.0], [2.0**24]], np.float32)
    assert combine(outputs, plan, np.ones((1, 3), np.float32)) == 0.0
    assert combine(outputs[::-1], plan, np.ones((1, 3), np.float32)) == 1.0


def test_bfloat16_is_rounded_once():
    plan = dispatch(IDS, 6)
    bits = twin.narrow(Y)
    bits.ravel()[::61] = 0x7F80
    bits.ravel()[::53] = 0xFFA1
    out = np.zeros((40, 533), np.uint16)
    filled = Bfloat16(out)
    assert combine(Bfloat16(bits), plan, W, out=filled) is filled
    sums = twin.combine(twin.widen(bits), plan.inverse.reshape(IDS.shape), W)
    assert np.isnan(sums).any() and np.isinf(sums).any()
    assert out.tobytes() == twin.narrow(sums).tobytes()
    rows = np.zeros((len(plan.tokens), 533), np.uint16)
    tokens = twin.narrow(X)
    permute(Bfloat16(tokens), plan, out=Bfloat16(rows))
    assert rows.tobytes() == tokens[plan.tokens].tobytes()


def test_ties_of_bfloat16_go_to_the_even():
    plan = dispatch(np.array([[0, 1], [0, 1], [0, 1]]), 2)
    terms = np.array([1, 1 + 2**-7, -1, 2**-8, 2**-8, -(2**-8)], np.float32)[:, None]
    out = np.zeros((3, 1), np.uint16)
    combine(Bfloat16(twin.narrow(terms)), plan, np.ones((3, 2), np.float32), out=Bfloat16(out))
    assert twin.widen(out).tolist() == [[1.0], [1 + 2**-6], [-1.0]]


def test_bfloat16_of_ml_dtypes_comes_back_as_such():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    found = combine(permute(X.astype(bfloat16), PLAN), PLAN, W)
    assert found.dtype == bfloat16
    rows = X.astype(bfloat16).astype(np.float32)[PLAN.tokens]
    sums = twin.combine(rows, PLAN.inverse.reshape(IDS.shape), W)
    assert found.tobytes() == sums.astype(bfloat16).tobytes()


@pytest.mark.parametrize("half", [False, True])
def test_every_instruction_set_and_thread_count_has_the_same_bits(monkeypatch, half):
    monkeypatch.setattr(native, "_THREADED_ELEMENTS", 1)
    special = Y.copy()
    special.ravel()[::31] = np.nan
    special.ravel()[::37] = -np.inf
    special.ravel()[::41] = 1e-41
    active, found = config()["isa_active"], []
    try:
        for isa in config()["isa_available"]:
            select_isa(isa)
            for threads in (1, 2, 3, 50):
                if half:
                    out = np.empty((40, 533), np.uint16)
                    outputs = Bfloat16(twin.narrow(special))
                    combine(outputs, PLAN, W, out=Bfloat16(out), threads=threads)
                else:
                    out = combine(special, PLAN, W, threads=threads)
                found.append((permute(X, PLAN, threads=threads).tobytes(), out.tobytes()))
    finally:
        select_isa(active)
    assert all(one == found[0] for one in found)


def test_rows_apart_in_memory_are_read_and_filled_in_place():
    wide = np.zeros((40, 600), np.float32)
    wide[:, 7:540] = X
    assert permute(wide[:, 7:540], PLAN).tobytes() == permute(X, PLAN).tobytes()
    out = np.full((40, 600), 5.0, np.float32)
    assert combine(Y, PLAN, W[:, :], out=out[:, 3:536]).base is out
    np.testing.assert_array_equal(out[:, 3:536], combine(Y, PLAN, np.asfortranarray(W)))
    assert (out[:, :3] == 5.0).all() and (out[:, 536:] == 5.0).all()


def test_no_token_and_no_column():
    plan = dispatch(np.empty((0, 2), np.int32), 4)
    assert permute(np.empty((0, 8), np.float32), plan).shape == (0, 8)
    none = combine(np.empty((0, 8), np.float32), plan, np.empty((0, 2), np.float32))
    assert none.shape == (0, 8)
    assert permute(X[:, :0], PLAN).shape == (len(PLAN.tokens), 0)
    one = dispatch(np.array([1, 0]), 2)
    summed = combine(np.eye(2, dtype=np.float32), one, np.array([2, 3], np.float32))
    assert summed.tolist() == [[0, 2], [3, 0]]


def test_torch_tensors_are_read_and_filled_in_place():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16):
        x, y = torch.from_numpy(X).to(dtype), torch.from_numpy(Y).to(dtype)
        rows = torch.zeros(len(PLAN.tokens), 533, dtype=dtype)
        assert permute(x, PLAN, out=rows) is rows
        assert torch.equal(rows, x[torch.from_numpy(PLAN.tokens).long()])
        out = torch.zeros(40, 533, dtype=dtype)
        combine(y, PLAN, torch.from_numpy(W), out=out)
        expected = combine(y.float().numpy(), PLAN, W)
        assert torch.equal(out, torch.from_numpy(expected).to(dtype))
    assert permute(torch.from_numpy(X), PLAN).tobytes() == permute(X, PLAN).tobytes()


READ_ONLY = np.zeros_like(X)
READ_ONLY.flags.writeable = False
HALF = np.zeros(Y.shape, np.uint16)
ONE_EACH = dispatch(np.zeros(len(Y), np.int32), 1)


@pytest.mark.parametrize(
    ("kind", "message", "call"),
    [
        (TypeError, "plan: expected a DispatchPlan", lambda: permute(X, None)),
        (TypeError, "activations: .* float64", lambda: permute(X.astype(float), PLAN)),
        (ValueError, "activations: .* 40 tokens, found 39", lambda: permute(X[1:], PLAN)),
        (ValueError, r"activations: .*\(tokens, hidden\)", lambda: permute(X[0], PLAN)),
        (ValueError, "out: expected shape", lambda: permute(X, PLAN, out=Y[1:])),
        (TypeError, "out: expected the dtype", lambda: permute(X, PLAN, out=Bfloat16(HALF))),
        (TypeError, "out: expected a bfloat16 tensor", lambda: permute(Bfloat16(HALF), ONE_EACH)),
        (ValueError, "out: .* unit stride", lambda: permute(X, PLAN, out=Y[:, ::-1])),
        (ValueError, "expert_outputs: .* found 40", lambda: combine(X, PLAN, W)),
        (ValueError, r"weights: .*\(40, 3\), found \(40, 2\)", lambda: combine(Y, PLAN, W[:, 1:])),
        (TypeError, "weights: .* float64", lambda: combine(Y, PLAN, W.astype(float))),
        (ValueError, "out: .* read-only", lambda: combine(Y, PLAN, W, out=READ_ONLY)),
        (ValueError, "out: .* over expert_outputs", lambda: combine(Y, PLAN, W, out=Y[:40])),
    ],
)
def test_refusals(kind, message, call):
    before = X.tobytes(), Y.tobytes()
    with pytest.raises(kind, match=message):
        call()
    assert (X.tobytes(), Y.tobytes()) == before
