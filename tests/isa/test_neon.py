"""NEON in an emulator gives the bits of the kernels that run here; needs a cross compiler."""

import shutil
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tokenmill import config

ROOT = Path(__file__).resolve().parents[2]
CROSS = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64"


def checksums(
    compiler: str, extra: list[str], runner: list[str], folder: Path
) -> dict[str, list[str]]:
    """Return the lines that print_bits.c prints for each instruction set."""
    program = folder / compiler
    csrc = ROOT / "csrc"
    sources = [
        csrc / "dispatch.c",
        *sorted(csrc.glob("entries/*.c")),
        *sorted(csrc.glob("isa/*.c")),
    ]
    flags = [*str(config()["flags"]).split(), "-static", f"-I{csrc}", f"-I{csrc / 'include'}"]
    main = Path(__file__).with_name("print_bits.c")
    subprocess.run([compiler, *flags, *extra, *sources, main, "-o", program], check=True)
    printed = subprocess.run([*runner, program], capture_output=True, text=True, check=True).stdout
    found = defaultdict(list)
    for line in printed.splitlines():
        isa, rest = line.split(" ", 1)
        found[isa].append(rest)
    return found


def test_neon_has_the_bits_of_this_machine(tmp_path: Path) -> None:
    missing = [tool for tool in ("gcc", CROSS, EMULATOR) if not shutil.which(tool)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: Debian's gcc-aarch64-linux-gnu and qemu-user")
    with ThreadPoolExecutor(2) as pool:
        # quickly compiled: how the kernels of this machine are optimised, others test
        native = pool.submit(checksums, "gcc", ["-O1"], [], tmp_path)
        emulated = checksums(CROSS, [], [EMULATOR], tmp_path)
        here = native.result()
    assert set(emulated) == {"baseline", "neon"}
    kernels = {line.rsplit(" ", 1)[0] for line in here["baseline"]}
    assert len(here["baseline"]) >= 14 and {"route ids", "charge cost", "charge totals"} <= kernels
    assert all(lines == here["baseline"] for lines in [*here.values(), *emulated.values()])
