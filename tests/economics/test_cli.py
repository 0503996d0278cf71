"""The command as a user runs it: output, exit status, files, interrupts."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from tokenmill.cli import main
from tokenmill.cli.arguments import build_parser
from tokenmill.cli.failure import CommandError
from tokenmill.cli.files import write_whole
from tokenmill.cli.text import answer, format_table, percent, usd, years
from tokenmill.economics import RaceResult

# A scenario that races without compiling the serving model.
STATED = str(Path(__file__).parent / "first_edition.toml")
WITHOUT = "import sys; sys.modules.update({}); from tokenmill.cli import main; sys.exit(main({}))"


def run(*arguments: str, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, some libraries made impossible to import."""
    code = WITHOUT.format(dict.fromkeys(without), list(arguments))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; return its one line."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("tokenmill: error: ")
    return captured.err


def test_json_is_alone_on_stdout_and_strict() -> None:
    options = ("--n", "2_000", "--seed", "7", "--threads", "1", "--json")
    done = run("race", "--scenario", STATED, *options)
    assert (done.returncode, done.stderr) == (0, "")

    def no_constants(text: str) -> float:
        raise AssertionError(text)

    data = json.loads(done.stdout, parse_constant=no_constants)
    assert (data["n"], data["seed"]) == (2000, 7)
    assert len(data["players"]) == 7


