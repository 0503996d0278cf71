"""What a search keeps of the configurations it has seen: the best few, and the Pareto front.

Both are defined by a total order that ends with the index of the configuration, so that what is
kept of a whole is what is kept of what is kept of its parts, whatever the parts and their order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


class Seen(NamedTuple):
    """Configurations: what they cost (less is better), what they give (more is better), index.

    Attributes
    ----------
    cost, gain : ndarray, shape (m,), float64
    serial : ndarray, shape (m,), int64
        Index of the configuration in the search; distinct.
    """

    cost: Array
    gain: Array
    serial: Indices

    def chosen(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> Seen:
        """Return those at `places`, in that order."""
        return Seen(self.cost[places], self.gain[places], self.serial[places])

    def joined(self, other: Seen) -> Seen:
        """Return both, these first."""
        return Seen(
            np.concatenate((self.cost, other.cost)),
            np.concatenate((self.gain, other.gain)),
            np.concatenate((self.serial, other.serial)),
        )


NOTHING = Seen(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))


def best_few(seen: Seen, count: int) -> Seen:
    """Return the `count` of least cost, then of greatest gain, then of least index, in that order.

    Configurations of infinite cost are left out; O(m log m).
    """
    finite = seen.chosen(seen.cost < np.inf)
    order = np.lexsort((finite.serial, -finite.gain, finite.cost))
    return finite.chosen(order[:count])


def pareto_front(seen: Seen) -> Seen:
    """Return the configurations that no other one betters, by ascending cost and gain.

    One betters another if it costs no more and gives no less, and differs in either; of those
    alike in both the least index stays. Configurations of infinite cost are left out; O(m log m).
    """
    ordered = best_few(seen, len(seen.cost))
    if not len(ordered.cost):
        return ordered
    before = np.concatenate(([-np.inf], np.maximum.accumulate(ordered.gain)[:-1]))
    return ordered.chosen(ordered.gain > before)
