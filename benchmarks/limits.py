"""What this machine can do at best, measured by the same C probes in every run."""

from __future__ import annotations

import importlib.util
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI

from .paired import best, compare

_SOURCE = r"""
#include <stddef.h>
#include <stdint.h>

/* one read of the array: the integer maximum in 256-bit vectors */
typedef int64_t lanes __attribute__((vector_size(32), aligned(8)));
#define LARGER(x, y) ((x) & ((x) > (y))) | ((y) & ~((x) > (y)))
static int64_t read_max(const int64_t *x, size_t n)
{
    lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i + 16 <= n; i += 16) {
        const lanes *p = (const lanes *)(x + i);
        a = LARGER(a, p[0]);
        b = LARGER(b, p[1]);
        c = LARGER(c, p[2]);
        d = LARGER(d, p[3]);
    }
    a = LARGER(a, b);
    c = LARGER(c, d);
    a = LARGER(a, c);
    int64_t m = a[0];
    for (int k = 1; k < 4; ++k) {
        m = a[k] > m ? a[k] : m;
    }
    return m;
}

typedef uint64_t words __attribute__((vector_size(32)));
#ifdef __AVX2__
typedef int halves __attribute__((vector_size(32)));
static inline words square_low(words x)
{
    return (words)__builtin_ia32_pmuludq256((halves)x, (halves)x);
}
#else
static inline words square_low(words x)
{
    return (x & 0xFFFFFFFFu) * (x & 0xFFFFFFFFu);
}
#endif

/* 40 chains of multiply and xor: how many 32x32 bit products a second */
static uint64_t multiply_rate(uint64_t seed, size_t rounds)
{
    words x[10];
    for (int k = 0; k < 10; ++k) {
        x[k] = (words){seed + k, seed + 3 * k, seed ^ k, seed - k};
    }
    for (size_t r = 0; r < rounds; ++r) {
        for (int k = 0; k < 10; ++k) {
            x[k] = square_low(x[k]) ^ (words){1, 3, 5, 7};
        }
    }
    words sum = x[0];
    for (int k = 1; k < 10; ++k) {
        sum ^= x[k];
    }
    return sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
}
"""


def _probe(folder: str) -> Any:
    ffi = FFI()
    ffi.cdef("int64_t read_max(const int64_t *, size_t); uint64_t multiply_rate(uint64_t, size_t);")
    flags = ["-O3", *(["-mavx2"] if platform.machine() == "x86_64" else [])]
    ffi.set_source("tokenmill_limits", _SOURCE, extra_compile_args=flags)
    path = Path(ffi.compile(tmpdir=folder))
    spec = importlib.util.spec_from_file_location("tokenmill_limits", path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"the probe at {path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure() -> dict[str, float]:
    """Return reads of 64 MB in GB/s, 32-bit products in billions a second, and what threads add."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        probe = _probe(folder)
        array = np.arange(8 << 20, dtype=np.int64)
        pointer = probe.ffi.cast("int64_t *", array.__array_interface__["data"][0])
        read = best(lambda: probe.lib.read_max(pointer, array.size))
        rounds = 100_000
        multiply = best(lambda: probe.lib.multiply_rate(7, rounds))
        long = 100 * rounds
        twice = compare(
            lambda: list(pool.map(lambda seed: probe.lib.multiply_rate(seed, long), (1, 2))),
            lambda: [probe.lib.multiply_rate(seed, long) for seed in (1, 2)],
        )
        return {
            "read_gb_s": array.nbytes / read / 1e9,
            "multiply_32_g_s": rounds * 40 / multiply / 1e9,
            "two_threads": twice.ratio,
        }


if __name__ == "__main__":
    print(measure())
