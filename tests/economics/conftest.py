import json
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tokenmill.economics import RaceResult, race


@pytest.fixture(scope="session")
def embedded() -> bytes:
    """The scenario that ships with the package."""
    source = resources.files("tokenmill.catalogue").joinpath("scenarios", "race.toml")
    return source.read_bytes()


@pytest.fixture(scope="session")
def stated() -> bytes:
    """A scenario whose players state their speed."""
    return (Path(__file__).parent / "first_edition.toml").read_bytes()


@pytest.fixture(scope="session")
def stated_path() -> Path:
    """The file of that scenario: it races without compiling the serving model."""
    return Path(__file__).parent / "first_edition.toml"


@pytest.fixture
def table(stated: bytes) -> dict[str, Any]:
    """That scenario as a fresh table that a test may spoil."""
    return tomllib.loads(stated.decode())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


@pytest.fixture(scope="session")
def dump() -> Callable[[dict[str, Any]], bytes]:
    """Write a table as TOML, every value on a line of its own."""
    return lambda table: "\n".join(
        f"{json.dumps(key)} = {_value(value)}" for key, value in table.items()
    ).encode()


@pytest.fixture(scope="session")
def board() -> RaceResult:
    """One race of the embedded scenario, shared by all tests that only look at it."""
    return race(n=65_536, seed=11, threads=2)
