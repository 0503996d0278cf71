"""The README's ledger: its command's totals are those of its SQL."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tokenmill.accounting import PriceBook, total
from tokenmill.accounting.files import open_ledger

duckdb = pytest.importorskip("duckdb")

ROOT = Path(__file__).resolve().parents[2]


def test_duckdb_finds_the_same_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = ROOT / "examples" / "generate_ledger.py"
    subprocess.run([sys.executable, example, "ledger.parquet", "20000"], check=True)
    book = PriceBook.read("prices.toml")
    batches = open_ledger("ledger.parquet").batches()
    ours = total(batches, book, convention="native", by=["team", "day"])
    query = re.search(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert query is not None
    theirs = duckdb.connect().execute(query[1]).fetchall()
    factor = 10 ** (12 - ours.scale)
    keys = zip(ours.keys["team"], ours.keys["day"], strict=True)
    expected = {key: cost * factor for key, cost in zip(keys, ours.cost, strict=True)}
    assert {(team, str(day)): int(cost) for team, day, cost in theirs} == expected
    assert ours.unpriced == 0 and len(expected) > 20
