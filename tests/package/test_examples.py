"""The examples run and say what they should."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
LINES = {
    "rent_or_own.py": ["owning is cheaper in", "  utilisation"],
    "split_across_machines.py": ["equal: True", "cost"],
}


def test_every_example_is_run_here() -> None:
    assert {path.name for path in FOLDER.glob("*.py")} == set(LINES)


@pytest.mark.parametrize("name", list(LINES))
def test_example(name: str) -> None:
    done = subprocess.run(
        [sys.executable, FOLDER / name], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    for line in LINES[name]:
        assert line in done.stdout
