"""The command when its streams and files misbehave: one line on stderr, exit 2."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tokenmill.cli.failure import CommandError
from tokenmill.cli.files import check_writable, write_whole
from tokenmill.cli.text import answer, heading
from tokenmill.economics import RaceResult, ScenarioError, load_scenario


def shell(tail: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell that redirects its streams."""
    command = f"{sys.executable} -m tokenmill {tail}"
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_one_line() -> None:
    done = shell("info >/dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tokenmill: error: no space left on device\n"


def test_a_closed_stdout_is_refused_before_the_race() -> None:
    done = shell("race --n 1e15 >&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tokenmill: error: stdout is closed\n"


def test_a_closed_stderr_leaves_json_alone_on_stdout(tmp_path: Path, stated: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(stated.replace(b'"prices", confidence="A"', b'"prices", confidence="D"'))
    done = shell(f"race --n 100 --json --scenario {path} 2>&-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["warnings"]


@pytest.mark.parametrize("tail", ["race --n 0", "race --scenario none.toml"])
def test_a_closed_stderr_sends_no_error_to_stdout(tail: str) -> None:
    done = shell(f"{tail} 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_name_that_is_too_long_is_refused_before_the_race(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--plot .*cannot write there: file name too long"):
        check_writable("--plot", tmp_path / ("a" * 300 + ".png"), (".png",))


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 4) + ".png")
    check_writable("--plot", path, (".png",))
    write_whole(path, b"whole")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"whole"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_entered(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    with pytest.raises(CommandError, match="permission denied"):
        check_writable("--html", folder / "a.html", (".html",))


def test_a_scenario_is_named_by_a_path() -> None:
    with pytest.raises(ScenarioError, match="^'': expected a readable file"):
        load_scenario("")
    with pytest.raises(TypeError, match="scenario: expected the path of a file, found 5"):
        load_scenario(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="scenario: expected the path of a file, found b'x'"):
        load_scenario(b"x")  # type: ignore[arg-type]


def test_few_scenarios_make_no_one_sure(board: RaceResult) -> None:
    sure = tuple(
        replace(row, probability_cheapest=float(row is board.leader)) for row in board.rows
    )
    words = {1: "probably", 10: "very likely", 10**6: "almost surely"}
    for n, word in words.items():
        assert f" {word} makes the cheapest token" in answer(replace(board, n=n, rows=sure))
    assert "1 scenario," in heading(replace(board, n=1))
