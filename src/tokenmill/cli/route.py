"""``tokenmill route``: check what was asked, route, show."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._native import resolve_threads
from ..routing import RouterSpec, TraceRecord, preset, presets, write_trace
from .failure import CommandError
from .files import check_writable, write_whole
from .progress import progress
from .route_run import Run, RunResult
from .route_text import lines

_PICTURES = (".png", ".svg", ".pdf")
_TRACES = (".npz", ".jsonl")


def run_route(arguments: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    CommandError
        The preset, an override or an output file is refused; nothing has been routed or written.
    """
    if arguments.list:
        print("\n".join(f"{one.name:28}{one.rule:14}{one.model}" for one in presets()))
        return
    plot = Path(arguments.plot) if arguments.plot is not None else None
    trace = Path(arguments.trace) if arguments.trace is not None else None
    spec = _spec(arguments)
    _check_outputs(plot, trace)
    run = Run(
        name=arguments.preset,
        spec=spec,
        tokens=arguments.tokens,
        seed=arguments.seed,
        threads=resolve_threads(arguments.threads),
    )
    result = _routed(run, trace)
    if plot:
        from .route_plot import picture

        write_whole(plot, picture(result, plot.suffix.lower().removeprefix(".")))
    if arguments.json:
        print(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        print("\n".join(lines(result)))
    sys.stdout.flush()
    for path in (plot, trace):
        if path:
            print(f"tokenmill: wrote {path}", file=sys.stderr)


def _spec(arguments: argparse.Namespace) -> RouterSpec:
    given = {"experts": arguments.experts, "top_k": arguments.top_k}
    try:
        spec = preset(arguments.preset)
        spec = replace(spec, **{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise CommandError(str(error).replace("name:", "--preset:", 1)) from None
    if spec.method == "hash":
        raise CommandError(
            f"--preset {arguments.preset}: expected a rule that ranks logits, found one that looks "
            "ids up in the model's own table"
        )
    return spec


def _check_outputs(plot: Path | None, trace: Path | None) -> None:
    if plot:
        check_writable("--plot", plot, _PICTURES)
    if trace:
        check_writable("--trace", trace, _TRACES)
    if plot and find_spec("matplotlib") is None:
        raise CommandError(
            "--plot draws with matplotlib, which is not installed: pip install 'tokenmill[cli]'"
        )


def _routed(run: Run, trace: Path | None) -> RunResult:
    """Route every block; the trace takes each block's ids as they come."""
    checksum = None
    try:
        if trace is None:
            for _ in _blocks(run):
                pass
        else:
            checksum = write_trace(trace, map(_record, count(), _blocks(run)))
    except MemoryError:
        raise CommandError(
            "--tokens: expected blocks that fit the memory, found none free"
        ) from None
    except OSError as error:
        raise CommandError(f"{trace}: {(error.strerror or str(error)).lower()}") from None
    return replace(run.result(), trace_checksum=checksum)


def _blocks(run: Run) -> Iterator[NDArray[np.int32]]:
    with progress("drawing", "routing") as report:
        done = 0
        for ids in run.blocks():
            done += len(ids)
            report(done, run.tokens)
            yield ids


def _record(step: int, ids: NDArray[np.int32]) -> TraceRecord:
    return TraceRecord(step=step, stage="route", block="decoder", layer=0, rank=0, top_indices=ids)
