"""The built extension: exports, imports, freshness, status codes."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tokenmill import config
from tokenmill._native import _core, errors

ROOT = Path(__file__).resolve().parents[2]


def symbols(option: str) -> list[str]:
    if shutil.which("nm") is None:
        pytest.skip("nm is not installed: the symbol table cannot be read")
    command = ["nm", "-D", option, _core.__file__]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    return [line.split()[-1].split("@")[0] for line in lines if line]


def test_only_the_module_is_exported() -> None:
    assert symbols("--defined-only") == ["PyInit__core"]


def test_no_function_of_the_mathematical_library() -> None:
    outside = {name for name in symbols("--undefined-only") if not name.startswith(("Py", "_"))}
    assert outside <= {"memset", "memcpy", "memmove", "strcmp"}


def test_the_extension_is_built_from_these_sources() -> None:
    code = "import runpy; print(runpy.run_path('csrc/build.py')['source_hash']())"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert config()["source_hash"] == found, "the C sources changed: rebuild with make"


def test_every_status_has_its_own_exception() -> None:
    lib = _core.lib
    codes = range(lib.TM_OK + 1, lib.TM_STATUS_END)
    assert set(errors.EXCEPTIONS) == set(codes)
    assert len(set(errors.EXCEPTIONS.values())) == len(codes)
    errors.check(lib.TM_OK)
    for code in codes:
        with pytest.raises(errors.EXCEPTIONS[code]) as caught:
            errors.check(code)
        assert isinstance(caught.value, errors.TokenmillError)


def test_the_kernels_check_what_they_are_given() -> None:
    ffi, lib = _core.ffi, _core.lib
    law = ffi.new("tm_law *", {"kind": lib.TM_LAW_END})
    one = ffi.new("double[1]")
    assert lib.tm_sample(ffi.NULL, 0, 0, 1, one) == lib.TM_E_NULL_POINTER
    assert lib.tm_sample(law, 0, 0, 1, one) == lib.TM_E_LAW
    law.kind = lib.TM_LAW_EMPIRICAL
    assert lib.tm_sample(law, 0, 0, 1, one) == lib.TM_E_NULL_POINTER
    law.table = one
    assert lib.tm_sample(law, 0, 0, 1, one) == lib.TM_E_TABLE
    law.kind = lib.TM_LAW_UNIFORM
    assert lib.tm_sample(law, 0, 2**64 - 1, 1, one) == lib.TM_E_RANGE
    assert lib.tm_elementary(99, 1, one, one) == lib.TM_E_FUNCTION
    sweep = ffi.new("tm_sweep *", {"outputs": ffi.new("tm_output[1]"), "results": one})
    assert lib.tm_sweep_collect(sweep, 0, 5, 4) == lib.TM_E_SIZE
    assert lib.tm_isa_select(b"none") == lib.TM_E_ISA_UNKNOWN


def test_subnormals_survive_the_import() -> None:
    assert np.float64(5e-324) * np.float64(1.0) == 5e-324
    assert np.finfo(np.float64).tiny / 2 > 0
