"""Saved results: what comes back is what was saved, and nothing damaged gets in."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenmill.montecarlo import PERT, LogNormal, SweepResult, sweep

INPUTS = {"x": LogNormal(0.0, 1.0), "y": PERT(0.0, 0.3, 1.0), "z": 2.0}


def model(x, y, z):  # type: ignore[no-untyped-def]
    return x * y * z


@pytest.fixture(scope="module")
def result() -> SweepResult:
    return sweep(model, INPUTS, n=3000, seed=5, thresholds={"model": [0.5]})


@pytest.fixture(scope="module")
def text(result: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("saved") / "result.json"
    result.save(path)
    return path.read_text()


def test_round_trip(result: SweepResult, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    result.save(path)
    loaded = SweepResult.load(path)
    assert loaded.digest == result.digest
    assert loaded["model"].mean == result["model"].mean
    assert loaded["model"].correlation() == result["model"].correlation()
    assert loaded.replay(7).inputs == result.replay(7).inputs
    assert loaded.replay(7).outputs == {}
    more = sweep(model, INPUTS, n=1000, seed=5, start=3000, thresholds={"model": [0.5]})
    whole = sweep(model, INPUTS, n=4000, seed=5, thresholds={"model": [0.5]})
    assert (loaded + more).digest == whole.digest
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_a_failed_save_leaves_nothing(
    result: SweepResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        result.save(tmp_path / "result.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("format", "pickle", ["format", "pickle"]),
        ("stream_version", 2, ["stream_version", "expected 1", "found 2"]),
        ("seed", -1, ["seed", "-1"]),
        ("seed", "5", ["seed", "'5'"]),
        ("outputs", "model", ["outputs", "a list"]),
        ("ranges", [[0, "x"]], ["ranges[0][1]", "'x'"]),
        ("tallies", [{}], ["tallies[0].buckets", "missing"]),
        ("digest", "0" * 64, ["digest", "0" * 64]),
    ],
)
def test_damage_is_named(
    text: str, tmp_path: Path, key: str, value: object, words: list[str]
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**json.loads(text), key: value}))
    with pytest.raises(ValueError) as caught:
        SweepResult.load(path)
    for word in ["bad.json", *words]:
        assert word in str(caught.value)


def test_a_changed_count_is_caught_by_the_digest(text: str, tmp_path: Path) -> None:
    content = json.loads(text)
    content["tallies"][0]["counts"][0] += 1
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="digest"):
        SweepResult.load(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_mutated_files_are_refused_or_equal(
    text: str, result: SweepResult, tmp_path: Path, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 8))
    middle = data.draw(st.text(max_size=8))
    path = tmp_path / "fuzz.json"
    path.write_text(
        text[:place] + middle + text[place + length :], encoding="utf-8", errors="replace"
    )
    try:
        loaded = SweepResult.load(path)
    except ValueError:
        return
    assert loaded.digest == result.digest


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SweepResult.load(tmp_path / "none.json")
