"""What a user's own numba-compiled code may call: elementary functions that keep their bits.

``math.exp`` and its kin are calls of the C library, which differs between machines; a model that
uses the functions here gives the same result everywhere. All are compiled on first use, take
float64 (integers are converted), inline and vectorise in a loop, and can be called from Python.
Importing this package imports numba.

``route_token`` routes one token by the rule of a ``router``, as ``tokenmill.routing.route`` does.
"""

from .elementary import exp, expm1, log, log1p, pow, sqrt
from .normal import norm_cdf, norm_ppf
from .routing import route_token, router

__all__ = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "norm_cdf",
    "norm_ppf",
    "pow",
    "route_token",
    "router",
    "sqrt",
]
