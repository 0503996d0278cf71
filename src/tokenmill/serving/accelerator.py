"""One accelerator: what it computes, remembers, sends, draws and costs."""

from __future__ import annotations

from dataclasses import dataclass

from .precision import bytes_per_element
from .values import Entry, Range, field

# The 8-bit and 4-bit formats run on one unit whatever their scales.
_UNIT_OF = {"fp16": "bf16", "nvfp4": "fp4", "mxfp4": "fp4"}


@dataclass(frozen=True, kw_only=True)
class Accelerator(Entry):
    """A chip as one serving process sees it; None is a figure that is not public, or not there.

    Attributes
    ----------
    vendor, generation, process : str
        A generation shares its kernels, such as "hopper"; `process` is the node of the logic die.
    year : int
    dies, die_mm2 : int, float
        Logic dies in a package and the area of each, mm2.
    bf16_flops, fp8_flops, int8_flops, fp4_flops : float
        Dense peak of the matrix units, FLOP/s; None where the chip lacks the format.
    hbm_bytes, hbm_bytes_per_s : float
        Device memory in bytes (1 GB is 1e9) and its peak rate.
    scale_up_bytes_per_s, scale_up_size : float, int
        Link into the domain of fast links, one way, and the accelerators in that domain.
    scale_out_bytes_per_s : float
        Network card's share of one accelerator, one way.
    tdp_w, all_in_w : float
        Power of the chip, and at the wall with its share of the server and the cooling.
    price_usd, rent_usd_h : Range
        Price of a chip; rent per hour, from long contracts to on demand.
    own_hyperscaler_usd_h, own_neocloud_usd_h, rent_3y_usd_h : float
        Published cost of owning per hour for two kinds of owner, and a three-year contract.
    gemm_scale : float
        Efficiency of matrix products relative to a Hopper of the same peak.
    """

    vendor: str = field("text")
    generation: str = field("text")
    process: str | None = field("text", default=None)
    year: int = field("count", low=1990, high=2100)
    dies: int | None = field("count", low=1, high=64, default=None)
    die_mm2: float | None = field("number", "mm2", low=1, high=1e5, default=None)
    bf16_flops: float = field("number", "FLOP/s", low=1.0)
    fp8_flops: float | None = field("number", "FLOP/s", low=1.0, default=None)
    int8_flops: float | None = field("number", "operations/s", low=1.0, default=None)
    fp4_flops: float | None = field("number", "FLOP/s", low=1.0, default=None)
    hbm_bytes: float | None = field("number", "bytes", low=1.0, default=None)
    hbm_bytes_per_s: float | None = field("number", "bytes/s", low=1.0, default=None)
    scale_up_bytes_per_s: float | None = field("number", "bytes/s", low=1.0, default=None)
    scale_up_size: int | None = field("count", "accelerators", low=1, default=None)
    scale_out_bytes_per_s: float | None = field("number", "bytes/s", low=1.0, default=None)
    tdp_w: float | None = field("number", "W", low=1.0, high=1e6, default=None)
    all_in_w: float | None = field("number", "W", low=1.0, high=1e6, default=None)
    price_usd: Range | None = field("range", "USD", high=1e9, default=None)
    rent_usd_h: Range | None = field("range", "USD/h", high=1e6, default=None)
    own_hyperscaler_usd_h: float | None = field("number", "USD/h", high=1e6, default=None)
    own_neocloud_usd_h: float | None = field("number", "USD/h", high=1e6, default=None)
    rent_3y_usd_h: float | None = field("number", "USD/h", high=1e6, default=None)
    gemm_scale: float = field("number", low=0.01, high=100.0, default=1.0)

    def peak_flops(self, precision: str) -> float | None:
        """Return the dense peak in a number format, FLOP/s; None where the chip lacks it.

        Raises
        ------
        ValueError
            There is no such format.
        """
        bytes_per_element(precision)
        peak: float | None = getattr(self, f"{_UNIT_OF.get(precision, precision)}_flops", None)
        return peak
