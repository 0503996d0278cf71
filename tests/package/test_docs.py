"""The README's example runs as pasted, and the documents say what is so."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tokenmill import ModelError, SweepResult, sweep
from tokenmill.montecarlo import Uniform

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def block(language: str) -> str:
    return README.split(f"```{language}\n")[1].split("\n```")[0]


def cost(rent, hours):  # type: ignore[no-untyped-def]
    return rent * hours


def run(start: int = 0, seed: object = 1, **inputs: object) -> SweepResult:
    drawn = inputs or {"rent": Uniform(1.0, 2.0), "hours": 10.0}
    return sweep(cost, drawn, n=1000, start=start, seed=seed)  # type: ignore[arg-type]


def uncompilable() -> object:
    def cost(rent):  # type: ignore[no-untyped-def]
        return open(rent)

    return sweep(cost, {"rent": 1.0}, n=1)


EXAMPLES = re.findall(r"```python\n(.*?)\n```\n\nprints\n\n```text\n(.*?)\n```", README, re.DOTALL)


def test_every_example_of_the_readme_says_what_it_prints() -> None:
    assert len(EXAMPLES) == README.count("```python") == 2


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_prints_what_stands_below_it(number: int, tmp_path: Path) -> None:
    code, printed = EXAMPLES[number]
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == printed


@pytest.mark.parametrize(
    ("command", "by_pip"),
    [
        ("make race", "pip install '.[cli]' && tokenmill race --plot race.png"),
        ("make test", "pip install -e '.[cli,test]' && pytest"),
    ],
)
def test_the_two_commands_stand_beside_their_pip_equivalents(command: str, by_pip: str) -> None:
    line = next(line for line in README.splitlines() if line.startswith(f"| `{command}`"))
    assert f"`{by_pip}`" in line
    target = command.removeprefix("make ")
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "text", "call"),
    [
        (ModelError, "model: numba cannot compile cost()", uncompilable),
        (
            TypeError,
            "inputs: cost() needs 'rent', which has neither an input nor a default",
            lambda: run(hours=1.0),
        ),
        (
            TypeError,
            "inputs: cost() has no argument 'rents'",
            lambda: run(rent=1.0, hours=1.0, rents=1.0),
        ),
        (
            ValueError,
            "results overlap: scenarios 0 to 999 are in both",
            lambda: run() + run(),
        ),
        (
            ValueError,
            "results of different sweeps do not add up: inputs, streams or seed differ",
            lambda: run() + run(1000, seed=2),
        ),
        (
            TypeError,
            "seed: expected an integer or None, found a NumPy generator",
            lambda: run(seed=np.random.default_rng(1)),
        ),
    ],
)
def test_a_gotcha_quotes_the_error(
    kind: type[Exception], text: str, call: Callable[[], object]
) -> None:
    assert text in README
    with pytest.raises(kind, match=re.escape(text)):
        call()


def test_the_gotcha_of_the_environment_variable_quotes_the_error() -> None:
    text = "UnknownIsaError: environment variable TOKENMILL_ISA: instruction set: expected one of"
    assert text in README
    done = subprocess.run(
        [sys.executable, "-c", "import tokenmill"],
        env={**os.environ, "TOKENMILL_ISA": "none"},
        capture_output=True,
        text=True,
    )
    assert text in done.stderr


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if not target.startswith("http")]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_the_table_is_the_one_of_the_committed_figures() -> None:
    command = [sys.executable, "-m", "benchmarks.report", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
