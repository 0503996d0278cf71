"""The best few and the Pareto front: against their definitions, whatever the parts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokenmill.serving.frontier import NOTHING, Seen, best_few, pareto_front

# few different values, so that ties are frequent
values = st.sampled_from([0.0, 1.0, 2.0, 3.0, np.inf])
points = st.lists(st.tuples(values, st.sampled_from([0.0, 1.0, 2.0])), max_size=30)


def seen_of(pairs, order=None) -> Seen:
    order = range(len(pairs)) if order is None else order
    chosen = [(*pairs[i], i) for i in order]
    cost, gain, index = zip(*chosen, strict=True) if chosen else ((), (), ())
    return Seen(np.array(cost, float), np.array(gain, float), np.array(index, np.int64))


def rows(seen: Seen) -> list[tuple[float, float, int]]:
    return [(float(c), float(g), int(i)) for c, g, i in zip(*seen, strict=True)]


def is_bettered(one, others) -> bool:
    cost, gain, index = one
    for c, g, i in others:
        if c <= cost and g >= gain and (c < cost or g > gain or i < index):
            return True
    return False


@given(points, st.integers(0, 5))
def test_against_the_definitions(pairs, count) -> None:
    everything = [row for row in rows(seen_of(pairs)) if row[0] < np.inf]
    ranked = sorted(everything, key=lambda row: (row[0], -row[1], row[2]))
    assert rows(best_few(seen_of(pairs), count)) == ranked[:count]
    front = [row for row in ranked if not is_bettered(row, everything)]
    assert rows(pareto_front(seen_of(pairs))) == front


@given(points, st.randoms(use_true_random=False), st.integers(1, 4))
def test_parts_in_any_order_give_the_whole(pairs, random, parts) -> None:
    order = list(range(len(pairs)))
    random.shuffle(order)
    front, few = NOTHING, NOTHING
    for part in range(parts):
        piece = seen_of(pairs, order[part::parts])
        front = pareto_front(front.joined(piece))
        few = best_few(few.joined(piece), 3)
    whole = seen_of(pairs)
    assert rows(front) == rows(pareto_front(whole))
    assert rows(few) == rows(best_few(whole, 3))
