"""The benchmark harness: its intervals, its limits, and the names of the rows users compare."""

import json
import time

import pytest

from benchmarks import accounting, accounting_report, routing_report
from benchmarks.paired import compare, median, sign_test_interval
from benchmarks.report import load, table
from benchmarks.routing_grid import cases
from benchmarks.run import all_rows

ROWS = [
    "uniform double",
    "normal double",
    "lognormal double",
    "exact sum and sum of squares",
    "log-histogram add",
    "fused 6-input sweep",
    "fused 6-input sweep with correlations",
    "top-8 of 256, softmax, renormalised",
    "top-8 of 256, softmax, not renormalised",
    "DeepSeek-V3 gate",
    "dispatch plan, 524,288 slots, 256 experts",
    "permute 8,192 rows of 2,048 float32",
    "combine 8,192 rows of 2,048 float32",
    "serving cost, one deployment, all inputs uncertain",
    "serving cost, expert skew uncertain too",
]


def test_the_rows_keep_their_names() -> None:
    assert [row.name for row in all_rows()] == ROWS


def test_every_committed_row_is_one_of_them() -> None:
    content = load()
    vectors = [isa for isa in content["machine"]["isa_available"] if isa != "baseline"]
    expected = [(isa, name) for isa in vectors for name in ROWS]
    assert [(row["isa"], row["row"]) for row in content["rows"]] == expected
    for row in all_rows():
        for found in (found for found in content["rows"] if found["row"] == row.name):
            assert list(found["baselines"]) == list(row.baselines)
            assert found["limit_ns"] == row.limit_ns(content["limits"])


def test_a_loss_stays_in_the_table() -> None:
    content = json.loads(json.dumps(load()))
    name, found = next(iter(content["rows"][0]["baselines"].items()))
    found |= {"ratio": 0.25, "interval": [0.2, 0.3]}
    assert f"{name} 0.2x [0.2, 0.3]" in table(content)


def test_the_page_of_the_grid_is_that_of_the_committed_json() -> None:
    content = routing_report.load()
    cells = [(c["rule"], c["dtype"], c["experts"], c["top_k"]) for c in content["cells"]]
    assert cells == [(c.rule, c.dtype, c.experts, c.top_k) for c in cases()]
    assert routing_report.PAGE.read_text(encoding="utf-8") == routing_report.page(content)


@pytest.mark.parametrize(
    ("n", "skip"), [(5, 0), (6, 0), (7, 0), (8, 0), (9, 1), (11, 1), (12, 2), (21, 5)]
)
def test_the_interval_is_that_of_the_sign_test(n: int, skip: int) -> None:
    # the largest skip with 2 P(Binomial(n, 1/2) <= skip) <= 0.05, Conover 1999, section 3.2
    values = [float(value) for value in range(n)]
    assert sign_test_interval(values) == (float(skip), float(n - 1 - skip))
    assert median(values) == (n - 1) / 2


def test_contestants_take_turns_and_the_ratio_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    turns: list[str] = []

    def work(name: str, seconds: float) -> None:
        nonlocal clock
        clock += seconds
        turns.append(name)

    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    found = compare(lambda: work("ours", 1.0), lambda: work("baseline", 3.0), 7, 0.5)
    assert turns[-6:] == ["ours", "baseline"] * 3
    assert (found.seconds, found.ratio, found.low, found.high) == (1.0, 3.0, 3.0, 3.0)


def test_the_accounting_page_shows_the_committed_json() -> None:
    content = accounting_report.load()
    assert accounting_report.PAGE.read_text(encoding="utf-8") == accounting_report.page(content)
    names = [row.name for row in accounting.rows()]
    vectors = [isa for isa in content["machine"]["isa_available"] if isa != "baseline"]
    expected = [(isa, name) for isa in vectors for name in names]
    assert [(row["isa"], row["row"]) for row in content["rows"]] == expected
