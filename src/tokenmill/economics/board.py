"""The board of a race: how every player does, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .architecture import Architecture
from .deciders import Decider
from .scenario import Scenario
from .spread import Spread, finite

# Levels of the curve that a picture of a cost distribution is drawn from.
CURVE_LEVELS = tuple(level / 100.0 for level in range(1, 100))
# Years of the curve of survival.
CURVE_YEARS = tuple(quarter / 4.0 for quarter in range(1, 41))

NULL_MEANS = {
    "survival_years_p50": "infinite: the cost falls at least as fast as the market price",
    "cost_usd_mtok": "infinite or not a number",
    "gross_margin_p50": "not a finite number",
    "compute_tax_p50": "not a finite number",
}


@dataclass(frozen=True)
class RaceRow:
    """How one player does.

    Attributes
    ----------
    key, title : str
    owns : tuple of str
        Layers it owns.
    cost_p05, cost_p50, cost_p95 : float
        Quantiles of the cost of a million output tokens with their prompts, delivered, USD.
    probability_cheapest : float
        Share of the scenarios in which it makes the cheapest token, exact. Where no player has a
        finite cost nobody does.
    probability_loss : float
        Share of the scenarios in which it sells below cost at the market price, exact.
    margin_p50 : float
        Median gross margin at the market price, a share of revenue.
    tax_p50 : float
        Median compute tax: what it pays for accelerators (rented or its own), or for an API, as a
        share of revenue at the market price.
    survival_p50 : float
        Median years until the falling market price meets its cost; inf for never.
    curve : tuple of float
        Cost at the quantile levels `CURVE_LEVELS`.
    survival_curve : tuple of float
        Share of the scenarios in which its margin is not negative yet after `CURVE_YEARS`, exact.
    behind : Spread
        Its cost over that of the cheapest player in the same scenario, >= 1.
    saves : mapping of str to Spread
        By layer: the share of the cost that owning it takes off, against buying it, in the same
        scenario. For a layer the player owns that is what it saves, for one it buys what it would.
        Layers that the scenario gives no other side of are absent.
    parts : mapping of str to float
        By key of :data:`.cost_parts.PARTS`: parts of the cost with every input at its median;
        empty where it is not finite.
    speed : mapping of str to Spread
        Tokens/s of one of its accelerators, ``decode`` and ``prefill``; empty for who buys an API.
    """

    key: str
    title: str
    owns: tuple[str, ...]
    cost_p05: float
    cost_p50: float
    cost_p95: float
    probability_cheapest: float
    probability_loss: float
    margin_p50: float
    tax_p50: float
    survival_p50: float
    curve: tuple[float, ...]
    survival_curve: tuple[float, ...]
    behind: Spread
    saves: Mapping[str, Spread]
    parts: Mapping[str, float]
    speed: Mapping[str, Spread]


@dataclass(frozen=True)
class RaceResult:
    """The board, as plain data.

    Attributes
    ----------
    scenario : Scenario
        What was raced.
    n, seed : int
    digest : str
        64 hexadecimal digits: equal for equal scenario, n and seed, on any machine and any number
        of threads.
    rows : tuple of RaceRow
        By median cost, cheapest first; a NaN comes last.
    deciders : tuple of Decider
        Assumptions that move the leader's lead most, first the strongest.
    architecture : Architecture or None
        A mixture of experts beside a dense model, where the scenario compares them.
    """

    scenario: Scenario
    n: int
    seed: int
    digest: str
    rows: tuple[RaceRow, ...]
    deciders: tuple[Decider, ...]
    architecture: Architecture | None = None

    @property
    def leader(self) -> RaceRow:
        """The player that is most often the cheapest; of equals the one with the lower cost."""
        return leading(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the board as plain data that strict JSON can hold.

        An infinite or undefined number is None; ``null_means`` says what that stands for.
        """
        return {
            "scenario": self.scenario.name,
            "file": self.scenario.file,
            "n": self.n,
            "seed": self.seed,
            "digest": self.digest,
            "unit": "USD per million output tokens, prompts included",
            "players": [_row_dict(row) for row in self.rows],
            "leader": self.leader.key,
            "still_earning_years": list(CURVE_YEARS),
            "deciders": [asdict(decider) for decider in self.deciders],
            "architecture": self.architecture.to_dict() if self.architecture else None,
            "warnings": list(self.scenario.warnings),
            "null_means": dict(NULL_MEANS),
        }


def leading(rows: Sequence[RaceRow]) -> RaceRow:
    """Return the row that is most often the cheapest, of equals the first."""
    return max(rows, key=lambda row: row.probability_cheapest)


def _row_dict(row: RaceRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "title": row.title,
        "owns": list(row.owns),
        "cost_usd_mtok": Spread(row.cost_p05, row.cost_p50, row.cost_p95).to_dict(),
        "probability_cheapest": row.probability_cheapest,
        "probability_loss": row.probability_loss,
        "gross_margin_p50": finite(row.margin_p50),
        "compute_tax_p50": finite(row.tax_p50),
        "survival_years_p50": finite(row.survival_p50),
        "still_earning": list(row.survival_curve),
        "cost_over_cheapest": row.behind.to_dict(),
        "owning_saves": {layer: spread.to_dict() for layer, spread in row.saves.items()},
        "cost_parts_at_medians_usd_mtok": {part: finite(usd) for part, usd in row.parts.items()},
        "tokens_per_s": {phase: spread.to_dict() for phase, spread in row.speed.items()},
    }
