"""Windows as people write them, ``"16:30-00:30"`` on some weekdays, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .fields import integer, items, join, required, table, text
from .rates import Hours, Window
from .refusal import refusal

WINDOW_KEYS = ("hours", "weekdays", "rules", "time_zone", "weekday_time_zone")
RULE_KEYS = ("hours", "weekdays")

_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


def read_window(value: object, path: str) -> Window:
    """Return a window: `hours` and `weekdays` of its own, or several `rules` of them."""
    source = table(value, path, WINDOW_KEYS)
    if "rules" in source:
        for key in RULE_KEYS:
            if key in source:
                raise refusal(join(path, key), "no such key beside rules", key)
        rules = items(source["rules"], join(path, "rules"))
        hours = tuple(_read_rule(table(rule, place, RULE_KEYS), place) for place, rule in rules)
    else:
        hours = (_read_rule(source, path),)
    return Window(
        hours,
        text(source.get("time_zone", "UTC"), join(path, "time_zone")),
        text(source.get("weekday_time_zone", ""), join(path, "weekday_time_zone")),
    )


def _read_rule(source: Mapping[str, Any], path: str) -> Hours:
    spans = required(source, "hours", path)
    place = join(path, "hours")
    minutes = tuple(
        _read_span(span, at)
        for at, span in ([(place, spans)] if isinstance(spans, str) else items(spans, place))
    )
    if "weekdays" not in source:
        return Hours(minutes)
    days = items(source["weekdays"], join(path, "weekdays"))
    return Hours(minutes, frozenset(integer(day, at) for at, day in days))


def _read_span(value: object, path: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 59 or int(found[4]) > 59:
        raise refusal(path, "hours such as '16:30-00:30'", value)
    return int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])


def window_table(window: Window) -> dict[str, Any]:
    """Return the table that `read_window` reads as this window."""
    rules = [_rule_table(hours) for hours in window.hours]
    found: dict[str, Any] = dict(rules[0]) if len(rules) == 1 else {"rules": rules}
    if window.time_zone != "UTC":
        found["time_zone"] = window.time_zone
    if window.weekday_time_zone:
        found["weekday_time_zone"] = window.weekday_time_zone
    return found


def _rule_table(hours: Hours) -> dict[str, Any]:
    found: dict[str, Any] = {
        "hours": [f"{_clock(start)}-{_clock(end)}" for start, end in hours.minutes]
    }
    if len(hours.weekdays) < 7:
        found["weekdays"] = sorted(hours.weekdays)
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
