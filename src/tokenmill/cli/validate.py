"""``tokenmill validate``: predict what was measured, show how far off it is."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path

from ..serving.points import PointsError, read_points
from ..serving.validation import validate
from .failure import CommandError
from .files import check_writable, write_whole
from .validate_text import tables, to_dict

_PICTURES = (".png", ".svg", ".pdf")


def run_validate(arguments: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    CommandError
        The points or the output file are refused; nothing has been computed or written.
    """
    plot = Path(arguments.plot) if arguments.plot is not None else None
    if plot:
        check_writable("--plot", plot, _PICTURES)
        if find_spec("matplotlib") is None:
            raise CommandError(
                "--plot draws with matplotlib, which is not installed: pip install 'tokenmill[cli]'"
            )
    try:
        points = read_points(arguments.file)
    except PointsError as error:
        raise CommandError(str(error)) from None
    found = validate(points)
    if plot:
        from .validate_plot import picture

        write_whole(plot, picture(found, plot.suffix.lower().removeprefix(".")))
    if arguments.json:
        print(json.dumps(to_dict(found), indent=2, allow_nan=False))
    else:
        print("\n".join(tables(found)))
    if plot:
        sys.stdout.flush()
        print(f"tokenmill: wrote {plot}", file=sys.stderr)
