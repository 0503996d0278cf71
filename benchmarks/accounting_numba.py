"""The numba loops of accounting, compiled once and free of the interpreter lock."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from .accounting_prices import EPOCH_MINUTE, MINUTE, MINUTES_A_WEEK
from .accounting_work import LIMB, LIMB_MASK, TEAMS


@numba.njit(nogil=True)
def simple_rows(
    start: int,
    stop: int,
    model: Any,
    team: Any,
    inputs: Any,
    cached: Any,
    outputs: Any,
    prices: Any,
) -> Any:
    """Return sums (3 + 2, teams) int64 of the rows from start to stop."""
    sums = np.zeros((TEAMS, 5), np.int64)
    for i in range(start, stop):
        price = prices[model[i]]
        cost = inputs[i] * price[0] + cached[i] * price[1] + outputs[i] * price[2]
        total = sums[team[i]]
        total[0] += inputs[i]
        total[1] += cached[i]
        total[2] += outputs[i]
        total[3] += cost & LIMB_MASK
        total[4] += cost >> LIMB
    return sums.T


@numba.njit(nogil=True)
def realistic_rows(
    start: int,
    stop: int,
    model: Any,
    team: Any,
    service: Any,
    ts: Any,
    inputs: Any,
    cached: Any,
    written_5m: Any,
    written_1h: Any,
    audio: Any,
    outputs: Any,
    reasoning: Any,
    output_audio: Any,
    prices: Any,
    starts: Any,
    thresholds: Any,
    schedule: Any,
    open_minutes: Any,
) -> Any:
    """Return sums (8 + 2, teams) int64 of the rows from start to stop."""
    sums = np.zeros((TEAMS, 10), np.int64)
    for i in range(start, stop):
        m = model[i]
        key = m * 4 + service[i]
        date = 0
        for begin in starts[m][1:]:
            date += ts[i] >= begin
        minute = (ts[i] // MINUTE + EPOCH_MINUTE) % MINUTES_A_WEEK
        tier = 0
        for limit in thresholds[m]:
            tier += inputs[i] > limit
        key = ((key * starts.shape[1] + date) * 2 + open_minutes[schedule[m], minute]) * (
            thresholds.shape[1] + 1
        ) + tier
        price = prices[key]
        cost = inputs[i] * price[0] + cached[i] * price[1] + written_5m[i] * price[2]
        cost += written_1h[i] * price[3] + audio[i] * price[4] + outputs[i] * price[5]
        cost += reasoning[i] * price[6] + output_audio[i] * price[7]
        total = sums[team[i]]
        total[0] += inputs[i]
        total[1] += cached[i]
        total[2] += written_5m[i]
        total[3] += written_1h[i]
        total[4] += audio[i]
        total[5] += outputs[i]
        total[6] += reasoning[i]
        total[7] += output_audio[i]
        total[8] += cost & LIMB_MASK
        total[9] += cost >> LIMB
    return sums.T
