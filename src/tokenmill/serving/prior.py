"""A prior: what is believed of an uncertain input, as a distribution that a sweep can draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import montecarlo
from .values import Entry, field

_LAWS = ("triangular", "pert", "split_lognormal", "choice")
# A law that its bounds cut is drawn from this many of its quantiles.
_CELLS = 1000


@dataclass(frozen=True, kw_only=True)
class Prior(Entry):
    """What is believed of an uncertain input; the reasons are in `note`.

    Attributes
    ----------
    law : str
        "triangular" and "pert" of low, mode, high; "split_lognormal" with its quantiles at 5, 50
        and 95 %; "choice": each of the three values as likely as the others.
    low, mode, high : float
        In `unit`; ascending.
    unit : str
        "" for a pure number.
    least, most : float
        What the input can be at all; draws beyond take the bound. None is no bound.
    """

    law: str = field("text", choices=_LAWS)
    low: float = field("number", low=-1e18)
    mode: float = field("number", low=-1e18)
    high: float = field("number", low=-1e18)
    unit: str = field("text", default="")
    least: float | None = field("number", low=-1e18, default=None)
    most: float | None = field("number", low=-1e18, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"mode: expected low <= mode <= high, found {self.mode:g}")
        if self.law == "split_lognormal" and self.low <= 0.0:
            raise ValueError(f"low: expected a number > 0 with split_lognormal, found {self.low:g}")
        least, most = self._bounds
        if not least <= self.low <= self.high <= most:
            raise ValueError(f"least: expected bounds around low and high, found {least:g}")
        self.distribution()  # refuses a spread that the law cannot take

    def distribution(self) -> montecarlo.Distribution:
        """Return it as a distribution of :mod:`tokenmill.montecarlo`, for `sweep`.

        Where a bound cuts the law, it is drawn from its quantiles at 0.05 %, 0.15 %, ... 99.95 %,
        those beyond the bound set to it.
        """
        law = self._law()
        least, most = self._bounds
        low, high = law.support
        if least <= low and high <= most:
            return law
        levels = (np.arange(_CELLS) + 0.5) / _CELLS
        return montecarlo.Empirical(np.clip(law.ppf(levels), least, most))

    @property
    def _bounds(self) -> tuple[float, float]:
        least = -np.inf if self.least is None else self.least
        return least, np.inf if self.most is None else self.most

    def _law(self) -> montecarlo.Distribution:
        values = self.low, self.mode, self.high
        if self.law == "choice":
            return montecarlo.Discrete(values)
        if self.law == "triangular":
            return montecarlo.Triangular(*values)
        if self.law == "pert":
            return montecarlo.PERT(*values)
        return montecarlo.SplitLogNormal.from_quantiles(*values)
