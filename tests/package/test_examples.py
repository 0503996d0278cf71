"""The examples run, quickly, and say what they should."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
LINES = {
    "deepseek_day.py": [
        r"nodes +226.86 +226.75  \+0.05%",
        r"cost, USD a day +87,072 +87,072  \+0.00%",
        r"revenue, USD a day +562,100 +562,027  \+0.01%",
        r"cost, USD per million out +0.5185 +0.5183  \+0.05%",
        r"revenue, USD per million out +3.3458 +3.3454  \+0.01%",
        r"mark-up on cost, % +545.6 +545.0  \+0.10%",
        r"margin on price, % +84.5 +84.5  \+0.02%",
        r"ledger and list agree exactly: True",
    ],
    "generate_ledger.py": [
        r"ledger.parquet: 100,000 rows, \d\.\d MB",
        r"charge it: tokenmill charge ledger.parquet --prices prices.toml --by team,day",
    ],
    "rent_or_own.py": [
        r"owned +[\d.]+",
        r"an owned hour costs less than 2 USD in [\d.]+%",
        r"owning is cheaper in [\d.]+% of the scenarios",
        r"  utilisation +\+0\.\d\d",
        r"  capex +-0\.\d\d",
        r"the dearest owned hour, [\d.]+ USD, is scenario \d+:",
    ],
    "route_torch_tensor.py": [
        r"logits \(4096, 256\) torch.bfloat16, stride \(320, 1\)",
        r"written in place: True",
        r"first token: experts \[\d+(, \d+){7}\]",
        r"weights add up to 2.5000, the scale is 2.5",
        r"same weights in torch: True",
    ],
    "split_across_machines.py": [
        r"scenarios 100000 to 150000: \d+ KB",
        r"parts (?P<digest>[0-9a-f]{64})\nwhole (?P=digest)",
        r"equal: True",
        r"cost +[\d.]+",
    ],
}
# What an example needs beside the package.
NEEDS = {"generate_ledger.py": "pyarrow", "route_torch_tensor.py": "torch"}


def test_every_example_is_run_here() -> None:
    assert {path.name for path in FOLDER.glob("*.py")} == set(LINES)


@pytest.mark.parametrize("name", list(LINES))
def test_example(name: str, tmp_path: Path) -> None:
    needed = NEEDS.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed: the example needs it")
    command = [sys.executable, "-W", "error", str(FOLDER / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for line in LINES[name]:
        assert re.search(f"^{line}", done.stdout, re.MULTILINE), (line, done.stdout)
