"""Pages of worked examples: every example gives what stands below it."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {
    name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("economics", "serving")
}
EXAMPLES = {
    page: re.findall(r"```python\n(.*?)\n```\n\n```text\n(.*?)\n?```", text, re.DOTALL)
    for page, text in PAGES.items()
}
NUMBERED = [(page, number) for page, found in EXAMPLES.items() for number in range(len(found))]


@pytest.fixture(scope="module")
def names() -> dict[str, dict[str, Any]]:
    """What the examples of each page so far have defined: later ones go on from there."""
    return {page: {} for page in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_every_example_has_its_output(page: str) -> None:
    assert len(EXAMPLES[page]) == PAGES[page].count("```python") >= 4


@pytest.mark.parametrize(("page", "number"), NUMBERED)
def test_an_example_prints_what_stands_below_it(
    page: str, number: int, names: dict[str, dict[str, Any]]
) -> None:
    code, expected = EXAMPLES[page][number]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names[page])
    assert printed.getvalue().rstrip() == expected


@pytest.mark.parametrize("page", PAGES)
def test_lines_fit_the_page(page: str) -> None:
    inside = [line for code, _ in EXAMPLES[page] for line in code.splitlines()]
    assert max(map(len, inside)) <= 110
