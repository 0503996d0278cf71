"""Whatever the bytes, a scenario file is read or refused: no other exception leaves the parser."""

import tomllib
from importlib import resources

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill.economics import Scenario, ScenarioError, parse_scenario

VALID = resources.files("tokenmill.catalogue").joinpath("scenarios", "race.toml").read_bytes()
LINES = VALID.split(b"\n")
WORDS = sorted({word for line in LINES for word in line.replace(b"=", b" ").split()})
ODD = [
    b"nan",
    b"-inf",
    b"1e999",
    b"true",
    b"{}",
    b"[]",
    b'""',
    b"'''",
    b"0x1f",
    b"1979-05-27",
    b"\\u",
]


def read_or_refused(content: bytes) -> None:
    try:
        scenario = parse_scenario(content, "fuzz")
    except ScenarioError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 2000
    else:
        assert isinstance(scenario, Scenario)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    read_or_refused(content)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    read_or_refused(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_spoiled_scenario(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.integers(0, 4))
        if change == 0:
            del lines[index]
        elif change == 1:
            lines.insert(index, lines[data.draw(st.integers(0, len(lines) - 1))])
        elif change == 2:
            cut = data.draw(st.integers(0, len(lines[index])))
            lines[index] = (
                lines[index][:cut] + data.draw(st.binary(max_size=3)) + lines[index][cut:]
            )
        else:
            old = data.draw(st.sampled_from(lines[index].replace(b"=", b" ").split() or [b"#"]))
            new = data.draw(st.sampled_from(ODD if change == 3 else WORDS))
            lines[index] = lines[index].replace(old, new, 1)
    read_or_refused(b"\n".join(lines))


scalars = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.sampled_from(["pert", "A"])
)
keys = st.sampled_from(["dist", "low", "mode", "high", "value", "values", "confidence"])
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(keys, st.one_of(scalars, st.lists(scalars, max_size=3))),
)


@settings(max_examples=100, deadline=None)
@given(value=values, key=st.sampled_from(["wacc", "title", "owns", "text", "kw", "rent_usd_h"]))
def test_any_value_of_a_player(dump, value: object, key: str) -> None:
    table = tomllib.loads(VALID.decode())
    table["players"]["us_lab"][key] = value
    read_or_refused(dump(table))
