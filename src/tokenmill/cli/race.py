"""``tokenmill race``: check what was asked, race, show."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path

from ..economics.board import RaceResult
from ..economics.racing import DEFAULT_N, DEFAULT_SEED, race
from ..economics.refusal import ScenarioError
from ..economics.scenario import Scenario
from ..economics.scenario_file import load_scenario
from .failure import CommandError
from .files import check_writable, write_whole
from .findings import closing, format_savings
from .progress import progress
from .text import format_table, heading

_PICTURES = (".png", ".svg", ".pdf")
_PAGES = (".html", ".htm")


def run_race(arguments: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    CommandError
        The scenario or an output file is refused; nothing has been computed or written.
    """
    plot = Path(arguments.plot) if arguments.plot is not None else None
    page = Path(arguments.html) if arguments.html is not None else None
    _check_outputs(plot, page)
    try:
        scenario = load_scenario(arguments.scenario)
    except ScenarioError as error:
        raise CommandError(str(error)) from None
    for warning in scenario.warnings:
        print(f"tokenmill: note: {warning}", file=sys.stderr)
    result = _race(scenario, arguments)
    if plot:
        from .plot import picture

        write_whole(plot, picture(result, plot.suffix.lower().removeprefix(".")))
    if page:
        from .page import html_page

        write_whole(page, html_page(result).encode())
    _show(result, as_json=arguments.json)
    sys.stdout.flush()
    for path in (plot, page):
        if path:
            print(f"tokenmill: wrote {path}", file=sys.stderr)


def _race(scenario: Scenario, arguments: argparse.Namespace) -> RaceResult:
    with progress("compiling", "racing") as report:
        try:
            return race(
                scenario,
                n=DEFAULT_N if arguments.n is None else arguments.n,
                seed=DEFAULT_SEED if arguments.seed is None else arguments.seed,
                threads=arguments.threads,
                progress=report,
            )
        except ValueError as error:
            # Two streams of a scenario whose names share a hash are found only here.
            raise CommandError(str(error)) from None


def _check_outputs(plot: Path | None, page: Path | None) -> None:
    if plot:
        check_writable("--plot", plot, _PICTURES)
    if page:
        check_writable("--html", page, _PAGES)
    if plot and page and plot.resolve() == page.resolve():
        raise CommandError(f"--plot and --html: expected two files, found {plot} twice")
    for option, path in (("--plot", plot), ("--html", page)):
        if path and find_spec("matplotlib") is None:
            raise CommandError(
                f"{option} draws with matplotlib, which is not installed: "
                "pip install 'tokenmill[cli]'"
            )


def _show(result: RaceResult, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    elif sys.stdout.isatty() and find_spec("rich") is not None:
        from .terminal import print_board

        print_board(result)
    else:
        tables = (*format_table(result), "", *format_savings(result))
        print("\n".join((heading(result), "", *tables, "", *closing(result))))
