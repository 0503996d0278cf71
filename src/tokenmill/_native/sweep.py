"""The state of one thread of a sweep, in C memory, and what is read back from it."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._core import ffi, lib
from .arrays import address, doubles
from .errors import check
from .random import Law, c_laws

BLOCK = int(lib.TM_BLOCK)
STREAM_VERSION = int(lib.TM_STREAM_VERSION)
BUCKETS = int(lib.TM_HISTOGRAM_BUCKETS)
FIRST_INTEGER = int(lib.TM_HISTOGRAM_INTEGERS)
INTEGER_LIMIT = int(lib.TM_HISTOGRAM_LIMIT)
# A 32-bit bucket cannot overflow before this many scenarios.
SCENARIOS_BEFORE_TAKE = 1 << 31

_BUCKET_BITS = 42
_SIGN_BUCKET = 1 << 21
_INFINITY_BUCKET = 0x7FF << 10


class RawMoments(NamedTuple):
    """Exact moments as integers: `total` in units of 2^-1074, `square` of 2^-2148."""

    values: int
    nan_count: int
    positive_infinities: int
    negative_infinities: int
    total: int
    square: int
    minimum: float
    maximum: float
    argmin: int
    argmax: int


class RawOutput(NamedTuple):
    """What one thread collected about one output; the arrays belong to the receiver."""

    moments: RawMoments
    buckets: NDArray[np.int64]  # (b,) bucket numbers, ascending
    counts: NDArray[np.int64]  # (b,)
    below: tuple[int, ...]  # per threshold
    products: tuple[tuple[int, int], ...]  # per input: exact sum in 2^-1074, terms left out


class SweepState:
    """Columns, results and statistics of one thread; `address` goes to the compiled driver.

    Parameters
    ----------
    laws, streams, centres : sequences, one entry per drawn input
        `centres` are subtracted from an input before its products with the outputs.
    thresholds : sequence of sequences of float, one entry per output
    correlations : bool
        Whether products and the inputs' own moments are collected.
    """

    def __init__(
        self,
        seed: int,
        laws: Sequence[Law],
        streams: Sequence[int],
        centres: Sequence[float],
        thresholds: Sequence[Sequence[float]],
        correlations: bool,
    ) -> None:
        inputs, outputs = len(laws), len(thresholds)
        self.columns = np.zeros((inputs, BLOCK))
        self.results = np.zeros((outputs, BLOCK))
        self._keep: list[Any] = [laws]
        self._inputs = c_laws(laws, streams)
        self._outputs = ffi.new("tm_output[]", outputs)
        self._moments = ffi.new("tm_moments[]", max(inputs, 1))
        self._correlations = correlations and inputs > 0
        self._histograms: list[NDArray[np.uint32]] = []
        self._sweep = ffi.new("tm_sweep *")
        self._sweep.seed = seed
        self._sweep.input_count = inputs
        self._sweep.inputs = self._inputs
        self._sweep.columns = ffi.cast("double *", address(self.columns))
        self._sweep.centres = self._hold(ffi.new("double[]", list(centres) or [0.0]))
        self._sweep.input_moments = self._moments if self._correlations else ffi.NULL
        self._sweep.output_count = outputs
        self._sweep.outputs = self._outputs
        self._sweep.results = ffi.cast("double *", address(self.results))
        for output, limits in zip(self._outputs, thresholds, strict=True):
            output.histogram = ffi.cast("uint32_t *", self._map_histogram())
            output.threshold_count = len(limits)
            output.thresholds = self._hold(ffi.new("double[]", list(limits) or [0.0]))
            output.below = self._hold(ffi.new("uint64_t[]", max(len(limits), 1)))
            if self._correlations:
                output.products = self._hold(ffi.new("tm_sum[]", inputs))
        self._reset()

    @property
    def address(self) -> int:
        """Address of the tm_sweep structure."""
        return int(ffi.cast("uintptr_t", self._sweep))

    def _hold(self, data: Any) -> Any:
        self._keep.append(data)
        return data

    def _map_histogram(self) -> int:
        # The system maps pages on first use: 24 MB of addresses, a few pages of memory.
        memory = mmap.mmap(-1, BUCKETS * 4)
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        histogram = np.frombuffer(memory, dtype=np.uint32)
        self._histograms.append(histogram)
        return address(histogram)

    def _reset(self) -> None:
        for output in self._outputs:
            lib.tm_moments_init(ffi.addressof(output, "moments"))
            for index in range(output.threshold_count):
                output.below[index] = 0
            if self._correlations:
                size = ffi.sizeof("tm_sum") * len(self.columns)
                ffi.memmove(output.products, bytes(size), size)
        for moments in self._moments:
            lib.tm_moments_init(ffi.addressof(moments))

    def take(self) -> tuple[list[RawOutput], list[RawMoments]]:
        """Return what was collected since the last call, per output and input, and forget it."""
        outputs = []
        for output, histogram in zip(self._outputs, self._histograms, strict=True):
            moments = _moments(output.moments)
            buckets, counts = _take_buckets(histogram, moments)
            products = tuple(
                (_limbs(output.products[i].limb), int(output.products[i].skipped))
                for i in range(len(self.columns) if self._correlations else 0)
            )
            below = tuple(int(output.below[i]) for i in range(output.threshold_count))
            outputs.append(RawOutput(moments, buckets, counts, below, products))
        inputs = [_moments(m) for m in self._moments] if self._correlations else []
        self._reset()
        return outputs, inputs


def collect(values: NDArray[np.float64], first_index: int = 0) -> RawOutput:
    """Return the exact moments and the histogram of an array, shape (n,), float64."""
    moments = ffi.new("tm_moments *")
    histogram = np.frombuffer(mmap.mmap(-1, BUCKETS * 4), dtype=np.uint32)
    table = ffi.cast("uint32_t *", address(histogram))
    lib.tm_moments_init(moments)
    buckets: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    counts = buckets
    for low in range(0, len(values), SCENARIOS_BEFORE_TAKE):
        part = values[low : low + SCENARIOS_BEFORE_TAKE]
        check(lib.tm_moments_add(len(part), doubles(part), first_index + low, moments))
        check(lib.tm_histogram_add(len(part), doubles(part), table))
        buckets, counts = add_counts((buckets, counts), _take_buckets(histogram, _moments(moments)))
    return RawOutput(_moments(moments), buckets, counts, (), ())


def add_counts(
    a: tuple[NDArray[np.int64], NDArray[np.int64]], b: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the union of two sparse histograms: ascending buckets, added counts."""
    buckets, place = np.unique(np.concatenate([a[0], b[0]]), return_inverse=True)
    counts = np.zeros(len(buckets), dtype=np.int64)
    np.add.at(counts, place, np.concatenate([a[1], b[1]]))
    return buckets, counts


