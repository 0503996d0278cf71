"""A scenario is read whole or refused with file, key, what was expected and what was found."""

import copy
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tokenmill.economics import ScenarioError, load_scenario, parse_scenario
from tokenmill.economics.fields import LAYERS, PLAYER, WORLD
from tokenmill.economics.forms import FORMS
from tokenmill.economics.needs import needed_keys, needed_world_keys

Table = dict[str, Any]
Dump = Callable[[Table], bytes]


def refused(content: bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(content, "test.toml")
    error = caught.value
    assert str(error).startswith("test.toml: ")
    assert f"expected {error.expected}, found {error.found}" in str(error)
    assert str(error).isprintable()
    return error


def quantities(table: Table) -> list[tuple[str, Table, str]]:
    """Every place of the file that holds a value: dotted path, the table it is in, its key."""
    places = [(f"world.{key}", table["world"], key) for key in table["world"]]
    places += [(f"defaults.{key}", table["defaults"], key) for key in table["defaults"]]
    for name, player in table["players"].items():
        places += [(f"players.{name}.{key}", player, key) for key in player if key in PLAYER]
    return places


def test_the_embedded_scenario_is_whole() -> None:
    scenario = load_scenario()
    assert scenario.file == "race.toml"
    assert len(scenario.players) >= 6
    assert scenario.warnings == ()
    assert set(scenario.world) == set(needed_world_keys(scenario.world, computes=True))
    for player in scenario.players:
        assert player.text
        for key, quantity in player.values.items():
            if not quantity.is_constant:
                assert quantity.source, key
                assert quantity.confidence in ("A", "B", "C"), key


def test_every_source_is_used(embedded: bytes) -> None:
    text = embedded.decode()
    table = tomllib.loads(text)
    unused = [key for key in table["sources"] if f'source="{key}"' not in text]
    assert [key for key in unused if f'source = "{key}"' not in text] == []


def test_what_is_written_is_what_is_read(stated: bytes, table: Table, dump: Dump) -> None:
    assert parse_scenario(dump(table)).players == parse_scenario(stated).players


def test_a_typo_in_every_key_is_refused_and_the_key_suggested(table: Table, dump: Dump) -> None:
    for path, _, key in quantities(table):
        spoiled = copy.deepcopy(table)
        place = next(p for q, p, _ in quantities(spoiled) if q == path)
        place[key[:-1] + "q"] = place.pop(key)
        error = refused(dump(spoiled))
        assert error.key == path[:-1] + "q"
        assert len(key) < 4 or f"did you mean {key!r}?" in error.found


WRONG = {
    "a string": ("'0.5'", "the string"),
    "a boolean": (True, "the boolean true"),
    "not a number": (float("nan"), "nan"),
    "infinite": (float("inf"), "inf"),
    "minus infinite": (float("-inf"), "-inf"),
    "far too large": (10**400, "an integer of 1329 bits"),
    "an array": ([0.5], "an array of 1 values"),
    "no distribution": ({"dist": "gaussian", "mu": 1.0}, "'gaussian'"),
    "no name": ({"dist": 3}, "3"),
    "no arguments": ({"dist": "uniform"}, "neither"),
    "half the arguments": ({"dist": "uniform", "low": 0.1}, "low"),
    "reversed": ({"dist": "uniform", "low": 0.6, "high": 0.4}, "low = 0.6, high = 0.4"),
    "reversed mode": ({"dist": "pert", "low": 0.1, "mode": 0.9, "high": 0.5}, "mode = 0.9"),
    "no width": ({"dist": "triangular", "low": 0.5, "mode": 0.5, "high": 0.5}, "high = 0.5"),
    "a stranger": ({"dist": "uniform", "low": 0.4, "high": 0.6, "hihg": 1}, "'hihg'"),
    "a bad grade": ({"value": 0.5, "confidence": "E"}, "'E'"),
    "a bad source": ({"value": 0.5, "source": 3}, "3"),
    "a bad argument": ({"dist": "pert", "low": "a", "mode": 0.5, "high": 1}, "'a'"),
    "no values": ({"dist": "discrete", "values": []}, "an array of 0 values"),
    "uneven weights": ({"dist": "discrete", "values": [0.5], "weights": [1, 2]}, "2"),
    "negative weights": ({"dist": "discrete", "values": [0.5], "weights": [-1]}, "[-1.0]"),
    "a negative spread": ({"dist": "lognormal", "mu": 0.0, "sigma": -1.0}, "-1"),
    "unbounded": ({"dist": "normal", "mu": 0.5, "sigma": 0.1}, "normal from -inf to inf"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_value_is_refused_everywhere(what: str, table: Table, dump: Dump) -> None:
    value, found = WRONG[what]
    for path, _, _ in quantities(table)[::4]:
        spoiled = copy.deepcopy(table)
        _, place, key = next(entry for entry in quantities(spoiled) if entry[0] == path)
        place[key] = value
        error = refused(dump(spoiled))
        assert error.key.startswith(path)
        assert found in error.found


def test_a_value_outside_its_domain_is_refused(table: Table, dump: Dump) -> None:
    for path, _, key in quantities(table):
        domain = (WORLD | PLAYER)[key].domain
        for outside in (domain.low - 1e-9, domain.high + 1e-9):
            if not -1e15 < outside < 1e15:
                continue
            spoiled = copy.deepcopy(table)
            _, place, _ = next(entry for entry in quantities(spoiled) if entry[0] == path)
            place[key] = outside
            error = refused(dump(spoiled))
            assert error.key == path
            assert str(domain) in error.expected


def test_every_world_key_is_needed(table: Table, dump: Dump) -> None:
    for key in table["world"]:
        spoiled = copy.deepcopy(table)
        del spoiled["world"][key]
        error = refused(dump(spoiled))
        assert (error.key, error.found) == (f"world.{key}", "no such key")


def test_every_needed_key_of_a_player_is_needed(table: Table, dump: Dump) -> None:
    for name, player in table["players"].items():
        for key in [key for key in player if key in PLAYER and key not in table["defaults"]]:
            spoiled = copy.deepcopy(table)
            del spoiled["players"][name][key]
            error = refused(dump(spoiled))
            assert error.key.startswith(f"players.{name}.")
            assert error.found == "no such key"


ONE_MESSAGE = {
    "percent for a share": (
        {"wacc": 9},
        "wacc: expected cost of capital (1/year) in [0, 1), found 9",
    ),
    "a die no wafer holds": (
        {"die_mm2": 66_560},
        "die_mm2: expected area of one die (mm2) in (0, 10000], found 66560",
    ),
    "a capital letter": (
        {"KW": 1},
        "KW: expected a key of players.us_lab, found the unknown key 'KW' (did you mean 'kw'?)",
    ),
    "a distribution in capitals": (
        {"kw": {"dist": "PERT", "low": 1, "mode": 2, "high": 3}},
        "found 'PERT' (did you mean 'pert'?)",
    ),
    "no dist": (
        {"kw": {"low": 1, "mode": 2, "high": 3}},
        "kw: expected a table with value, or with dist and its arguments, found a table with "
        "'low', 'mode', 'high'",
    ),
    "text for a number": (
        {"kw": {"value": "1"}},
        "kw.value: expected a number, found the string '1'",
    ),
    "the lower quantile": (
        {"kw": {"dist": "lognormal", "p5": 1, "p95": 2}},
        "found the unknown key 'p5' (did you mean 'p05'?)",
    ),
    "the name of a source": (
        {"kw": {"value": 1, "source": "wroked"}},
        "kw.source: expected a name of [sources] or a citation, found 'wroked' "
        "(did you mean 'worked'?)",
    ),
}


@pytest.mark.parametrize("what", ONE_MESSAGE)
def test_a_typo_is_answered_in_words_that_help(what: str, table: Table, dump: Dump) -> None:
    changes, message = ONE_MESSAGE[what]
    error = refused(dump(_with_player(table, **changes)))
    assert message in str(error)


def test_a_long_citation_may_resemble_the_name_of_a_source(table: Table, dump: Dump) -> None:
    _with_player(table, kw={"value": 1, "source": "worked out on paper"})
    parse_scenario(dump(table))


def _with_player(table: Table, **changes: Any) -> Table:
    table["players"]["us_lab"] |= changes
    return table


@pytest.mark.parametrize(
    ("changes", "key", "found"),
    [
        ({"title": ""}, "title", "the string ''"),
        ({"title": "x" * 41}, "title", "41 characters"),
        ({"title": "a\x1b[2Jb"}, "title", "\\x1b"),
        ({"text": "a\x00b"}, "text", "\\x00"),
        ({"owns": "model"}, "owns", "the string 'model'"),
        ({"owns": ["model", "modle"]}, "owns[1]", "did you mean 'model'?"),
        ({"owns": ["model", "model"]}, "owns[1]", "the string 'model'"),
        ({"owns": [["model"]]}, "owns[0]", "an array of 1 values"),
        ({"owns": ["cloud", "model", "app"]}, "rent_usd_h", "lognormal"),
        ({"titel": "x"}, "titel", "did you mean 'title'?"),
        ({"a key": 1}, "'a key'", "known are"),
    ],
)
def test_a_wrong_player_is_refused(
    table: Table, dump: Dump, changes: Table, key: str, found: str
) -> None:
    error = refused(dump(_with_player(table, **changes)))
    assert error.key == f"players.us_lab.{key}"
    assert found in error.found


@pytest.mark.parametrize(
    ("change", "key", "found"),
    [
        (lambda t: t.pop("players"), "players", "no such key"),
        (lambda t: t.update(players={}), "players", "an empty table"),
        (lambda t: t.update(players=3), "players", "3"),
        (lambda t: [t["players"].popitem() for _ in range(6)], "players", "1"),
        (lambda t: t["players"].update({"_x": {"owns": []}}), "players._x", "'_x'"),
        (lambda t: t["players"].update({"ü": {"owns": []}}), "players.'ü'", "'ü'"),
        (lambda t: t["players"].update(x=3), "players.x", "3"),
        (lambda t: t.pop("world"), "world", "no such key"),
        (lambda t: t.pop("name"), "name", "no such key"),
        (lambda t: t.pop("format"), "format", "no such key"),
        (lambda t: t.update(format=2), "format", "2"),
        (lambda t: t.update(format=True), "format", "the boolean true"),
        (lambda t: t.update(format=1.0), "format", "1"),
        (lambda t: t.update(defaults=[1]), "defaults", "an array of 1 values"),
        (lambda t: t.update(sources=1), "sources", "1"),
        (lambda t: t["sources"].update(a=1), "sources.a", "1"),
        (lambda t: t.update(player={}), "player", "did you mean 'players'?"),
    ],
)
def test_a_wrong_file_is_refused(
    table: Table, dump: Dump, change: Callable[[Table], Any], key: str, found: str
) -> None:
    change(table)
    error = refused(dump(table))
    assert error.key == key
    assert found in error.found


def test_two_players_of_one_title(table: Table, dump: Dump) -> None:
    error = refused(dump(_with_player(table, title="Chinese lab (rents H20)")))
    assert error.key == "players.cn_lab.title"
    assert error.found == "'Chinese lab (rents H20)', as in players.us_lab"


def test_too_many_players(table: Table, dump: Dump) -> None:
    for index in range(10):
        table["players"][f"p{index}"] = {**table["players"]["us_lab"], "title": f"P{index}"}
    assert refused(dump(table)).found == "17"


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        (b"", "1", "no such key"),
        (b"a = [1, 2", "valid TOML", "end of document"),
        (b"format = 1\nname = \n", "valid TOML", "line 2"),
        (b"[a]\n[b]\n[a]\n", "valid TOML", "line 3"),
        (b"a = 1\na = 2\n", "valid TOML", "line 2"),
        (b"\xff\xfe", "text in UTF-8", "byte 0xff on line 1"),
        (b"# fine\n# \xe4\n", "text in UTF-8", "byte 0xe4 on line 2"),
        (b"a = " + b"[" * 5000, "valid TOML", "nested"),
        (b"a = " + b"9" * 5000, "valid TOML", "digits"),
        (b"#" * ((1 << 20) + 1), "at most 1048576 bytes", "a larger file"),
    ],
)
def test_what_is_no_toml_is_refused(content: bytes, expected: str, found: str) -> None:
    error = refused(content)
    assert error.expected == expected
    assert found in error.found


def test_a_player_twice_names_the_line(stated: bytes) -> None:
    error = refused(stated + b"\n[players.us_lab]\ntitle = 'again'\n")
    assert error.expected == "valid TOML"
    assert "line" in error.found


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "a\x00b"):
        with pytest.raises(ScenarioError, match="a readable file"):
            load_scenario(path)


