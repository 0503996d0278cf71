"""The arrows of the house, and what an import may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "tokenmill"

# Who may import whom; a room may always import itself. Rooms that are planned have their place.
FLOORS: list[set[str]] = [
    {"_native"},
    {"jit"},
    {"routing", "accounting", "montecarlo"},
    {"serving"},
    {"economics"},
    {"cli"},
]
ALLOWED: dict[str, set[str]] = {
    room: set().union(*FLOORS[:height]) for height, floor in enumerate(FLOORS) for room in floor
}
ALLOWED |= {"reference": set(), "catalogue": set(), "bench": set().union({"reference"}, *FLOORS)}
DATA = {"_version", "catalogue"}
# The names that stand for the C library and its data.
CDATA = {"_core", "lib", "ffi"}


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
        if target == "_native" and room != "_native" and CDATA & set(parts):
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
        ("montecarlo/x.py", "from .. import routing"),
        ("routing/x.py", "from ..accounting.totals import total"),
        ("economics/x.py", "def later():\n    from ..cli import main"),
        ("cli/x.py", "from ..reference import philox"),
        ("montecarlo/distributions/x.py", "from ...reference.quantiles import normal"),
        ("montecarlo/x.py", "from .._native._core import lib"),
        ("jit/x.py", "from .._native.sweep import ffi"),
        ("reference/x.py", "from .. import _native"),
        ("reference/x.py", "import scipy"),
        ("jit/x.py", "import cffi"),
    ],
)
def test_the_test_finds_wrong_arrows(place: str, text: str) -> None:
    assert wrong_arrows(SOURCE / place, text)


def test_every_room_has_its_place() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms <= set(ALLOWED)


def test_the_front_door_reaches_no_higher_than_montecarlo() -> None:
    path = SOURCE / "__init__.py"
    targets = {
        name.split(".")[1]
        for name in imported(path, path.read_text(encoding="utf-8"))
        if name.startswith("tokenmill.")
    }
    assert targets <= {"_native", "_version", "montecarlo"}


@pytest.mark.parametrize(
    "module",
    [
        "tokenmill",
        "tokenmill.montecarlo",
        "tokenmill.routing",
        "tokenmill.accounting",
        "tokenmill.accounting.files",
        "tokenmill.accounting.ledger",
        "tokenmill.serving",
        "tokenmill.cli",
        "tokenmill.reference",
    ],
)
def test_an_import_loads_no_heavy_library(module: str) -> None:
    heavy = ["numba", "scipy", "rich", "matplotlib", "pandas", "pyarrow"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
