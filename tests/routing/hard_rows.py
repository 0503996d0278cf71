"""Logits that leave the usual range, tie, lack candidates or have too many."""

import numpy as np

INF, NAN = np.inf, np.nan


def hard_rows(experts: int, rows: int, fall: float) -> np.ndarray:
    """Return (rows, experts) float32; rows 20 to 119 are hard, 40 to 59 of them lower by `fall`."""
    rng = np.random.default_rng(experts)
    z = rng.standard_normal((rows, experts)).astype(np.float32)
    z[20:40] *= 6.0
    z[40:60] -= fall
    z[60:70] = np.round(z[60:70])
    z[70:80] = 0.25
    z[80:90, ::3] = NAN
    z[90:95, 1:] = -INF
    z[95:100] = -INF
    z[100:105] = NAN
    z[105:110, ::5] = INF
    z[110:115] = np.sort(z[110:115])
    z[115:120] *= 1e30
    return z
