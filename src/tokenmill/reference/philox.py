"""The readable twin of the random numbers: Philox4x32-10 and the counter map, in Python integers.

Philox: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
ROUNDS = 10

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF


def philox4x32(
    counter: tuple[int, int, int, int], key: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return the four 32-bit words of a counter under a key; block 0 is counter 0."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high0, low0 = divmod(_MULTIPLIERS[0] * c0, 1 << 32)
        high1, low1 = divmod(_MULTIPLIERS[1] * c2, 1 << 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


def uniform(seed: int, stream: int, index: int) -> float:
    """Return the uniform of scenario `index`: (2k + 1) * 2^-53, k the top 52 bits of a draw.

    Scenarios j and j + 512 of a block of 1,024 share a counter: words 0, 1 and words 2, 3.
    """
    block, j = divmod(index, BLOCK)
    number = block * (BLOCK // 2) + j % (BLOCK // 2)
    counter = (number & _WORD, number >> 32, stream, 0)
    words = philox4x32(counter, (seed & _WORD, seed >> 32))
    even, odd = words[:2] if j < BLOCK // 2 else words[2:]
    return (2 * ((even | odd << 32) >> 12) + 1) * 2.0**-53


def uniforms(seed: int, stream: int, start: int, n: int) -> NDArray[np.float64]:
    """Return the uniforms of the scenarios start .. start + n - 1, shape (n,), float64."""
    return np.array([uniform(seed, stream, start + i) for i in range(n)])