def test_a_file_is_named_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"format = 2")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value) == f"{path}: format: expected 1, found 2"


def test_unverified_and_idle_values_are_noted(table: Table, dump: Dump) -> None:
    _with_player(
        table,
        decode_tok_s={"value": 5000, "confidence": "D", "source": "rumour"},
        wacc=0.1,
        owns=["chip", "model", "app"],
    )
    assert parse_scenario(dump(table)).warnings == (
        "players.us_lab.decode_tok_s is unverified (grade D, rumour)",
        "players.us_lab.wacc has no effect",
        "players.us_lab.owns: 'chip' has no effect, a price covers it",
    )


def test_notes_of_a_value(table: Table, dump: Dump) -> None:
    content = dump(table) + b"\n"
    content = content.replace(b'"wafer_usd" = {', b'"wafer_usd" = {date = 2026-01-31, ')
    wafer = parse_scenario(content).world["wafer_usd"]
    assert wafer.date == date(2026, 1, 31).isoformat()
    assert wafer.source.startswith("TSMC")
    assert str(wafer) == "triangular(low 12000, mode 14000, high 19000)"


ARGUMENTS = {
    "constant": {"value": 0.5},
    "loguniform": {"low": 0.2, "high": 0.7},
    "normal": {"mu": 0.5, "sigma": 0.1},
    "logistic": {"mu": 0.5, "scale": 0.1},
    "truncated_normal": {"mu": 0.5, "sigma": 0.1, "low": 0.2, "high": 0.7},
    "exponential": {"mean": 0.5},
    "weibull": {"shape": 2.0, "scale": 0.5},
    "pareto": {"shape": 2.0, "scale": 0.5},
    "beta": {"alpha": 2.0, "beta": 3.0, "low": 0.2, "high": 0.7},
    "discrete": {"values": [0.2, 0.7], "weights": [3, 1]},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_distribution_is_read_where_its_support_allows(
    table: Table, dump: Dump, name: str
) -> None:
    for form in FORMS[name]:
        steps = dict(zip(form.required, (0.2, 0.4, 0.7), strict=False))
        arguments = ARGUMENTS.get(name, steps)
        table["world"]["price_usd_mtok"] = {"dist": name, **arguments}
        if name in ("normal", "logistic"):
            assert "truncated_normal" in refused(dump(table)).found
            continue
        price = parse_scenario(dump(table)).world["price_usd_mtok"]
        assert 0.0 < price.quantile(0.05) <= price.centre <= price.quantile(0.95)


def test_all_layers_together_need_all_parameters() -> None:
    nothing, everything = frozenset[str](), frozenset(LAYERS)
    quotes = {"chip_price_usd", "colo_usd_kw_month", "rent_usd_h", "api_price_ratio"}
    margins = {"chip_margin", "server_margin", "site_margin", "cloud_margin", "api_margin"}
    ratios = {"decode_ratio", "prefill_ratio", "accept_len"}
    either = {"partner_margin", *ratios}
    assert set(needed_keys(nothing, nothing)) == set(PLAYER) - quotes - either
    computed = set(needed_keys(nothing, nothing, computes=True))
    assert computed ^ set(needed_keys(nothing, nothing)) == {
        *ratios,
        "decode_tok_s",
        "prefill_tok_s",
    }
    assert not margins & set(needed_keys(everything, frozenset(quotes)))
    assert set(needed_keys(nothing, frozenset({"api_price_ratio"}))) == {
        "api_price_ratio",
        "app_margin",
    }


def test_the_documentation_lists_every_parameter_and_distribution() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "scenario.md"
    text = page.read_text(encoding="utf-8")
    for field in (WORLD | PLAYER).values():
        assert f"| `{field.key}` | {field.unit} | {field.domain} | {field.text} |" in text
    for name in FORMS:
        assert f"| `{name}` | " in text
