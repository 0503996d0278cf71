"""One piece of work ahead: the next batch is read while the last one is charged."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_END = object()
_PATIENCE = 0.1


def prefetched(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield `items`, of which a thread fetches the next while the caller has the last.

    At most three are alive: the caller's, one waiting, one being made. An exception of `items`
    comes out where the item would have; leaving the loop early ends the thread.
    """
    waiting: Queue[object] = Queue(maxsize=1)
    stop = Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False

    def fetch() -> None:
        try:
            with closing(items):
                for item in items:
                    if not put(item):
                        return
            put(_END)
        except BaseException as error:  # raised again in the caller's thread
            put(error)

    thread = Thread(target=fetch, name="tokenmill-ledger", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()
