"""What a sweep draws: inputs as laws, streams and centres, checked once and hashed."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._native.random import Law, LawKind, quantile, stream_id
from .._native.sweep import STREAM_VERSION
from .distributions import Constant, Distribution

# An exact half would be the middle of a step; the median only has to be near.
_HALF = 0.5


@dataclass(frozen=True)
class Input:
    """One input: `law` says how it is drawn, `stream` which uniforms it sees."""

    name: str
    law: Law
    stream: str

    @property
    def is_constant(self) -> bool:
        """Whether every scenario has the same value."""
        return self.law.kind == LawKind.CONSTANT

    @cached_property
    def centre(self) -> float:
        """The median, subtracted before products so that a far mean costs no digits."""
        middle = float(quantile(self.law, _HALF))
        return middle if math.isfinite(middle) else 0.0

    def description(self) -> dict[str, Any]:
        """Return plain data that identifies the input."""
        table = self.law.table
        return {
            "name": self.name,
            "stream": self.stream,
            "kind": self.law.kind.name.lower(),
            "parameters": [parameter.hex() for parameter in self.law.parameters],
            "table": hashlib.sha256(table.astype("<f8").tobytes()).hexdigest()
            if table.size
            else "",
        }


@dataclass(frozen=True)
class Plan:
    """Inputs and seed: everything that decides what is drawn in a scenario."""

    inputs: tuple[Input, ...]
    seed: int

    @cached_property
    def drawn(self) -> tuple[Input, ...]:
        """The inputs that vary, in order: one column each."""
        return tuple(item for item in self.inputs if not item.is_constant)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over seed, stream version and inputs."""
        content = {
            "stream_version": STREAM_VERSION,
            "seed": self.seed,
            "inputs": [item.description() for item in self.inputs],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def as_distribution(name: str, value: object) -> Distribution:
    """Return `value` as a distribution; a number is a constant.

    Raises
    ------
    TypeError
        Neither a distribution nor a number.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return Constant(float(value))
    raise TypeError(
        f"inputs: {name!r} must be a distribution or a number, found {type(value).__name__}"
    )


def check_seed(seed: object) -> int:
    """Return `seed` as an int in [0, 2^64); None draws one.

    Raises
    ------
    TypeError, ValueError
        Not an integer, or out of range.
    """
    if seed is None:
        return secrets.randbits(64)
    if isinstance(seed, np.random.Generator | np.random.RandomState):
        raise TypeError(
            "seed: expected an integer or None, found a NumPy generator; draws are a pure function "
            "of (seed, input, scenario), so pass the integer you would have seeded it with"
        )
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise TypeError(f"seed: expected an integer or None, found {seed!r}")
    number = int(seed.__index__())
    if not 0 <= number < 1 << 64:
        raise ValueError(f"seed: expected an integer in [0, 2**64), found {number}")
    return number


def make_plan(
    inputs: Mapping[str, object], seed: object, streams: Mapping[str, str] | None = None
) -> Plan:
    """Check the inputs and return the plan.

    Raises
    ------
    TypeError
        A name is no string, or a value is neither a distribution nor a number.
    ValueError
        `streams` names an unknown input, or two streams hash to the same 32 bits.
    """
    if not isinstance(inputs, Mapping):
        raise TypeError(f"inputs: expected a mapping of names, found {type(inputs).__name__}")
    chosen = dict(streams or {})
    unknown = sorted(set(chosen) - set(inputs))
    if unknown:
        raise ValueError(f"streams: no input {', '.join(map(repr, unknown))}")
    items = []
    owner: dict[int, str] = {}
    for name, value in inputs.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"inputs: names must be non-empty strings, found {name!r}")
        stream = chosen.get(name, name)
        if not isinstance(stream, str):
            raise TypeError(f"streams: {name!r} must name a stream, found {stream!r}")
        first = owner.setdefault(stream_id(stream), stream)
        if first != stream:
            raise ValueError(
                f"inputs: the streams {first!r} and {stream!r} share the id {stream_id(stream)}; "
                "rename one of them"
            )
        items.append(Input(name, as_distribution(name, value).law(), stream))
    return Plan(tuple(items), check_seed(seed))
