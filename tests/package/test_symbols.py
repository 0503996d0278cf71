import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tokenmill._native import _core, config, errors

CSRC = Path(__file__).resolve().parents[2] / "csrc"
LIBM = {"exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "pow", "fma", "sqrt", "floor"}
LIBM |= {"ceil", "rint", "round", "trunc", "fmod", "ldexp", "frexp", "erf", "erfc", "sin", "cos"}


@pytest.fixture(scope="module")
def symbols():
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("nm is not installed")
    run = subprocess.run([nm, "-D", _core.__file__], capture_output=True, text=True, check=True)
    fields = [line.split() for line in run.stdout.splitlines()]
    return [(line[-2], line[-1].split("@")[0].lstrip("_")) for line in fields]


def test_only_the_module_is_exported(symbols):
    assert [name for kind, name in symbols if kind in "TDBRVi"] == ["PyInit__core"]


def test_no_libm(symbols):
    undefined = {name for kind, name in symbols if kind == "U"}
    assert undefined.isdisjoint(LIBM | {f"{name}f" for name in LIBM})


def test_built_from_this_tree():
    if not CSRC.is_dir():
        pytest.skip("the C sources are not beside the tests")
    digest = hashlib.sha256()
    for path in sorted([*CSRC.rglob("*.c"), *CSRC.rglob("*.h")]):
        digest.update(path.relative_to(CSRC).as_posix().encode() + b"\0" + path.read_bytes())
    assert config()["source_hash"] == digest.hexdigest()


def test_every_status_has_its_exception():
    codes = set(range(_core.lib.TM_OK + 1, _core.lib.TM_STATUS_END))
    assert set(errors.EXCEPTIONS) == codes
    assert len(set(errors.EXCEPTIONS.values())) == len(codes)
    errors.check(_core.lib.TM_OK)
    for code in codes:
        with pytest.raises(errors.EXCEPTIONS[code]):
            errors.check(code)


def test_subnormals_are_kept():
    smallest = np.array([2.0**-1022]) * 0.5
    assert smallest[0] == 2.0**-1023
