"""Normal quantiles against 25-digit values."""

import json
from pathlib import Path

import mpmath
import numpy as np
import pytest

from tokenmill._native import elementary

# mpmath 1.3, 40 digits: sqrt(2) erfinv(2 u - 1) at the exact double u
OWN = [0.5, 0.25, 0.075, 0.074, 0.925, 1e-3, 1e-9, 1e-11, 1e-12, 2.0**-53, 1e-100, 1 - 2.0**-53]


def ulps(found: float, exact: mpmath.mpf) -> float:
    return float(abs(mpmath.mpf(found) - exact) / mpmath.mpf(np.spacing(abs(float(exact)))))


@pytest.mark.parametrize("u", OWN)
def test_own_points(u: float) -> None:
    with mpmath.workdps(60):
        if u == 0.5:
            assert elementary("norm_ppf", u) == 0.0
            return
        p = mpmath.mpf(min(u, 1 - u))
        start = -mpmath.sqrt(-2 * mpmath.log(p))
        exact = mpmath.findroot(lambda z: mpmath.log(mpmath.ncdf(z) / p), start)
        exact = exact if u < 0.5 else -exact
        assert ulps(float(elementary("norm_ppf", u)), exact) <= 5


def test_stored_points(data_folder: Path) -> None:
    content = json.loads((data_folder / "montecarlo" / "kat_normal_icdf.json").read_text())
    assert len(content["points"]) == 57
    with mpmath.workdps(40):
        for point in content["points"]:
            found = float(elementary("norm_ppf", float.fromhex(point["u_hex"])))
            exact = mpmath.mpf(point["z"])
            assert found == 0 if exact == 0 else ulps(found, exact) <= 4, point["u"]
