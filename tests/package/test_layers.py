"""The arrows of the house, and what an import may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "tokenmill"

# who may import whom; a room may always import itself
ALLOWED = {
    "_native": set(),
    "jit": {"_native"},
    "reference": set(),
    "montecarlo": {"jit", "_native"},
    "routing": {"jit", "_native"},
    "accounting": {"jit", "_native"},
    "serving": {"routing", "accounting", "montecarlo", "jit", "_native"},
    "economics": {"serving", "routing", "accounting", "montecarlo", "jit", "_native"},
    "catalogue": set(),
    "cli": {"economics", "serving", "routing", "accounting", "montecarlo", "jit", "_native"},
}
DATA = {"_version", "catalogue"}


def imported(path: Path, text: str) -> set[str]:
    """Return every module that a file imports, relative ones made absolute."""
    package = ["tokenmill", *path.relative_to(SOURCE).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def wrong_arrows(path: Path, text: str) -> set[str]:
    """Return the imports of a file that point the wrong way."""
    room = path.relative_to(SOURCE).parts[0]
    wrong = set()
    for name in imported(path, text):
        parts = name.split(".")
        if parts[0] != "tokenmill" or len(parts) < 2:
            continue
        target = parts[1]
        if target in ALLOWED and target not in ALLOWED[room] | {room} | DATA:
            wrong.add(name)
        if "_core" in parts and room != "_native":
            wrong.add(name)
    if room == "reference":
        standard = sys.stdlib_module_names | {"numpy", "tokenmill"}
        wrong |= {n for n in imported(path, text) if n.split(".")[0] not in standard}
    if room != "_native":
        wrong |= {n for n in imported(path, text) if n.split(".")[0] == "cffi"}
    return wrong


@pytest.mark.parametrize(
    "path", sorted(SOURCE.glob("*/**/*.py")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_arrows_run_one_way(path: Path) -> None:
    assert wrong_arrows(path, path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("_native/x.py", "from ..montecarlo import sweep"),
        ("jit/x.py", "import tokenmill.montecarlo"),
        ("montecarlo/x.py", "from .. import economics"),
        ("montecarlo/x.py", "from .._native._core import lib"),
        ("reference/x.py", "import scipy"),
        ("jit/x.py", "import cffi"),
    ],
)
def test_the_test_finds_wrong_arrows(place: str, text: str) -> None:
    assert wrong_arrows(SOURCE / place, text)


@pytest.mark.parametrize(
    "module", ["tokenmill", "tokenmill.montecarlo", "tokenmill.cli", "tokenmill.reference"]
)
def test_an_import_loads_no_heavy_library(module: str) -> None:
    heavy = ["numba", "scipy", "rich", "matplotlib", "pandas"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
