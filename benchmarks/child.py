"""A contestant in a process of its own, for libraries whose threads are fixed when they load."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from .accounting_work import Case, Contestant

Build = Callable[[Case, int], Contestant]


def serve(
    pipe: Connection, build: Build, case: Case, threads: int, settings: dict[str, str]
) -> None:
    """Build the contestant under `settings`, then run and read it as often as asked."""
    os.environ.update(settings)
    try:
        contestant = build(case, threads)
    except ImportError as error:
        pipe.send(error)
        return
    pipe.send(None)
    result: Any = None
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            # the contestant on the other side is no longer needed
            return
        if asked == "run":
            result = contestant.run()
        pipe.send(contestant.read(result) if asked == "read" else None)


def in_child(build: Build, case: Case, threads: int, settings: Mapping[str, str]) -> Contestant:
    """Return a contestant whose calls cross a pipe, which costs about 0.05 ms each."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    arguments = (other, build, case, threads, dict(settings))
    context.Process(target=serve, args=arguments, daemon=True).start()
    # the child holds the only other end, so that a child that dies is an EOFError here
    other.close()

    def ask(what: str) -> Any:
        pipe.send(what)
        return pipe.recv()

    if error := pipe.recv():
        raise error
    return Contestant(lambda: ask("run"), lambda _: ask("read"))
