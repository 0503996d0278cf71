"""Which model of a price book a name means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .rates import ModelPrices
from .status import Status

Found = int | Status
_Key = tuple[str | None, str]  # provider, or None for all; name
_Row = tuple[str, tuple[str, ...], int]  # pattern, its pieces between stars, model index


class ModelNames:
    """The names, aliases and patterns of a book's models, indexed.

    Complexity: O(names and patterns) to build; a lookup takes a few hash look-ups, and one per
    length of a pattern's beginning where only a pattern can match.
    """

    def __init__(self, models: Sequence[ModelPrices]) -> None:
        self._exact: dict[tuple[str, str], int] = {}
        self._names: dict[_Key, Found] = {}
        self._aliases: dict[_Key, Found] = {}
        self._patterns: dict[str | None, _Patterns] = {}
        for index, model in enumerate(models):
            self._exact[model.provider, model.name] = index
            _note(self._names, (None, model.name), index)
            for provider in (model.provider, None):
                for alias in model.aliases:
                    _note(self._aliases, (provider, alias), index)
                self._patterns.setdefault(provider, _Patterns()).add(model.patterns, index)

    def find(self, provider: str, name: str) -> Found:
        """Return the index of the model, or UNKNOWN_MODEL or AMBIGUOUS_MODEL."""
        index = self._exact.get((provider, name))
        if index is not None:
            return index
        owner = provider or None
        found = None if owner else self._names.get((owner, name))
        if found is None:
            found = self._aliases.get((owner, name))
        if found is not None:
            return found
        patterns = self._patterns.get(owner)
        return Status.UNKNOWN_MODEL if patterns is None else patterns.find(name)


class _Patterns:
    """Patterns by what stands before their first star."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[str, list[_Row]]] = {}

    def add(self, patterns: Iterable[str], index: int) -> None:
        """Index the patterns of a model."""
        for pattern in patterns:
            pieces = tuple(pattern.split("*"))
            beginnings = self._by_length.setdefault(len(pieces[0]), {})
            beginnings.setdefault(pieces[0], []).append((pattern, pieces, index))

    def find(self, name: str) -> Found:
        """Return the model of the longest pattern that matches."""
        longest, found = -1, set[int]()
        for length, beginnings in self._by_length.items():
            for pattern, pieces, index in beginnings.get(name[:length], ()):
                if len(pattern) < longest or not matches(name, pieces):
                    continue
                if len(pattern) > longest:
                    longest, found = len(pattern), set()
                found.add(index)
        if len(found) > 1:
            return Status.AMBIGUOUS_MODEL
        return found.pop() if found else Status.UNKNOWN_MODEL


def matches(name: str, pieces: Sequence[str]) -> bool:
    """Whether `name` is the pieces in order with anything between them, capitals counted.

    Taking the first place of each middle piece is enough, for a later one leaves less room.
    """
    if len(pieces) == 1:
        return name == pieces[0]
    first, *middle, last = pieces
    end = len(name) - len(last)
    if not (name.startswith(first) and name.endswith(last)):
        return False
    at = len(first)
    for piece in middle:
        at = name.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


def _note(table: dict[_Key, Found], key: _Key, index: int) -> None:
    """Enter a model under a key; a second model makes the key ambiguous."""
    if table.setdefault(key, index) != index:
        table[key] = Status.AMBIGUOUS_MODEL
