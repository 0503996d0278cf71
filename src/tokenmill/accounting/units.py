"""What can be billed: units, and which of them are parts of which.

A unit is a set of properties, ``cache_audio_read`` for one {tokens, input, audio, cache_read}.
Unit A contains unit B where A's properties are among B's: every cached audio token is an audio
token, a cached token and an input token. A ledger counts units that overlap in this way; a bill
charges each token once, at the price of the most specific priced unit that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

INPUT = "input"
OUTPUT = "output"


@dataclass(frozen=True)
class Unit:
    """One thing that is counted and billed.

    Attributes
    ----------
    name : str
        Its name in ledgers and price books: ``input``, ``cache_read``, ``web_searches``.
    direction : str
        ``"input"``, ``"output"``, or ``""`` for what belongs to neither (a search, a request).
    properties : frozenset of (str, str)
        What it is: kind, direction, modality, token type, time to live.
    per : int
        The count that a price is quoted for: 1,000,000 tokens, 1,000 searches, one page.
    """

    name: str
    direction: str
    properties: frozenset[tuple[str, str]]
    per: int

    @property
    def is_token(self) -> bool:
        """Whether it counts tokens that a context tier may look at."""
        return ("kind", "tokens") in self.properties

    def contains(self, other: Unit) -> bool:
        """Whether every `other` is one of these, and not the other way round."""
        return self.properties < other.properties


def _tokens() -> Iterator[Unit]:
    """Yield every token unit: direction x modality x token type (x time to live)."""
    modalities = ("", "text", "audio", "image", "video")
    for modality in modalities:
        m = f"_{modality}" if modality else ""
        own = {("modality", modality)} if modality else set()
        given = {("kind", "tokens"), ("direction", INPUT)} | own
        made = {("kind", "tokens"), ("direction", OUTPUT)} | own
        write = given | {("type", "cache_write")}
        yield Unit(f"input{m}", INPUT, frozenset(given), 10**6)
        yield Unit(f"cache{m}_read", INPUT, frozenset(given | {("type", "cache_read")}), 10**6)
        yield Unit(f"cache{m}_write", INPUT, frozenset(write), 10**6)
        for life in ("5m", "1h"):
            name = f"cache{m}_write_{life}"
            yield Unit(name, INPUT, frozenset(write | {("life", life)}), 10**6)
        yield Unit(f"input{m}_tool", INPUT, frozenset(given | {("type", "tool")}), 10**6)
        yield Unit(f"output{m}", OUTPUT, frozenset(made), 10**6)
        for kind in ("reasoning", "citation"):
            name = f"output{m}_{kind}" if modality else kind
            yield Unit(name, OUTPUT, frozenset(made | {("type", kind)}), 10**6)


def _others() -> Iterator[Unit]:
    """Yield what is billed by other counts than tokens."""
    audio = {("kind", "audio_milliseconds")}
    pages = {("kind", "pages")}
    named = [
        ("input_characters", INPUT, 10**6),
        ("output_characters", OUTPUT, 10**6),
        ("input_text_messages", INPUT, 1000),
        ("input_pixels", INPUT, 10**9),
        ("output_pixels", OUTPUT, 10**9),
        ("input_images", INPUT, 1),
        ("output_images", OUTPUT, 1),
        ("input_video_milliseconds", INPUT, 1000),
        ("output_video_milliseconds", OUTPUT, 1000),
        ("cache_storage_token_hours", INPUT, 10**6),
        ("cache_storage_token_seconds", INPUT, 10**6),
        ("web_searches", "", 1000),
        ("social_searches", "", 1000),
        ("storage_searches", "", 1000),
        ("file_searches", "", 1000),
        ("rerank_searches", "", 1000),
        ("maps_queries", "", 1000),
        ("code_executions", "", 1000),
        ("code_sessions", "", 1),
        ("computer_use_calls", "", 1000),
        ("guardrail_units", "", 1000),
        ("requests", "", 1),
    ]
    for name, direction, per in named:
        yield Unit(name, direction, frozenset({("kind", name)}), per)
    yield Unit("audio_milliseconds", "", frozenset(audio), 1000)
    for direction in (INPUT, OUTPUT):
        properties = frozenset(audio | {("direction", direction)})
        yield Unit(f"{direction}_audio_milliseconds", direction, properties, 1000)
    yield Unit("input_pages", INPUT, frozenset(pages), 1)
    annotated = frozenset(pages | {("page", "annotated")})
    yield Unit("input_annotated_pages", INPUT, annotated, 1)


UNITS: dict[str, Unit] = {unit.name: unit for unit in (*_tokens(), *_others())}


def own_unit(name: str, direction: str = INPUT, per: int = 10**6) -> Unit:
    """Return a unit of a book's own, that overlaps no other."""
    return Unit(name, direction, frozenset({("kind", name)}), per)


@dataclass(frozen=True)
class UnitSet:
    """The units a book knows: the shipped ones and its own.

    Raises
    ------
    ValueError
        A name is taken.
    """

    own: tuple[Unit, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a second unit of the same name."""
        names = [unit.name for unit in self.own]
        for name in names:
            if name in UNITS or names.count(name) > 1:
                raise ValueError(f"units: expected new names, found {name!r} twice")

    @property
    def names(self) -> list[str]:
        """Every name, the shipped ones first."""
        return [*UNITS, *(unit.name for unit in self.own)]

    def __getitem__(self, name: str) -> Unit:
        """Return the unit of that name; KeyError lists none."""
        if name in UNITS:
            return UNITS[name]
        for unit in self.own:
            if unit.name == name:
                return unit
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in UNITS or any(unit.name == name for unit in self.own)


@cache
def specific_first(units: frozenset[Unit]) -> tuple[Unit, ...]:
    """Return units so that each comes before those that contain it; ties by name."""
    return tuple(sorted(units, key=lambda unit: (-len(unit.properties), unit.name)))


def within(unit: Unit, units: Iterable[Unit]) -> list[Unit]:
    """Return the units that are parts of `unit`."""
    return [other for other in units if unit.contains(other)]
