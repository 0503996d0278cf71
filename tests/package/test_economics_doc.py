"""The economics page: every example gives what stands below it."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "economics.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)\n```\n\n```text\n(.*?)\n?```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the examples so far have defined: later ones go on from there."""
    return {}


def test_every_example_has_its_output() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") == 13


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_prints_what_stands_below_it(number: int, names: dict[str, Any]) -> None:
    code, expected = EXAMPLES[number]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    assert printed.getvalue().rstrip() == expected


def test_lines_fit_the_page() -> None:
    inside = [line for code, _ in EXAMPLES for line in code.splitlines()]
    assert max(map(len, inside)) <= 110
