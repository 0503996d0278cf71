import math
import os
import platform
import re
import subprocess
import sys

import numba
import numpy as np
import pytest

from tokenmill import jit
from tokenmill._native import elementary

UNARY = ["exp", "expm1", "log", "log1p", "norm_cdf", "norm_ppf", "sqrt"]
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 2.0**-1022, 2.0**-54]
EDGES += [709.78, 709.79, 710.0, -745.1, -745.2, -746.0, 0.075, 0.925, 1e300, -1e300, 40.0, -40.0]

HASH = """
import hashlib, numba, numpy as np
from tokenmill import jit

def loop(function, *arrays):
    values = np.empty_like(arrays[0])
    if len(arrays) == 1:
        def fill(x, y):
            for i in range(x.size):
                y[i] = function(x[i])
    else:
        def fill(a, b, y):
            for i in range(a.size):
                y[i] = function(a[i], b[i])
    numba.njit(error_model="numpy")(fill)(*arrays, values)
    assert not np.isnan(values).any()
    return values

x = np.random.Generator(np.random.PCG64(5)).normal(size=12_501) * 3.0
size = np.abs(x)
parts = [loop(getattr(jit, name), x) for name in ("exp", "expm1", "norm_cdf")]
parts += [loop(getattr(jit, name), size) for name in ("log", "log1p", "sqrt")]
parts += [loop(jit.norm_ppf, parts[2]), loop(jit.pow, size, x[::-1].copy())]
parts += [np.array([jit.exp(x[0]), jit.log(size[0]), jit.pow(size[0], x[1]), jit.norm_cdf(x[0])])]
print(hashlib.sha256(np.concatenate(parts).tobytes()).hexdigest())
"""


def vectorised(function):
    @numba.njit(nogil=True, error_model="numpy")
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    return loop


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "norm_cdf", "norm_ppf"])
def test_bits_of_the_native_core(name):
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, 400_000, dtype=np.uint64).view(np.float64)
    parts = [EDGES, bits, rng.uniform(-750, 720, 300_000), rng.uniform(0, 1, 300_000)]
    x = np.concatenate([*parts, 10.0 ** rng.uniform(-320, 0, 100_000)])
    found = np.empty_like(x)
    vectorised(getattr(jit, name))(x, found)
    expected = elementary(name, x)
    same = found.view(np.int64) == expected.view(np.int64)
    assert (same | (np.isnan(found) & np.isnan(expected))).all()


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", -np.inf, 0.0),
        ("exp", np.inf, np.inf),
        ("exp", np.nan, np.nan),
        ("exp", -745.13, 5e-324),
        ("expm1", -np.inf, -1.0),
        ("expm1", np.inf, np.inf),
        ("expm1", -0.0, -0.0),
        ("expm1", 5e-324, 5e-324),
        ("expm1", np.nan, np.nan),
        ("log", 0.0, -np.inf),
        ("log", -1.0, np.nan),
        ("log", np.inf, np.inf),
        ("log1p", -1.0, -np.inf),
        ("log1p", -0.0, -0.0),
        ("log1p", -1.5, np.nan),
        ("sqrt", -1.0, np.nan),
        ("sqrt", -0.0, -0.0),
        ("norm_cdf", np.inf, 1.0),
        ("norm_cdf", -np.inf, 0.0),
        ("norm_ppf", 0.0, -np.inf),
        ("norm_ppf", 1, np.inf),
        ("norm_ppf", 1.5, np.nan),
    ],
)
def test_edges(name, x, expected):
    found = np.array([getattr(jit, name)(x), expected])
    assert np.isnan(found).all() or (found[:1].tobytes() == found[1:].tobytes())


def annex_f(x, y):
    try:
        return math.pow(x, y)
    except OverflowError:
        return math.copysign(math.inf, x) if y % 2 else math.inf
    except ValueError:
        if x != 0.0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def test_pow_special_values():
    odd = 2.0**53 - 1
    base = [0.0, 0.5, 1.0, 2.0, 2.5, 3.0, np.inf, odd, 2.0**54, 1e300, 5e-324, 2.0**51 + 0.5]
    points = [*base, *(-value for value in base), np.nan, 1 - 2.0**-53, 2.0**52 + 1]
    for x in points:
        for y in points:
            found, expected = jit.pow(x, y), annex_f(x, y)
            if math.isnan(expected):
                assert math.isnan(found), (x, y)
                continue
            assert math.copysign(1, found) == math.copysign(1, expected), (x, y)
            near = math.isfinite(expected) and abs(found - expected) <= math.ulp(expected)
            assert found == expected or near, (x, y)