def test_a_plain_table_without_rich_and_matplotlib() -> None:
    done = run("race", "--scenario", STATED, "--n", "2e3", without=("rich", "matplotlib"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "P(cheapest)" in done.stdout
    assert "makes the cheapest token" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("option", ["--plot", "--html"])
def test_a_picture_without_matplotlib_names_the_extra(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / ("a.png" if option == "--plot" else "a.html")
    assert "pip install 'tokenmill[cli]'" in refused(capsys, "race", option, str(path))
    assert not path.exists()


def test_files_are_written_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, page = tmp_path / "race.png", tmp_path / "race.html"
    page.write_text("before")
    outputs = ["--plot", str(picture), "--html", str(page)]
    status = main(["race", "--scenario", STATED, "--n", "2000", *outputs])
    assert status == 0
    assert f"wrote {picture}" in capsys.readouterr().err
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["race.html", "race.png"]
    assert picture.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.html"
    path.write_text("before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CommandError, match="no space left"):
        write_whole(path, b"after")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"after")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.html"]
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--plot", "{}/none/a.png"), "no such file or directory"),
        (("--html", "{}/none/a.html"), "no such file or directory"),
        (("--plot", "{}/a.gif"), "expected a name that ends in .png"),
        (("--plot", "{}/a"), "no suffix"),
        (("--plot", ""), "no suffix"),
        (("--html", "{}/a.png"), "expected a name that ends in .html"),
        (("--plot", "{}/folder.png"), "expected a file, found a folder"),
        (("--plot", "{}/file/a.png"), "not a directory"),
        (("--scenario", "{}/none.toml"), "expected a readable file"),
        (("--scenario", "{}"), "is a directory"),
        (("--scenario", "{}/file"), "expected valid TOML"),
    ],
)
def test_what_cannot_work_is_refused_before_the_race(
    arguments: tuple[str, str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("= no TOML")
    monkeypatch.setattr("tokenmill.cli.race.race", lambda *_, **__: pytest.fail("it raced"))
    option, path = arguments
    assert reason in refused(capsys, "race", option, path.format(tmp_path))


@pytest.mark.parametrize(
    "arguments",
    [
        ("race", "--n", "0"),
        ("race", "--n", "1.5"),
        ("race", "--n", "nan"),
        ("race", "--n", "inf"),
        ("race", "--n", "1e999999999"),
        ("race", "--n", "many"),
        ("race", "--seed", "-1"),
        ("race", "--seed", str(1 << 64)),
        ("race", "--seed", "x"),
        ("race", "--threads", "0"),
        ("race", "--thread", "1"),
        ("race", "--unknown"),
        ("no-such-command",),
        (),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "tokenmill" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("race", "--sed", "1"), ("race", "mine.toml")])
def test_an_unknown_argument_is_answered_with_the_usage_of_its_command(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    error = capsys.readouterr().err
    assert error.startswith("usage: tokenmill race ") and "--seed SEED" in error
    assert f"tokenmill race: error: unknown argument {arguments[1]!r}" in error


@pytest.mark.parametrize(("text", "n"), [("1e6", 10**6), ("1_000", 1000), ("2.5e3", 2500)])
def test_ways_to_write_a_count(text: str, n: int) -> None:
    assert build_parser().parse_args(["race", "--n", text]).n == n


def test_a_scenario_of_ones_own_and_its_notes(
    tmp_path: Path, stated: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(
        stated.replace(
            b'kw = {value=1.45, source="worked", confidence="B"}',
            b'kw = {value=1.45, source="worked", confidence="D"}',
        )
    )
    assert main(["race", "--n", "1000", "--scenario", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["file"] == str(path)
    assert captured.err.startswith("tokenmill: note: players.neocloud.kw is unverified (grade D")


def test_help_is_instant_and_complete() -> None:
    code = (
        "import sys\nfrom tokenmill.cli import main\n"
        "try:\n    main(['race', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numba', 'rich', 'matplotlib', 'llvmlite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("[]\n")
    for option in ("--n", "--seed", "--threads", "--scenario", "--json", "--plot", "--html"):
        assert option in done.stdout


def test_info_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    assert "isa_active" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0


@pytest.mark.usefixtures("answers_ctrl_c")
def test_an_interrupt_ends_with_130_and_without_a_trace(tmp_path: Path) -> None:
    page = tmp_path / "race.html"
    command = [sys.executable, "-m", "tokenmill", "race", "--scenario", STATED, "--n", "1e12"]
    command += ["--html", str(page)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(4.0)  # past the start of the interpreter, which answers signals its own way
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_early() -> None:
    command = f"{sys.executable} -m tokenmill info | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_the_table_lines_up(board: RaceResult) -> None:
    lines = format_table(board)
    body = [line for line in lines[1:] if not line.startswith("-")]
    assert len(body) == 1 + len(board.rows)
    assert {len(line) for line in body} == {len(lines[1])}
    assert max(map(len, lines)) <= 110


def test_the_answer_is_one_sentence(board: RaceResult) -> None:
    text = answer(board)
    assert text.startswith("US hyperscaler ")
    assert text.endswith(".") and text.count(". ") == 0
    assert "what decides it most" in text


@pytest.mark.parametrize(("width", "whole"), [(80, False), (130, True)])
def test_a_rich_table(
    board: RaceResult,
    width: int,
    whole: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("rich")
    from tokenmill.cli.terminal import print_board

    monkeypatch.setenv("COLUMNS", str(width))
    print_board(board)
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert max(map(len, lines)) <= width
    for row in board.rows:
        assert sum(row.title.split(" (")[0] in line for line in lines) >= 1
        assert (row.title in printed) or not whole
    assert answer(board) in " ".join(printed.split())


def test_the_progress_bar_counts(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    from tokenmill.cli.progress import RichProgress

    with RichProgress("compiling", "racing") as progress:
        assert progress(5, 10) is None


def test_the_page_is_self_contained_and_escaped(board: RaceResult) -> None:
    pytest.importorskip("matplotlib")
    from tokenmill.cli.page import html_page

    evil = "<script>alert('x')</script>"
    spoiled = replace(
        board,
        scenario=replace(board.scenario, name=evil, text=evil, warnings=(evil,)),
        rows=(replace(board.rows[0], title=evil), *board.rows[1:]),
    )
    text = html_page(spoiled)
    assert "<script" not in text
    for outside in ("src=", 'href="http', "@import", "url("):
        assert outside not in text.replace("url(#", "")
    assert text.count("<svg") == 1
    for source in ("CloudMatrix384", "SGLang", board.digest):
        assert source in text


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_a_picture_depends_on_the_board_alone(board: RaceResult, format: str) -> None:
    pytest.importorskip("matplotlib")
    from tokenmill.cli.plot import picture

    assert picture(board, format) == picture(board, format)


def test_a_picture_of_what_does_not_vary_or_is_infinite(board: RaceResult) -> None:
    """A hill needs a width and a finite cost; warnings of NumPy or matplotlib are errors here."""
    pytest.importorskip("matplotlib")
    from tokenmill.cli.plot import picture

    first, second, *rest = board.rows
    fixed = replace(first, cost_p05=1.0, cost_p50=1.0, cost_p95=1.0, curve=(1.0,) * 99)
    lost = replace(second, cost_p05=inf, cost_p50=inf, cost_p95=inf, curve=(inf,) * 99)
    lost = replace(lost, margin_p50=-inf, tax_p50=inf)
    spoiled = replace(board, n=1, rows=(fixed, *rest, lost))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture(spoiled).startswith(b"\x89PNG")


def test_numbers_as_they_are_read() -> None:
    assert [usd(x) for x in (0.1354, 12.34, 123.4, 1234.5, float("inf"))] == [
        "0.135",
        "12.3",
        "123",
        "1,234",
        "inf",
    ]
    assert [percent(x) for x in (0.0, 1e-6, 0.5, 0.99999, 1.0, float("nan"))] == [
        "0.0 %",
        "< 0.1 %",
        "50.0 %",
        "> 99.9 %",
        "100.0 %",
        "-",
    ]
    assert [years(x) for x in (0.0, 3.14, 200.0, float("inf"))] == [
        "0.0 y",
        "3.1 y",
        "> 99 y",
        "> 99 y",
    ]
