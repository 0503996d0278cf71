"""Every contestant of every row under pytest-benchmark: ``python -m pytest benchmarks``.

One group per row, so that its table shows ours beside each baseline. The ratios of the README
come from `benchmarks.run`, where contestants take turns, which a shared machine needs.
"""

from __future__ import annotations

from typing import Any

import pytest

from .row import Build
from .run import all_rows

CONTESTANTS = [
    pytest.param(row.name, build, id=f"{row.name}: {name}")
    for row in all_rows()
    for name, build in {"tokenmill": row.ours, **row.baselines}.items()
]


@pytest.mark.parametrize(("group", "build"), CONTESTANTS)
def test_row(benchmark: Any, group: str, build: Build) -> None:
    benchmark.group = group
    try:
        work = build()
    except ImportError as error:
        pytest.skip(str(error))
    benchmark(work)
