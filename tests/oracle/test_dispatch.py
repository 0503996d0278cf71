"""The dispatch kernels against their twin and against NumPy's stable sort: equality."""

import numpy as np
import pytest

from tokenmill.reference import dispatch as twin
from tokenmill.routing import combine, dispatch, expert_positions, permute

# shapes of the tests of moe_align_block_size
EXPERTS = [32, 160, 256, 257]
TOP_K = [1, 2, 16, 32]


def chosen(tokens, top_k, experts, seed=1, missing=0.1, dtype=np.int32):
    rng = np.random.default_rng(seed)
    ids = np.argsort(rng.random((tokens, experts)), axis=1)[:, :top_k].astype(dtype)
    ids[rng.random(ids.shape) < missing] = -1
    return ids


def assert_plan(plan, expected):
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(plan, name), values, err_msg=name)


@pytest.mark.parametrize("top_k", TOP_K)
@pytest.mark.parametrize("experts", EXPERTS)
@pytest.mark.parametrize("tokens", [0, 1, 3, 256])
def test_the_plan_of_the_twin(tokens, experts, top_k):
    ids = chosen(tokens, top_k, experts)
    for block_size in (1, 32, 128):
        plan = dispatch(ids, experts, block_size=block_size)
        assert_plan(plan, twin.plan(ids, experts))
        slots, blocks, used = twin.align(ids, experts, block_size)
        np.testing.assert_array_equal(plan.blocks.padded_slots, slots)
        np.testing.assert_array_equal(plan.blocks.block_experts, blocks)
        assert plan.blocks.padded_total == used
        assert plan.unselected == np.count_nonzero(ids < 0)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("tokens", [2256, 4096, 40_000])
def test_the_order_of_a_stable_sort(tokens, dtype):
    ids = chosen(tokens, 6, 160, missing=0.0, dtype=dtype)
    plan = dispatch(ids, 160)
    order = np.argsort(ids.ravel(), kind="stable")
    np.testing.assert_array_equal(plan.sorted_slots, order)
    np.testing.assert_array_equal(plan.tokens, order // 6)
    np.testing.assert_array_equal(plan.inverse, np.argsort(order))
    np.testing.assert_array_equal(plan.counts, np.bincount(ids.ravel(), minlength=160))


@pytest.mark.parametrize("top_k", [1, 3, 7, 8, 49, 64, 1000])
def test_tokens_are_exact_quotients(top_k):
    """Also where slot * (1 / top_k) is rounded below the integer, as 49 * (1 / 49) is."""
    ids = np.random.default_rng(top_k).integers(0, 5, (9_000 // top_k, top_k))
    plan = dispatch(ids, 5)
    np.testing.assert_array_equal(plan.tokens, plan.sorted_slots // top_k)


@pytest.mark.parametrize("order", ["token_major", "choice_major"])
@pytest.mark.parametrize("top_k", [1, 2, 5])
def test_positions_and_capacity(order, top_k):
    ids = chosen(200, top_k, 12)
    expected = twin.positions(ids, order == "choice_major")
    np.testing.assert_array_equal(expert_positions(ids, 12, order=order), expected)
    for capacity in (1, 7, 10_000):
        kept = np.where(expected < capacity, ids, -1)
        plan = dispatch(ids, 12, capacity=capacity, drop_order=order)
        assert_plan(plan, twin.plan(kept, 12))
        assert plan.counts.max() <= capacity
        assert (plan.counts + plan.dropped).tolist() == dispatch(ids, 12).counts.tolist()
        assert plan.unselected == np.count_nonzero(ids < 0)


@pytest.mark.parametrize(("ranks", "nodes"), [(1, 1), (4, 2), (24, 3), (72, 72)])
def test_sends(ranks, nodes):
    ids = chosen(300, 6, 72)
    sends = dispatch(ids, 72, ranks=ranks, nodes=nodes, token_in_rank=True).sends
    for groups, tokens, slots in (
        (ranks, sends.tokens_per_rank, sends.slots_per_rank),
        (nodes, sends.tokens_per_node, sends.slots_per_node),
    ):
        group_of = np.arange(72) // (72 // groups)
        inside = twin.sends(ids, group_of, groups)
        np.testing.assert_array_equal(tokens, inside.sum(axis=0))
        flat = group_of[ids[ids >= 0]]
        np.testing.assert_array_equal(slots, np.bincount(flat, minlength=groups))
    np.testing.assert_array_equal(
        sends.token_in_rank, twin.sends(ids, np.arange(72) * ranks // 72, ranks)
    )


@pytest.mark.parametrize("hidden", [1, 7, 512, 1300])
def test_activations_there_and_back(hidden):
    rng = np.random.default_rng(hidden)
    ids = chosen(50, 4, 9)
    plan = dispatch(ids, 9)
    x = rng.normal(size=(50, hidden)).astype(np.float32)
    rows = permute(x, plan)
    assert rows.tobytes() == x[plan.tokens].tobytes()
    weights = rng.normal(size=ids.shape).astype(np.float32)
    outputs = rng.normal(size=rows.shape).astype(np.float32)
    outputs.ravel()[::97] = np.inf
    outputs.ravel()[::89] = -np.inf
    outputs.ravel()[::83] = np.nan
    expected = twin.combine(outputs, plan.inverse.reshape(ids.shape), weights)
    assert combine(outputs, plan, weights).tobytes() == expected.tobytes()
