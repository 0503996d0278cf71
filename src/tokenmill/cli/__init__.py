"""The command ``tokenmill``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .arguments import build_parser
from .failure import EXIT_ERROR, CommandError
from .interrupts import kept_interrupts

EXIT_OK = 0
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        0 done, 2 refused (one line on stderr says why), 3 done but for rows of a ledger that could
        not be charged, 130 interrupted by Ctrl-C.
    """
    if sys.stderr is None:
        # Closed by the caller; print and argparse would write to stdout instead.
        sys.stderr = open(os.devnull, "w")
    if sys.stdout is None:
        print("tokenmill: error: stdout is closed", file=sys.stderr)
        return EXIT_ERROR
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character of a scenario must not end the run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = build_parser().parse_args(argv)
        with kept_interrupts():
            status: int | None = arguments.run(arguments)
        sys.stdout.flush()
    except CommandError as error:
        print(f"tokenmill: error: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("tokenmill: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()  # the reader (head, less) left early
        return EXIT_OK
    except OSError as error:
        _give_up_stdout()
        print(f"tokenmill: error: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return EXIT_ERROR
    return status or EXIT_OK


def _give_up_stdout() -> None:
    """Drop what stdout still holds; Python would fail on it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
