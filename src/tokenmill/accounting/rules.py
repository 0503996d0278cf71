"""The two sides of a bill that tools read differently: how prices apply, how usage is counted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class PriceRules:
    """How the rates of a book apply, frozen into it by whatever read it.

    Order: effective date, service tier, context tier, window, fallback, multiplier. Of the rates
    of a unit that hold, the window's goes before none, the highest `above` before lower ones, and
    at the same `above` the service tier's own before the standard one. A unit without a rate takes
    its fallback, then the price of the most specific unit that contains it.

    Attributes
    ----------
    name : str
    tier_operator : str
        ``">"`` or ``">="``: what thresholds of this source mean; an importer turns both into
        `Rate.above`.
    tier_basis : str
        What a threshold is compared with: ``"input"`` (all of it, cached and written included),
        ``"uncached"``, ``"input+output"``, or ``"unit"`` (what each unit itself charges).
    tier_reach : str
        ``"whole"``: the tier's rate holds for the whole request; ``"marginal"``: for what is
        beyond the threshold, by unit. Tiers by a unit's own count need a price below the first
        threshold: a unit without one has no price.
    fallbacks : tuple of (unit, source, factor)
        A unit without a rate costs factor x the source's price.
    unpriced : str
        What a count without any price does: ``"flag"`` (status NO_PRICE) or ``"ignore"``.
    missing_total : str
        A part is counted, and a priced unit that contains it is not: ``"flag"`` (MISSING_FIELD) or
        ``"derive"`` (it is the sum of its parts; never for input and output as a whole).
    date_zone : str
        Where a `Period` that starts on a date begins: ``"UTC"``, or ``"timestamp"``, the time
        stamps' own zone.
    """

    name: str = "native"
    tier_operator: str = ">"
    tier_basis: str = "input"
    tier_reach: str = "whole"
    fallbacks: tuple[tuple[str, str, Fraction], ...] = ()
    unpriced: str = "flag"
    missing_total: str = "derive"
    date_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a value that no rule has."""
        for field, allowed in _ALLOWED.items():
            if getattr(self, field) not in allowed:
                raise ValueError(
                    f"{field}: expected one of {', '.join(allowed)}, found {getattr(self, field)!r}"
                )

    @property
    def by_unit(self) -> bool:
        """Whether tiers look at each unit's own count and not at the request."""
        return self.tier_reach == "marginal" or self.tier_basis == "unit"


_ALLOWED = {
    "tier_operator": (">", ">="),
    "tier_basis": ("input", "uncached", "input+output", "unit"),
    "tier_reach": ("whole", "marginal"),
    "unpriced": ("flag", "ignore"),
    "missing_total": ("flag", "derive"),
    "date_zone": ("UTC", "timestamp"),
}

_HALF_MORE = Fraction(5, 4)

PRICE_RULES: dict[str, PriceRules] = {
    "native": PriceRules(),
    # An absent price is the parent's there too; what LiteLLM reads otherwise its importer writes
    # out as rates.
    "litellm": PriceRules("litellm", unpriced="ignore"),
    "genai_prices": PriceRules(
        "genai_prices", unpriced="ignore", missing_total="flag", date_zone="timestamp"
    ),
    "ccusage": PriceRules(
        "ccusage",
        tier_basis="unit",
        tier_reach="marginal",
        fallbacks=(
            ("cache_write", "input", _HALF_MORE),
            ("cache_write_5m", "cache_write", Fraction(1)),
            ("cache_write_1h", "input", Fraction(2)),
            ("cache_read", "input", Fraction(1, 10)),
        ),
        unpriced="ignore",
    ),
}


@dataclass(frozen=True)
class UsageConvention:
    """How a ledger counts: what its columns are called and which contain which.

    Attributes
    ----------
    name : str
    cache_in_input : bool
        Whether `input` includes cached and written tokens.
    reasoning_in_output : bool
        Whether `output` includes reasoning tokens.
    writes : str
        ``"parts"``: the columns of 5 minutes and 1 hour are parts of `cache_write`;
        ``"replace"``: where they are given, `cache_write` is not read.
    overlap : str
        What parts that exceed their total do: ``"flag"`` (SUBSET_EXCEEDS_TOTAL), or
        ``"litellm"``, which cuts them as LiteLLM's generic path does, and needs inclusive counts
        and replaced writes.
    columns : tuple of (str, str)
        The provider's own names and the units, or fields of a ledger, they stand for.
    added : tuple of (str, str)
        Columns that a unit leaves out, and that are added to it when the ledger is read.
    """

    name: str
    cache_in_input: bool = True
    reasoning_in_output: bool = True
    writes: str = "parts"
    overlap: str = "flag"
    columns: tuple[tuple[str, str], ...] = ()
    added: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a value that no convention has, and two that exclude each other."""
        for field, allowed in (("writes", ("parts", "replace")), ("overlap", ("flag", "litellm"))):
            if getattr(self, field) not in allowed:
                raise ValueError(
                    f"{field}: expected one of {', '.join(allowed)}, found {getattr(self, field)!r}"
                )
        inclusive = self.cache_in_input and self.reasoning_in_output and self.writes == "replace"
        if self.overlap == "litellm" and not inclusive:
            raise ValueError(
                "overlap: expected 'flag' where writes are parts, or cached tokens or reasoning "
                "are counted beside their total, found 'litellm'"
            )
