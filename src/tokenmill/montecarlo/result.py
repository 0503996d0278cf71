"""The result of a sweep: statistics, digest, replay, addition, plain-data files."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._native import as_integer
from .._native.random import sample as draw
from .._native.random import stream_id
from .._native.sweep import RawMoments
from .plan import Plan
from .statistics import OutputStatistics
from .storage import read_result, result_content, write_json
from .tally import Tally, merge_moments

if TYPE_CHECKING:
    from ..jit.driver import Driver

Ranges = tuple[tuple[int, int], ...]

_TABLE_QUANTILES = (0.05, 0.5, 0.95)


class Scenario(NamedTuple):
    """One scenario, by name."""

    inputs: dict[str, float]
    outputs: dict[str, float]


class Bound(NamedTuple):
    """A compiled model with its constants; it lives in the process that made it."""

    driver: Driver
    constants: NDArray[np.float64]


def join_ranges(a: Ranges, b: Ranges) -> Ranges:
    """Return the union of disjoint ranges, neighbours joined.

    Raises
    ------
    ValueError
        They overlap.
    """
    joined: list[tuple[int, int]] = []
    for low, high in sorted(a + b):
        if joined and low < joined[-1][1]:
            raise ValueError(
                f"results overlap: scenarios {low} to {min(high, joined[-1][1]) - 1} are in both"
            )
        if joined and low == joined[-1][1]:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


@dataclass(frozen=True, eq=False)
class SweepResult:
    """Statistics of every output of a sweep.

    ``result["cost"]`` is an `OutputStatistics`. Results of disjoint ranges of one sweep add up with
    ``+`` to what one sweep over all of them gives, bit for bit, in any order; `digest` compares.
    """

    plan: Plan
    outputs: tuple[str, ...]
    thresholds: tuple[tuple[float, ...], ...]
    ranges: Ranges
    tallies: tuple[Tally, ...]
    input_moments: tuple[RawMoments, ...]
    model_fingerprint: str
    bound: Bound | None = None

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return sum(high - low for low, high in self.ranges)

    @property
    def seed(self) -> int:
        """The seed, drawn if none was given."""
        return self.plan.seed

    def __repr__(self) -> str:
        return f"<SweepResult n={self.n} outputs={list(self.outputs)} digest={self.digest[:12]}>"

    def __getitem__(self, output: str) -> OutputStatistics:
        if output not in self.outputs:
            raise KeyError(f"no output {output!r}; outputs are {list(self.outputs)}")
        place = self.outputs.index(output)
        drawn = self.plan.drawn if self.input_moments else ()
        inputs = {
            item.name: (item.centre, moments)
            for item, moments in zip(drawn, self.input_moments, strict=True)
        }
        return OutputStatistics(output, self.tallies[place], self.thresholds[place], inputs)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ranges, inputs, seed, stream version and everything counted, 64 digits."""
        content = result_content(self)
        del content["laws"], content["model_fingerprint"]
        text = json.dumps({**content, "plan": self.plan.digest}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def __add__(self, other: SweepResult) -> SweepResult:
        if not isinstance(other, SweepResult):
            return NotImplemented
        same = {
            "inputs, streams or seed": (self.plan.digest, other.plan.digest),
            "outputs": (self.outputs, other.outputs),
            "thresholds": (self.thresholds, other.thresholds),
            "model": (self.model_fingerprint, other.model_fingerprint),
            "correlations": (bool(self.input_moments), bool(other.input_moments)),
        }
        for what, (mine, theirs) in same.items():
            if mine != theirs:
                raise ValueError(f"results of different sweeps do not add up: {what} differ")
        return replace(
            self,
            ranges=join_ranges(self.ranges, other.ranges),
            tallies=tuple(a.merge(b) for a, b in zip(self.tallies, other.tallies, strict=True)),
            input_moments=tuple(
                merge_moments(a, b)
                for a, b in zip(self.input_moments, other.input_moments, strict=True)
            ),
            bound=self.bound or other.bound,
        )

    def replay(self, index: int) -> Scenario:
        """Recompute one scenario.

        Parameters
        ----------
        index : int
            Scenario index; it need not be one of this result's.

        Returns
        -------
        Scenario
            inputs and outputs by name; outputs are empty for a loaded result, which has no model.
        """
        place = as_integer("index", index, 0, 1 << 62)
        inputs = {
            item.name: float(draw(item.law, self.seed, stream_id(item.stream), place, 1, 1)[0])
            for item in self.plan.inputs
        }
        if self.bound is None:
            return Scenario(inputs, {})
        columns = np.array([[inputs[item.name]] for item in self.plan.drawn]).reshape(-1, 1)
        padded = np.zeros((len(columns), 1024))
        padded[:, :1] = columns
        results = np.zeros((len(self.outputs), 1024))
        self.bound.driver.evaluate(padded, self.bound.constants, results, 0, 1)
        return Scenario(inputs, {name: float(results[i, 0]) for i, name in enumerate(self.outputs)})

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per output: name, mean, std, stderr, min, quantiles, max."""
        rows = []
        for name in self.outputs:
            one = self[name]
            row: dict[str, Any] = {"output": name, "mean": one.mean, "std": one.std}
            row |= {"stderr": one.stderr, "min": one.min}
            row |= {f"p{round(q * 100)}": one.quantile(q) for q in _TABLE_QUANTILES}
            rows.append(row | {"max": one.max})
        return rows

    def table(self) -> str:
        """Return the rows as aligned text."""
        rows = self.rows()
        names = list(rows[0])
        cells = [names] + [
            [value if isinstance(value, str) else f"{value:.6g}" for value in row.values()]
            for row in rows
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            line[0].ljust(widths[0])
            + "".join("  " + cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))
            for line in cells
        ]
        return "\n".join(lines)

    def to_pandas(self) -> Any:
        """Return the rows as a pandas DataFrame; needs pandas."""
        import pandas

        return pandas.DataFrame(self.rows()).set_index("output")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result as JSON, all or nothing: a temporary file takes the name at the end."""
        write_json(Path(path), result_content(self) | {"digest": self.digest})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SweepResult:
        """Read a saved result; its bits, digest and sums are those of the one saved.

        Raises
        ------
        ValueError
            The file is no saved result, is damaged, or of another stream version.
        OSError
            It cannot be read.
        """
        fields, digest = read_result(Path(path))
        result = cls(**fields)
        if result.digest != digest:
            raise ValueError(f"{path}: key 'digest': expected {result.digest}, found {digest!r}")
        return result
