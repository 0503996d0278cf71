"""Which model a name means."""

import fnmatch
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokenmill.accounting.book import PriceBook
from tokenmill.accounting.lookup import matches
from tokenmill.accounting.rates import ModelPrices
from tokenmill.accounting.status import Status

UNKNOWN, AMBIGUOUS = Status.UNKNOWN_MODEL, Status.AMBIGUOUS_MODEL


def model(key: str, aliases: str = "", patterns: str = "") -> ModelPrices:
    provider, _, name = key.partition("/")
    return ModelPrices(provider, name, (), tuple(aliases.split()), tuple(patterns.split()))


BOOK = PriceBook(
    "names",
    (
        model("a/gpt", "shared own", "gpt-* g*-x"),
        model("a/gpt-4", "", "gpt-4*"),
        model("a/twin", "", "twin*"),
        model("a/niwt", "", "*twin"),
        model("b/gpt", "shared", "gpt-4*"),
        model("b/only", "gpt-4 twice", "*"),
        model("b/more", "twice"),
        model("/plain", "only"),
    ),
)

CASES: list[tuple[str | None, str, Any]] = [
    ("a", "gpt", "a/gpt"),
    ("b", "gpt", "b/gpt"),
    (None, "gpt", AMBIGUOUS),  # two providers have it
    ("", "gpt", AMBIGUOUS),
    (None, "only", "b/only"),  # a name goes before an alias
    (None, "plain", "/plain"),
    ("a", "plain", "unknown"),  # a provider that is given holds
    ("c", "gpt", "unknown"),
    ("c", "own", "unknown"),
    ("a", "shared", "a/gpt"),
    (None, "shared", AMBIGUOUS),
    (None, "own", "a/gpt"),
    ("b", "twice", AMBIGUOUS),
    ("b", "gpt-4", "b/only"),  # an alias goes before a pattern
    ("a", "gpt-4-mini", "a/gpt-4"),  # the longest pattern
    ("a", "gpt-3", "a/gpt"),
    (None, "gpt-4-mini", AMBIGUOUS),
    ("a", "twintwin", AMBIGUOUS),
    ("b", "anything", "b/only"),
    ("a", "GPT-4", "unknown"),  # capitals count
    ("a", "gx-x", "a/gpt"),
    ("a", "g-x?", "unknown"),
    ("a", "", "unknown"),
]


@pytest.mark.parametrize(("provider", "name", "expected"), CASES)
def test_a_name_means_one_model_or_says_why_not(
    provider: str | None, name: str, expected: Any
) -> None:
    found = BOOK.lookup(provider, name)
    if isinstance(found, Status):
        assert found is (UNKNOWN if expected == "unknown" else expected)
    else:
        assert f"{BOOK.models[found].provider}/{BOOK.models[found].name}" == expected


def test_an_ambiguous_name_stays_so_beside_the_model_whose_index_is_that_status() -> None:
    models = [ModelPrices("p", f"m{i}", (), ("same",)) for i in range(int(AMBIGUOUS) + 3)]
    assert PriceBook("same", tuple(models)).lookup("p", "same") is AMBIGUOUS


@example("a*a", "a")
@example("ab*ba", "aba")
@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_a_pattern_matches_as_fnmatch_does(pattern: str, name: str) -> None:
    assert matches(name, pattern.split("*")) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.parametrize(("provider", "name"), [(1, "a"), ("a", None), (b"a", "b")])
def test_names_are_text(provider: Any, name: Any) -> None:
    with pytest.raises(TypeError, match="expected text"):
        BOOK.lookup(provider, name)
