"""Published and calculated answers of the dispatch plan, exactly."""

import numpy as np
import pytest

from tokenmill.routing import all_to_all, dispatch, expert_positions

IDS = [[0, 5], [1, 0], [7, 6], [2, 3], [5, 4], [0, 7]]
COUNTS = [3, 1, 1, 1, 1, 2, 1, 2]


@pytest.fixture(params=[np.int32, np.int64])
def ids(request):
    return np.array(IDS, request.param)


def test_plan(ids):
    plan = dispatch(ids, 8)
    assert (plan.token_count, plan.top_k, plan.experts, plan.unselected) == (6, 2, 8, 0)
    assert plan.counts.tolist() == COUNTS
    assert plan.offsets.tolist() == [0, 3, 4, 5, 6, 7, 9, 10, 12]
    assert plan.sorted_slots.tolist() == [0, 3, 10, 2, 6, 7, 9, 1, 8, 5, 4, 11]
    assert plan.tokens.tolist() == [0, 1, 5, 1, 3, 3, 4, 0, 4, 2, 2, 5]
    assert plan.inverse.tolist() == [0, 7, 3, 1, 10, 9, 4, 5, 8, 6, 2, 11]
    assert plan.dropped is plan.blocks is plan.sends is None


def test_sends(ids):
    sends = dispatch(ids, 8, ranks=4, nodes=2, token_in_rank=True).sends
    assert sends.tokens_per_rank.tolist() == [3, 1, 2, 2]
    assert sends.slots_per_rank.tolist() == [4, 2, 3, 3]
    assert sends.tokens_per_node.tolist() == [4, 4]
    assert sends.slots_per_node.tolist() == [6, 6]
    assert [np.flatnonzero(row).tolist() for row in sends.token_in_rank] == [
        [0, 2],
        [0],
        [3],
        [1],
        [2],
        [0, 3],
    ]


def test_blocks(ids):
    blocks = dispatch(ids, 8, block_size=4).blocks
    rows = [[0, 3, 10], [2], [6], [7], [9], [1, 8], [5], [4, 11], []]
    assert blocks.padded_slots.reshape(9, 4).tolist() == [
        row + [12] * (4 - len(row)) for row in rows
    ]
    assert blocks.block_experts.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0]
    assert (blocks.block_size, blocks.padded_total) == (4, 32)


def test_blocks_of_the_published_example():
    one_based = np.array([[2, 3, 4], [1, 2, 4], [1, 3, 4], [1, 2, 3]])
    plan = dispatch(one_based - 1, 4, block_size=4, expert_map=[0, -1, 1, -1])
    used = plan.blocks.padded_slots[: plan.blocks.padded_total].tolist()
    assert used == [3, 6, 9, 12, 0, 4, 10, 12, 1, 7, 11, 12, 2, 5, 8, 12]
    assert len(plan.blocks.padded_slots) == 12 + 4 * 3
    assert plan.blocks.block_experts.tolist() == [0, -1, 1, -1, 0, 0]


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ("choice_major", [[1, 0], [1, 0], [1, 1], [1, 1], [1, 1], [0, 0]]),
        ("token_major", [[1, 1], [1, 0], [1, 1], [1, 1], [0, 1], [0, 0]]),
    ],
)
def test_capacity(ids, order, kept):
    plan = dispatch(ids, 8, capacity=1, drop_order=order, ranks=4)
    assert (plan.inverse.reshape(6, 2) >= 0).tolist() == np.array(kept, bool).tolist()
    assert plan.counts.tolist() == [1] * 8
    assert plan.dropped.tolist() == [2, 0, 0, 0, 0, 1, 0, 1]
    assert plan.unselected == 0
    assert plan.sends.slots_per_rank.tolist() == [2, 2, 2, 2]
    positions = expert_positions(ids, 8, order=order)
    assert (positions < 1).tolist() == np.array(kept, bool).tolist()
    assert dispatch(ids, 8, capacity=3).sorted_slots.tolist() == [
        0,
        3,
        10,
        2,
        6,
        7,
        9,
        1,
        8,
        5,
        4,
        11,
    ]


def test_splits_of_an_all_to_all():
    other = dispatch(np.array([[7, 6], [7, 5], [0, 1]]), 8)
    found = all_to_all([dispatch(np.array(IDS), 8).counts, other.counts])
    assert found.input_splits.tolist() == [[6, 6], [2, 4]]
    assert found.output_splits.tolist() == [[6, 2], [6, 4]]
    assert found.local_counts.tolist() == [
        [[3, 1, 1, 1], [1, 1, 0, 0]],
        [[1, 2, 1, 2], [0, 1, 1, 2]],
    ]
    assert found.chunk_order.tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
