"""Readable twin of the text codes: what csrc/kernels/accounting/texts.h has to give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def text_codes(texts: Sequence[bytes | None]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give equal texts equal codes, by first appearance; null is -1.

    Returns
    -------
    codes : ndarray, shape (n,), int32
    first_rows : ndarray, shape (distinct,), int32
        The row at which each code appears first.
    """
    first: dict[bytes, int] = {}
    codes = np.full(len(texts), -1, np.int32)
    rows = []
    for row, text in enumerate(texts):
        if text is not None:
            if text not in first:
                first[text] = len(first)
                rows.append(row)
            codes[row] = first[text]
    return codes, np.array(rows, np.int32)


def text_pack(texts: Sequence[bytes | None], width: int) -> NDArray[np.uint8]:
    """Return bytes side by side (n, width): zeros behind shorter ones, longer ones cut."""
    cut = [(text or b"")[:width].ljust(width, b"\0") for text in texts]
    return np.frombuffer(b"".join(cut), np.uint8).reshape(len(texts), width)
