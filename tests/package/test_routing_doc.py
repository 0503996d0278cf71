"""The routing pages: their examples print what stands below them, and their tables are so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tokenmill.routing import RouterSpec, presets, route

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
ROWS = json.loads((ROOT / "tests" / "routing" / "rule_rows.json").read_text(encoding="utf-8"))
BATCH = (ROOT / "docs" / "routing_batch.md").read_text(encoding="utf-8")
PAIRS = r"```python\n(.*?)\n```\n\n```text\n(.*?)\n```"
EXAMPLES = [pair for page in (PAGE, BATCH) for pair in re.findall(PAIRS, page, re.DOTALL)]


def section(title: str) -> list[list[str]]:
    """Return the cells of the table below a title, without its head."""
    text = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


RULES = {cells[0]: cells[1] for cells in section("The rules")}


def fields_of(cell: str) -> dict[str, object]:
    """Evaluate the fields that stand as code in a cell."""
    code = re.match(r"`([^`]*)`", cell)
    namespace: dict[str, object] = {}
    exec(f"fields = dict({code[1] if code else ''})", namespace)  # the page's own text
    return namespace["fields"]  # type: ignore[return-value]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3 == (PAGE + BATCH).count("```python")


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_prints_what_stands_below_it(number: int, tmp_path: Path) -> None:
    code, expected = EXAMPLES[number]
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == expected


@pytest.mark.parametrize("rule", list(RULES))
def test_the_fields_of_a_rule_give_its_known_answer(rule: str) -> None:
    spec = RouterSpec(**({"experts": 8, "top_k": 3} | fields_of(RULES[rule])))  # type: ignore[arg-type]
    rows = [row for row in ROWS if row["rule"] == rule]
    row = next(
        row for row in rows if RouterSpec(**({"experts": 8, "top_k": 3} | row["fields"])) == spec
    )
    arrays = {
        name: row[name]
        for name in ("bias", "expert_scale", "token_ids", "hash_table")
        if name in row
    }
    found = route(np.array(row["logits"]), spec, **arrays)
    assert found.expert_ids.tolist() == row["expert_ids"]
    np.testing.assert_allclose(found.weights, row["weights"], rtol=1e-7)


def test_the_table_has_every_rule() -> None:
    assert {f"R{number}" for number in (*range(1, 19), 27)} | {"product keys"} <= set(RULES)


def test_the_table_of_presets_is_the_list() -> None:
    listed: dict[str, list[str]] = {}
    for one in presets():
        listed.setdefault(one.rule, []).append(one.name)
    table = {rule: re.findall("`([^`]+)`", names) for rule, names in section("Presets")}
    assert table == listed
