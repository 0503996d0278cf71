"""The dispatch plan holds its bits and its edges, and refuses what it cannot do."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill._native import _core, config, select_isa
from tokenmill._native import dispatch as native
from tokenmill.routing import all_to_all, dispatch, expert_positions

ALL = {"block_size": 16, "ranks": 6, "nodes": 3, "token_in_rank": True}


def bits(plan):
    parts = []
    for value in dataclasses.asdict(plan).values():
        values = value.values() if isinstance(value, dict) else [value]
        parts += [part.tobytes() if isinstance(part, np.ndarray) else part for part in values]
    return parts


def skewed(tokens=3001, top_k=5, experts=12, seed=1):
    draws = np.random.default_rng(seed).integers(-1, experts, (2, tokens, top_k))
    return np.minimum(draws[0], draws[1]).astype(np.int32)


@pytest.mark.parametrize("capacity", [None, 400])
def test_every_instruction_set_has_the_same_plan(capacity):
    active, found = config()["isa_active"], []
    try:
        for isa in config()["isa_available"]:
            select_isa(isa)
            found.append(bits(dispatch(skewed(), 12, capacity=capacity, **ALL)))
    finally:
        select_isa(active)
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("tokens", [0, 1, 5, 3001])
def test_threads_change_nothing(monkeypatch, tokens):
    monkeypatch.setattr(native, "_THREADED_SLOTS", 1)
    ids = skewed(tokens)
    whole = bits(dispatch(ids, 12, threads=1, **ALL))
    for threads in (2, 3, 7):
        assert bits(dispatch(ids, 12, threads=threads, **ALL)) == whole


@given(
    tokens=st.integers(0, 60),
    top_k=st.integers(1, 9),
    experts=st.integers(1, 40),
    capacity=st.integers(1, 9) | st.none(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=200, deadline=None)
def test_what_holds_for_any_ids(tokens, top_k, experts, capacity, seed):
    ids = np.random.default_rng(seed).integers(-1, experts, (tokens, top_k))
    plan = dispatch(ids, experts, capacity=capacity, block_size=3, ranks=experts)
    dropped = 0 if plan.dropped is None else int(plan.dropped.sum())
    assert plan.counts.sum() + plan.unselected + dropped == ids.size
    assert plan.counts.sum() == len(plan.sorted_slots) == plan.offsets[-1]
    np.testing.assert_array_equal(np.diff(plan.offsets), plan.counts)
    np.testing.assert_array_equal(
        plan.inverse[plan.sorted_slots], np.arange(len(plan.sorted_slots))
    )
    assert np.count_nonzero(plan.inverse >= 0) == len(plan.sorted_slots)
    for expert in range(experts):
        own = plan.sorted_slots[plan.offsets[expert] : plan.offsets[expert + 1]]
        assert (ids.ravel()[own] == expert).all() and (np.diff(own) > 0).all()
    assert (plan.sends.tokens_per_rank <= plan.sends.slots_per_rank).all()
    assert plan.blocks.padded_total % 3 == 0
    used = plan.blocks.padded_slots[: plan.blocks.padded_total]
    np.testing.assert_array_equal(used[used < ids.size], plan.sorted_slots)


def test_one_axis_is_one_choice():
    ids = np.array([2, -1, 0, 2])
    plan = dispatch(ids, 3)
    assert (plan.top_k, plan.token_count, plan.unselected) == (1, 4, 1)
    assert plan.tokens.tolist() == plan.sorted_slots.tolist() == [2, 0, 3]
    assert plan.inverse.tolist() == [1, -1, 0, 2]
    assert expert_positions(ids, 3).tolist() == [0, -1, 0, 1]
    assert dispatch(ids, 3, capacity=1).inverse.tolist() == [1, -1, 0, -1]


def test_nothing_selected_and_one_expert():
    plan = dispatch(np.full((3, 2), -1), 1, **(ALL | {"ranks": 1, "nodes": 1}))
    assert (plan.unselected, plan.counts.tolist(), len(plan.tokens)) == (6, [0], 0)
    assert plan.blocks.padded_total == 0 and (plan.blocks.padded_slots == 6).all()
    assert not plan.sends.token_in_rank.any()
    assert dispatch(np.zeros((3, 2), np.int32), 1).sorted_slots.tolist() == [0, 1, 2, 3, 4, 5]


def test_ids_in_any_layout_are_read():
    ids = np.arange(24, dtype=np.int32).reshape(4, 6) % 5
    for view in (ids[:, ::2], ids[::-1], ids.T, np.asfortranarray(ids)):
        assert bits(dispatch(view, 5)) == bits(dispatch(view.copy(), 5))
    fixed = ids.copy()
    fixed.flags.writeable = False
    assert bits(dispatch(fixed, 5)) == bits(dispatch(ids.tolist(), 5))


def test_torch_ids_are_read():
    torch = pytest.importorskip("torch")
    ids = skewed(50)
    for dtype in (torch.int32, torch.int64):
        tensor = torch.from_numpy(ids).to(dtype)
        assert bits(dispatch(tensor, 12)) == bits(dispatch(ids, 12))
    with pytest.raises(TypeError, match="expert_ids: expected int32 or int64"):
        dispatch(torch.zeros(3, 2, dtype=torch.bfloat16), 12)


IDS = np.zeros((3, 2), np.int32)


@pytest.mark.parametrize(
    ("kind", "message", "ids", "experts", "options"),
    [
        (TypeError, "expert_ids: .* found dtype float64", IDS / 1.0, 4, {}),
        (TypeError, "expert_ids: .* found dtype int16", IDS.astype(np.int16), 4, {}),
        (ValueError, r"expert_ids: expected shape .* found \(1, 3, 2\)", IDS[None], 4, {}),
        (ValueError, r"expert_ids: expected shape .* found \(3, 0\)", IDS[:, :0], 4, {}),
        (ValueError, r"expert_ids: .* \[-1, 4\), found 4 at slot 4", IDS + [[0], [0], [4]], 4, {}),
        (ValueError, r"expert_ids: .* found -2 at slot 0", IDS - 2, 4, {"capacity": 1}),
        (ValueError, r"found 9223372036854775807 at", np.array([2**63 - 1]), 4, {}),
        (ValueError, r"found -9223372036854775808 at", np.array([-(2**63)]), 4, {}),
        (ValueError, r"experts: expected an integer in \[1, 1048577\), found 0", IDS, 0, {}),
        (TypeError, "experts: expected an integer, found 4.0", IDS, 4.0, {}),
        (ValueError, "block_size: .* found 0", IDS, 4, {"block_size": 0}),
        (ValueError, "block_size: expected at most", IDS, 4, {"block_size": 2**30}),
        (ValueError, "expert_map: expected none without", IDS, 4, {"expert_map": [0] * 4}),
        (ValueError, r"expert_map: .*\(4,\)", IDS, 4, {"block_size": 2, "expert_map": [0]}),
        (ValueError, "found -2", IDS, 4, {"block_size": 2, "expert_map": [0, 1, -2, 3]}),
        (TypeError, "float64", IDS, 4, {"block_size": 2, "expert_map": [0.5] * 4}),
        (ValueError, "ranks: expected a divisor of 4 experts, found 3", IDS, 4, {"ranks": 3}),
        (ValueError, "nodes: .* of 4 ranks, found 3", IDS, 4, {"ranks": 4, "nodes": 3}),
        (ValueError, "nodes: expected none without ranks", IDS, 4, {"nodes": 2}),
        (ValueError, "token_in_rank: expected none", IDS, 4, {"token_in_rank": True}),
        (TypeError, "token_in_rank: .* found 1", IDS, 4, {"ranks": 2, "token_in_rank": 1}),
        (ValueError, "capacity: .* found 0", IDS, 4, {"capacity": 0}),
        (ValueError, "drop_order: expected one of token_major", IDS, 4, {"drop_order": "x"}),
        (ValueError, "threads", IDS, 4, {"threads": 0}),
    ],
)
def test_refusals(kind, message, ids, experts, options):
    with pytest.raises(kind, match=message):
        dispatch(ids, experts, **options)


@pytest.mark.parametrize(
    ("kind", "message", "counts"),
    [
        (TypeError, "counts: expected integers", [[0.5]]),
        (ValueError, r"counts: expected shape .* found \(2, 3\)", [[1, 2, 3], [1, 2, 3]]),
        (ValueError, "counts: expected no negative count, found -1", [[1, -1]]),
    ],
)
def test_splits_that_cannot_be(kind, message, counts):
    with pytest.raises(kind, match=message):
        all_to_all(counts)


def test_the_kernels_check_what_they_are_given():
    ffi, lib = _core.ffi, _core.lib
    ints, ids = ffi.new("int32_t[4]"), ffi.new("int32_t[1]", [7])
    wrong, null = lib.TM_E_SIZE, lib.TM_E_NULL_POINTER
    assert lib.tm_dispatch_count(1, ids, 0, 3, ints, ffi.NULL) == null
    assert lib.tm_dispatch_count(1, ids, 0, 3, ints, ints) == wrong
    assert lib.tm_dispatch_count(2**31, ids, 0, 3, ints, ints) == wrong
    assert lib.tm_dispatch_place(2**31 - 1, 1, 3, ints, ints, ints) == wrong
    assert lib.tm_dispatch_tokens(1, 0, ints, ints) == wrong
    assert lib.tm_expert_positions(1, 1, ids, 0, 3, 0, ints, ints) == wrong
    counts = ffi.new("int64_t[2]", [3, 1])
    blocks = ffi.new("tm_blocks *", {"experts": 2, "block_size": 2, "length": 5})
    assert lib.tm_dispatch_align(blocks) == null
    blocks.counts, blocks.sorted_slots = counts, ints
    blocks.padded_slots = blocks.block_experts = ints
    assert lib.tm_dispatch_align(blocks) == wrong
    sends = ffi.new("tm_sends *", {"experts": 1, "groups": 1, "top_k": 1, "group_of": ids})
    sends.last = sends.tokens_per_group = counts
    assert lib.tm_dispatch_sends(sends, 1, ids) == wrong
    moved = ffi.new("tm_permute_call *", {"rows": 1, "source": ids, "tokens": ids, "out": ints})
    moved.source_rows = 7
    assert lib.tm_permute(moved) == wrong
    summed = ffi.new("tm_combine_call *", {"tokens": 1, "top_k": 1, "inverse": ids, "out": ints})
    assert lib.tm_combine(summed) == null
    summed.weights = ffi.new("float[1]")
    assert lib.tm_combine(summed) == wrong
    summed.dtype = lib.TM_FLOAT64
    assert lib.tm_combine(summed) == wrong
