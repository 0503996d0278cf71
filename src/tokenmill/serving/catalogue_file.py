"""Read a file of the catalogue, and refuse what is not understood."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from .refusal import CatalogueError, describe, join, nearest, one_of, shown
from .toml_file import parse_toml
from .values import GRADES, Entry, Evidence, Spec, specs

FORMAT = 1
_TOP = ("format", "sources")
_EVIDENCE = ("source", "date", "confidence")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_DAY = r"\d{4}(-\d{2}(-\d{2})?)?"
_DATE = re.compile(rf"({_DAY}(/{_DAY})?)?")

Sections = Mapping[str, Mapping[str, Entry]]


def read_sections(
    content: bytes, file: str, kinds: Mapping[str, type[Entry]], base: Sections
) -> dict[str, Mapping[str, Entry]]:
    """Return the entries of `base` and of a file, which adds entries or replaces their fields.

    Parameters
    ----------
    content : bytes
    file : str
        Its name in messages.
    kinds : mapping of str to type
        The tables that a file may have, and what their entries are.
    base : mapping of str to mapping of str to Entry
        What is there already; it stays as it is.

    Raises
    ------
    CatalogueError
        The message names the file, the key, what was expected and what was found.
    """
    table = parse_toml(content, file, CatalogueError, parse_float=_exact)
    reader = _Reader(file)
    reader.check_keys("", table, (*_TOP, *kinds))
    version = table.get("format")
    if type(version) is not int or version != FORMAT:
        raise reader.refusal("format", str(FORMAT), version)
    reader.read_sources(table.get("sources", {}))
    sections = dict(base)
    for section, kind in kinds.items():
        entries = dict(base[section])
        for name, fields in reader.subtable(section, table.get(section, {})).items():
            path = join(section, name)
            if not _NAME.fullmatch(name):
                expected = "a name of at most 60 letters, digits, _, - and ."
                raise CatalogueError(file, path, expected, shown(name))
            entries[name] = reader.entry(path, name, fields, kind, entries.get(name))
        sections[section] = entries
    return sections


class _Reader:
    """Walks the tables of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.sources: dict[str, str] = {}

    def refusal(self, key: str, expected: str, value: object) -> CatalogueError:
        """Build the error of a wrong value; None means that there is none."""
        found = "no such key" if value is None else describe(_plain_number(value))
        return CatalogueError(self.file, key, expected, found)

    def check_keys(self, path: str, table: Mapping[str, Any], allowed: Collection[str]) -> None:
        """Refuse a key that is not in `allowed`, and suggest the nearest one that is."""
        for key in table:
            if key not in allowed:
                hint = nearest(key, allowed) or f"; known are {', '.join(allowed)}"
                expected = f"a key of {path}" if path else "a table of the catalogue"
                found = f"the unknown key {shown(key)}{hint}"
                raise CatalogueError(self.file, join(path, key), expected, found)

    def subtable(self, key: str, value: object) -> dict[str, Any]:
        """Return a table."""
        if not isinstance(value, dict):
            raise self.refusal(key, "a table", value)
        return value

    def read_sources(self, value: object) -> None:
        """Read the citations that entries may name."""
        for key, text in self.subtable("sources", value).items():
            self.sources[key] = self.value(join("sources", key), text, Spec("text"))

    def entry(
        self, path: str, name: str, value: object, kind: type[Entry], old: Entry | None
    ) -> Entry:
        """Return an entry: a new one, or `old` with the fields that the file gives."""
        table = self.subtable(path, value)
        allowed = specs(kind).keys() - {"name"}
        self.check_keys(path, table, (*sorted(allowed), *_EVIDENCE))
        own = self.evidence(path, table)
        if old is not None and own == Evidence():
            own = Evidence(source=self.file)
        if old is not None and not table.keys() - set(_EVIDENCE):
            raise CatalogueError(self.file, path, "fields to replace", describe(table))
        fields: dict[str, Any] = {}
        exceptions: dict[str, Evidence] = {} if old is None else dict(old.exceptions)
        for key in table.keys() - set(_EVIDENCE):
            place = join(path, key)
            given, evidence = self.graded(place, table[key], own)
            fields[key] = self.value(place, given, specs(kind)[key])
            if old is not None or evidence != own:
                exceptions[key] = evidence
        for key in specs(kind):
            if old is None and key not in fields and _required(kind, key):
                raise self.refusal(join(path, key), str(specs(kind)[key]), None)
        fields["exceptions"] = tuple(sorted(exceptions.items()))
        try:
            if old is not None:
                return dataclasses.replace(old, **fields)
            return kind(name=name, evidence=own, **fields)
        except (TypeError, ValueError) as error:
            # The values fit one by one; together they do not.
            key, _, reason = str(error).partition(": expected ")
            expected, _, found = reason.partition(", found ")
            raise CatalogueError(self.file, join(path, key), expected, found) from None

    def graded(self, path: str, value: object, own: Evidence) -> tuple[object, Evidence]:
        """Split a field into its value and what it rests on, the entry's evidence by default."""
        if not isinstance(value, dict):
            return value, own
        evidence = self.evidence(path, value)
        if evidence != Evidence():
            own = Evidence(
                **{key: getattr(evidence, key) or getattr(own, key) for key in _EVIDENCE}
            )
        rest = {key: one for key, one in value.items() if key not in _EVIDENCE}
        return (rest["value"] if rest.keys() == {"value"} else rest), own

    def evidence(self, path: str, table: Mapping[str, Any]) -> Evidence:
        """Read source, date and grade; a source may be a name of the table of sources."""
        texts = {
            key: self.value(join(path, key), table.get(key, ""), Spec("text")) for key in _EVIDENCE
        }
        if not _DATE.fullmatch(texts["date"]):
            expected = "a date such as 2025, 2025-03, 2025-03-01 or two of them with / between"
            raise self.refusal(join(path, "date"), expected, table["date"])
        if "confidence" in table and texts["confidence"] not in GRADES:
            raise self.refusal(join(path, "confidence"), one_of(GRADES), table["confidence"])
        texts["source"] = self.sources.get(texts["source"], texts["source"])
        return Evidence(**texts)

    def value(self, path: str, value: object, spec: Spec) -> Any:
        """Return one value as an entry holds it."""
        try:
            return spec.read(value)
        except (TypeError, ValueError):
            raise self.refusal(path, str(spec), value) from None


def _required(kind: type[Entry], key: str) -> bool:
    field = next(one for one in dataclasses.fields(kind) if one.name == key)
    return field.default is dataclasses.MISSING


def _exact(text: str) -> Decimal:
    """Read a number to its last digit; an exponent that no Decimal holds is an infinity."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _plain_number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