def _limbs(limbs: Any) -> int:
    return sum(int(limb) << (32 * index) for index, limb in enumerate(limbs) if limb)


def _moments(raw: Any) -> RawMoments:
    return RawMoments(
        int(raw.count),
        int(raw.nan_count),
        int(raw.positive_infinities),
        int(raw.negative_infinities),
        _limbs(raw.sum.limb),
        _limbs(raw.square_limb),
        float(raw.minimum),
        float(raw.maximum),
        int(raw.argmin),
        int(raw.argmax),
    )


def _take_buckets(
    histogram: NDArray[np.uint32], moments: RawMoments
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    found = [np.empty(0, dtype=np.int64)]
    if moments.values > moments.nan_count:
        for low, high in _occupied(moments.minimum, moments.maximum):
            found.append(np.flatnonzero(histogram[low:high]) + low)
    buckets = np.unique(np.concatenate(found)).astype(np.int64)
    counts = histogram[buckets].astype(np.int64)
    histogram[buckets] = 0
    magnitude = np.where(buckets < FIRST_INTEGER, buckets & (_SIGN_BUCKET - 1), 0)
    finite = magnitude < _INFINITY_BUCKET
    return buckets[finite], counts[finite]


def _occupied(minimum: float, maximum: float) -> list[tuple[int, int]]:
    """Bucket ranges that values between the extremes can lie in."""
    bits = np.array([abs(minimum), abs(maximum)]).view(np.uint64) >> np.uint64(_BUCKET_BITS)
    low, high = int(bits[0]), int(bits[1])
    ranges = []
    if maximum >= 0:
        ranges.append((low if minimum > 0 else 0, high + 1))
    if minimum <= 0:
        ranges.append((_SIGN_BUCKET + (high if maximum < 0 else 0), _SIGN_BUCKET + low + 1))
    origin = FIRST_INTEGER + INTEGER_LIMIT
    first = int(max(min(minimum, INTEGER_LIMIT), -INTEGER_LIMIT))
    last = int(max(min(maximum, INTEGER_LIMIT), -INTEGER_LIMIT))
    ranges.append((origin + min(first, 0), origin + max(last, 0) + 1))
    return ranges


def bucket_edges(buckets: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest value of each bucket; equal for exact integers."""
    magnitude = (buckets & (_SIGN_BUCKET - 1)).astype(np.uint64) << np.uint64(_BUCKET_BITS)
    near = magnitude.view(np.float64)
    far = (magnitude + np.uint64(1 << _BUCKET_BITS)).view(np.float64)
    far = np.where(np.isfinite(far), far, np.finfo(np.float64).max)
    negative = (buckets & _SIGN_BUCKET) != 0
    low = np.where(negative, -far, near)
    high = np.where(negative, -near, far)
    integer = buckets >= FIRST_INTEGER
    exact = (buckets - FIRST_INTEGER - INTEGER_LIMIT).astype(np.float64)
    return np.where(integer, exact, low), np.where(integer, exact, high)


def driver_symbols() -> dict[str, int]:
    """Addresses of the two C functions that a compiled driver calls per block."""
    return {
        name: int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))
        for name in ("tm_sweep_draw", "tm_sweep_collect")
    }
