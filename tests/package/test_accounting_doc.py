"""The accounting page: its files, command and examples give what stands below them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tokenmill.accounting import CONVENTIONS, Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "accounting.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(python|sh)\n(.*?)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)


def block(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


def cells(title: str) -> list[list[str]]:
    """Return the rows of the table in a section, without its head."""
    text = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_block_of_code_has_its_output() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") + PAGE.count("```sh") == 9


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_prints_what_stands_below_it(number: int, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(block("toml"))
    (tmp_path / "ledger.csv").write_text(block("csv"))
    language, code, expected = EXAMPLES[number]
    command = [sys.executable, "-c", code]
    if language == "sh":
        command = [sys.executable, "-m", *code.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == (3 if language == "sh" else 0), done.stderr
    assert done.stdout.rstrip() == expected


def test_the_tables_are_the_code() -> None:
    assert [row[0].strip("`") for row in cells("Statuses")] == [status.name for status in Status]
    stated = {row[0].strip("`"): row[1:3] for row in cells("Conventions: what a ledger counts")}
    words = {True: "yes", False: "no"}
    assert stated == {
        name: [words[one.cache_in_input], words[one.reasoning_in_output]]
        for name, one in CONVENTIONS.items()
    }
