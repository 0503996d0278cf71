"""Records as inputs of a sweep: every field has a path, and any of them may be uncertain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..jit.records import Slot, gather_records
from ..montecarlo import Constant, Distribution
from .refusal import nearest

# Name to (NamedTuple class, record), in the order of a formula's arguments; the fields of a record
# named "" have no prefix.
Records = dict[str, tuple[Any, Any]]


def _path(record: str, field: str) -> str:
    return f"{record}.{field}" if record else field


def record_inputs(records: Records) -> dict[str, Distribution | float]:
    """Return every field of every record by its path.

    Raises
    ------
    TypeError
        A record is of another kind, or a field is no number.
    """
    inputs: dict[str, Distribution | float] = {}
    for name, (kind, record) in records.items():
        if not isinstance(record, kind):
            raise TypeError(
                f"{name}: expected the record {kind.__name__}, found {type(record).__name__}"
            )
        for field, value in zip(kind._fields, record, strict=True):
            path = _path(name, field)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{path}: expected a number, found {value!r}")
            inputs[path] = float(value)
    return inputs


def checked_uncertain(
    uncertain: Mapping[str, Distribution | float], known: Mapping[str, object]
) -> dict[str, Distribution | float]:
    """Return `uncertain` after a look at its paths and values.

    Raises
    ------
    TypeError, ValueError
        A path is unknown, or a value is neither a distribution nor a number.
    """
    if not isinstance(uncertain, Mapping):
        raise TypeError(f"uncertain: expected a mapping of paths, found {type(uncertain).__name__}")
    for path, value in uncertain.items():
        if path not in known:
            raise ValueError(f"uncertain: no input {path!r}{nearest(str(path), known)}")
        if isinstance(value, bool) or not isinstance(value, Distribution | int | float):
            raise TypeError(
                f"uncertain: {path!r} must be a distribution or a number, "
                f"found {type(value).__name__}"
            )
    return dict(uncertain)


def check_utilisation(value: Distribution | float) -> None:
    """Raise ValueError unless every value of the utilisation is a share above 0."""
    low, high = value.support if isinstance(value, Distribution) else (value, value)
    if not 0.0 <= low <= high <= 1.0 or high == 0.0:
        raise ValueError(f"utilisation: expected a share in (0, 1], found {value!r}")


def record_model(
    formula: Any,
    records: Records,
    inputs: Mapping[str, Distribution | float],
) -> Callable[..., Any]:
    """Return the model of the sweep: what is certain is a constant that the compiler folds."""
    place = {path: index for index, path in enumerate(inputs)}

    def slot(path: str) -> Slot:
        value = inputs[path]
        if not isinstance(value, Distribution):
            return float(value)
        return value.value if isinstance(value, Constant) else place[path]

    fill = gather_records(
        [
            (kind, [slot(_path(name, field)) for field in kind._fields])
            for name, (kind, _) in records.items()
        ]
    )

    def serving_cost(*values):  # type: ignore[no-untyped-def]
        return formula(*fill(values))

    return serving_cost
