"""The match rules of genai-prices as names and wildcards, where those say the same.

genai-prices compares in lower case and takes the first model that matches; a book's wildcards have
one sign, ``*``, count capitals, and the longest that matches wins. A rule that needs more than that
is left out and noted: nothing from outside runs as a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .imported import Notes, shorten

_DEEPEST = 8
_LONGEST = 200
_SIMPLE = {"equals": "{}", "starts_with": "{}*", "ends_with": "*{}", "contains": "*{}*"}
# Letters, digits and signs that stand for themselves, and escaped signs.
_LITERAL = re.compile(r"(?:[A-Za-z0-9_/:@ -]|\\[^A-Za-z0-9])+")


def read_match(notes: Notes, model: str, rule: object) -> tuple[str, ...]:
    """Return the names and wildcards that together match what the rule does."""
    return tuple(dict.fromkeys(_read(notes, model, "match", rule, 0)))


def _read(notes: Notes, model: str, path: str, rule: object, depth: int) -> Iterator[str]:
    if not isinstance(rule, Mapping) or len(rule) != 1 or depth > _DEEPEST:
        notes.ignore(model, path, f"no match rule: {shorten(rule)}")
        return
    kind, operand = next(iter(rule.items()))
    path = f"{path}.{kind}"
    if kind in ("or", "and"):
        clauses = operand if isinstance(operand, (list, tuple)) else ()
        if not clauses or (kind == "and" and len(clauses) > 1):
            notes.ignore(model, path, f"not a choice of names: {shorten(operand)}")
            return
        for place, clause in enumerate(clauses):
            yield from _read(notes, model, f"{path}[{place}]", clause, depth + 1)
        return
    text = _pattern(kind, operand)
    if text is None:
        notes.ignore(model, path, f"no name or wildcard: {shorten(operand)}")
    else:
        yield text


def _pattern(kind: object, operand: object) -> str | None:
    """Return one clause as a name or wildcard, None where it is neither."""
    if not isinstance(operand, str) or not 0 < len(operand) <= _LONGEST:
        return None
    if kind == "regex":
        return _of_regex(operand)
    if kind not in _SIMPLE or "*" in operand:
        return None
    return _SIMPLE[str(kind)].format(operand.lower())


def _of_regex(text: str) -> str | None:
    """Return the wildcard of a regular expression of plain signs, anchored or not."""
    begins, ends = text.startswith("^"), text.endswith("$") and not text.endswith("\\$")
    body = text[begins : len(text) - ends]
    if not _LITERAL.fullmatch(body):
        return None
    plain = re.sub(r"\\(.)", r"\1", body)
    # Upper case never matches, for names are compared in lower case.
    if "*" in plain or plain != plain.lower():
        return None
    return f"{'' if begins else '*'}{plain}{'' if ends else '*'}"
