"""The catalogue page: its examples print what stands below them, and its tables are so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tokenmill.serving import default_catalogue, load_overrides
from tokenmill.serving.catalogue import KINDS
from tokenmill.serving.hf_config import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)


def test_every_example_says_what_it_prints() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") == 2


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_prints_what_stands_below_it(number: int) -> None:
    code, printed = EXAMPLES[number]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == printed


def test_the_table_counts_the_entries() -> None:
    found = re.findall(r"\| `(\w+)` \| (\d+) \| `(\w+\.toml)` \| `(\w+)`", PAGE)
    catalogue = default_catalogue()
    assert [(name, int(size)) for name, size, _, _ in found] == [
        (name, len(getattr(catalogue, name))) for name in KINDS
    ]
    assert [kind for *_, kind in found] == [kind.__name__ for kind in KINDS.values()]
    folder = ROOT / "src" / "tokenmill" / "catalogue" / "serving"
    assert all((folder / file).is_file() for _, _, file, _ in found)


def test_the_file_of_overrides_is_one(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(PAGE.split("```toml\n")[1].split("\n```")[0], encoding="utf-8")
    own = load_overrides(path)
    assert own.accelerators["H100"].evidence_of("rent_usd_h").confidence == "B"
    assert own.accelerators["KunlunP800"].unverified == ("gemm_scale",)
    assert own.models["house_8b"].total_parameters == own.models["llama_3_1_8b"].total_parameters


def test_the_model_types_are_those_that_are_read() -> None:
    listed = PAGE.split("wrappers with one of them inside:")[1].split(". Others")[0]
    assert re.findall(r"`(\w+)`", listed) == sorted(FAMILIES)
