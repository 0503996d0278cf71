"""Bytes that one element takes in each number format."""

from __future__ import annotations

# Block formats carry their scales: nvfp4 has 8 bits for 16 elements, mxfp4 8 bits for 32. The one
# scale of an fp8 block of 128 x 128 is left out. Source: OCP Microscaling Formats (MX) v1.0 (2023);
# NVIDIA, NVFP4 (2025). "fp4" without a prefix is nvfp4.
PRECISION_BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp4": 0.5625,
    "nvfp4": 0.5625,
    "mxfp4": 0.53125,
    "int4": 0.5,
}


def bytes_per_element(precision: str) -> float:
    """Return the bytes of one element, with its share of block scales.

    Raises
    ------
    ValueError
        The format is not one of `PRECISION_BYTES`.
    """
    if precision not in PRECISION_BYTES:
        expected = ", ".join(PRECISION_BYTES)
        raise ValueError(f"precision: expected one of {expected}, found {precision!r}")
    return PRECISION_BYTES[precision]