def digest(environment):
    run = subprocess.run(
        [sys.executable, "-c", HASH],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


@pytest.fixture(scope="module")
def digest_here():
    return digest({})


@pytest.mark.parametrize(
    "environment",
    [
        {"NUMBA_CPU_NAME": "haswell"},
        {"NUMBA_CPU_NAME": "generic"},
        # without the instruction fma is the C library's, here the one that computes it in integers
        {"NUMBA_CPU_NAME": "generic", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2"},
    ],
    ids=["haswell", "generic", "generic without fma"],
)
def test_same_bits_on_other_processors(environment, digest_here):
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("these processor names are x86-64's")
    assert digest({**environment, "NUMBA_CPU_FEATURES": ""}) == digest_here


PACKED_FMA = re.compile(r"vfn?m(add|sub)\d+pd")


def assembly_of(function):
    features = numba.core.codegen.get_host_cpu_features()
    if platform.machine() not in ("x86_64", "AMD64") or "+fma" not in features:
        pytest.skip("packed fma is looked for on x86-64 with fma only")
    loop = vectorised(function)
    loop(np.ones(4), np.ones(4))
    (assembly,) = loop.inspect_asm().values()
    (code,) = loop.inspect_llvm().values()
    return assembly, code


@pytest.mark.parametrize("name", [name for name in UNARY if name != "sqrt"])
def test_loops_vectorise(name):
    assembly, code = assembly_of(getattr(jit, name))
    assert PACKED_FMA.search(assembly)
    assert not re.search(rf"call i32 @\S*{name}", code)


def test_a_call_left_in_the_loop_is_seen():
    @numba.njit(error_model="numpy")
    def outside(x):  # past what LLVM inlines
        for _ in range(3):
            x = jit.norm_ppf(jit.norm_cdf(jit.pow(x, 1.5))) + jit.log(jit.norm_cdf(x) * x)
        return x

    assembly, code = assembly_of(outside)
    assert not PACKED_FMA.search(assembly)
    assert re.search(r"call i32 @\S*outside", code)


def test_sqrt_vectorises():
    assert "vsqrtpd" in assembly_of(jit.sqrt)[0]


def test_inside_compiled_code():
    @numba.njit(error_model="numpy")
    def model(x, n):
        return jit.pow(x, n) + jit.exp(x) * jit.log1p(n) + jit.sqrt(x)

    expected = jit.pow(1.5, 3) + jit.exp(1.5) * jit.log1p(3) + jit.sqrt(1.5)
    assert model(1.5, 3) == expected
    assert sorted(jit.__all__) == sorted([*UNARY, "pow", "route_token", "router"])


@pytest.mark.parametrize("kind", [int, np.int32, np.uint8, np.float32, bool])
def test_other_numbers_are_promoted(kind):
    one = kind(1)
    for name in UNARY:
        found = getattr(jit, name)(one)
        assert isinstance(found, float)
        assert found == getattr(jit, name)(1.0)
    assert jit.pow(one, kind(1)) == 1.0
    assert jit.pow(2, 10) == 1024.0


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -746.0, 710.0),
        ("expm1", -40.0, 710.0),
        ("log", 1e-300, 4.0),
        ("log1p", -1.0 + 1e-9, 4.0),
        ("norm_cdf", -38.6, 8.0),
        ("norm_ppf", 0.0, 1.0),
    ],
)
def test_order_is_kept(name, low, high):
    # neighbouring doubles may swap within the error; steps of 1e-6 of the range may not, nor those
    # across a seam between two formulas
    seams = {"norm_ppf": [0.075, 0.925, math.exp(-25.0)], "norm_cdf": [0.0]}
    seams["log"] = [math.sqrt(0.5), 1.0, math.sqrt(2.0)]
    steps = np.arange(-2000, 2001) * 2.0**-40
    parts = [seam * (1.0 + steps) for seam in seams.get(name, [])]
    for x in [np.linspace(low, high, 1_000_001), *parts]:
        y = np.empty_like(x)
        vectorised(getattr(jit, name))(x, y)
        assert (y[1:] >= y[:-1]).all()
