"""The rows of accounting: ``python -m benchmarks.accounting [ROWS]`` writes their JSON.

Before a contestant is timed, its totals have to equal those of NumPy, token for token and 10^-12
USD for 10^-12 USD.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from tokenmill._native import available_cores, select_isa

from . import accounting_baselines as arrays
from . import accounting_duckdb as duckdb
from . import accounting_polars as polars
from . import accounting_sql as sql
from . import limits
from .accounting_calculators import CALCULATORS, MODEL, REQUESTS, exact_cost
from .accounting_ours import costs_of_rows, requests_at_once, total_by_team
from .accounting_work import Case, Contestant, Totals
from .row import Row, Work
from .run import RESULTS, machine_info, slug, timed

LEDGER_ROWS = 2_000_000
MakeContestant = Callable[[Case, int], Contestant]

SIMPLE: dict[str, MakeContestant] = {
    "DuckDB": duckdb.key_join,
    "Polars": polars.gather,
    "Polars join": polars.key_join,
    "pandas": arrays.pandas_merge,
    "numpy": arrays.numpy_gather,
    "numpy by (team, model)": arrays.numpy_cells,
    "naive numba": arrays.numba_loop,
}
REALISTIC: dict[str, MakeContestant] = {
    "DuckDB": duckdb.key_join,
    "Polars": polars.gather,
    "Polars join": polars.key_join,
    "pandas": arrays.pandas_merge,
    "numpy": arrays.numpy_gather,
    "naive numba": arrays.numba_loop,
}
# As users write it: slow enough to be timed in one row each.
BY_NAME: dict[str, MakeContestant] = {"DuckDB join by name": sql.model_join}
BY_RANGE: dict[str, MakeContestant] = {
    "DuckDB range join": sql.range_join,
    "DuckDB ASOF join": sql.asof_join,
    "Polars join_asof": polars.asof_join,
}
# The cost of each row, which only these return; ours returns totals beside it.
COSTS: dict[str, MakeContestant] = {
    "DuckDB": duckdb.key_join_costs,
    "Polars": polars.gather_costs,
    "numpy": arrays.numpy_costs,
}


@lru_cache(maxsize=1)
def expected(case: Case, make: MakeContestant) -> Totals:
    """Return what everybody has to find, as NumPy's `make` finds it."""
    one = make(case, 1)
    return one.read(one.run())


def checked(contestant: Contestant, totals: Totals) -> Work:
    """Return what is timed of a contestant that has found these totals."""
    if (found := contestant.read(contestant.run())) != totals:
        different = sum(found.get(group) != values for group, values in totals.items())
        raise ValueError(f"totals: expected those of NumPy, found {different} other groups")
    return contestant.run


def row(
    name: str,
    case: Case,
    contestants: Mapping[str, MakeContestant],
    target_ns: float | None = None,
    threads: int = 1,
    mine: MakeContestant = total_by_team,
) -> Row:
    """Return the row of a case; the limit is one read of its columns."""

    def build(make: MakeContestant) -> Work:
        return checked(make(case, threads), expected(case, contestants["numpy"]))

    return Row(
        name,
        "row",
        case.rows,
        partial(build, mine),
        {name: partial(build, make) for name, make in contestants.items()},
        target_ns=target_ns,
        bytes_read=case.bytes_per_row,
    )


def requests_row() -> Row:
    """Return the row of a few requests: one call of ours beside a call for each of them."""
    totals: Totals = {MODEL: (exact_cost(),)}

    def build(make: Callable[[], Contestant]) -> Work:
        return checked(make(), totals)

    return Row(
        f"charge {REQUESTS} requests, beside a call each",
        "request",
        REQUESTS,
        partial(build, requests_at_once),
        {name: partial(build, make) for name, make in CALCULATORS.items()},
    )


def rows(size: int = LEDGER_ROWS) -> list[Row]:
    """Return the rows of the design, then those of other widths, threads and sizes."""
    simple, realistic = Case("simple", size), Case("realistic", size)
    any_order = Case("realistic", size, order="any")
    wide = Case("realistic", size, "int64")
    cores = available_cores()
    on_cores = {name: make for name, make in REALISTIC.items() if name != "pandas"}
    return [
        row("charge simple", simple, SIMPLE | BY_NAME, 4.0),
        row("charge realistic, near-time-sorted", realistic, REALISTIC | BY_RANGE, 10.0),
        row("charge realistic, any order", any_order, REALISTIC, 16.0),
        row("charge realistic, int64 counts", wide, REALISTIC),
        row("charge realistic, cost of each row", realistic, COSTS, mine=costs_of_rows),
        row("charge realistic, all cores", realistic, on_cores, threads=cores),
        requests_row(),
    ]


def measure(size: int) -> dict[str, Any]:
    """Time every row on each instruction set, beside the limits of the same run."""
    info = machine_info()
    content: dict[str, Any] = {"machine": info, "limits": limits.measure(), "rows": []}
    for isa in [name for name in info["isa_available"] if name != "baseline"]:
        select_isa(isa)
        for one in rows(size):
            content["rows"].append(timed(one, isa, content["limits"], 7))
            print(json.dumps(content["rows"][-1]), flush=True)
    return content


def main() -> None:
    """Measure and write the JSON."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else LEDGER_ROWS
    content = measure(size)
    out = RESULTS / slug(content["machine"]) / "accounting.json"
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
