"""The README's example runs as pasted and prints what the README says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return README.split(f"```{language}\n")[1].split("\n```")[0]


def test_the_example_prints_what_stands_below_it(tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(block("python"), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == block("text")


def test_the_two_commands_are_there() -> None:
    assert "`make race`" in README
    assert "`make test`" in README


def test_the_table_is_the_one_of_the_committed_figures() -> None:
    command = [sys.executable, "-m", "benchmarks.report", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
