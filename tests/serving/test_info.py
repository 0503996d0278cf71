"""The command `tokenmill info`."""

import json
from pathlib import Path

import pytest

from tokenmill.cli import main
from tokenmill.serving import accelerators, api_prices, models


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["info", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of a table by the first of them."""
    table = text.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 100
    return {line.split()[0]: line.split() for line in table if not line.startswith((" ", "-"))}


def test_the_installation_and_its_data(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys)
    for name in ("version", "isa_active", "threads", "data"):
        assert f"\n{name} " in f"\n{out}"
    assert f"{len(accelerators())} accelerators, {len(models())} models" in out
    content = json.loads(run(capsys, "--json"))
    assert content["data"]["api_prices"] == len(api_prices()) and content["threads"] >= 1


def test_accelerators_stand_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    table = rows(run(capsys, "accelerators"))
    assert set(accelerators()) < set(table)
    expected = "H100 989 1,979 - 80 3.35 450 8 50 1,730 28,000 A 2.4 A A"
    assert table["H100"] == expected.split()
    assert table["GB300"][1:4] == ["2,500", "5,000", "15,000"]
    assert table["KunlunP800"] == ["KunlunP800", "345", *["-"] * 10, "D"]
    assert table["Gaudi3"][9] == "600*"


def test_models_stand_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    table = rows(run(capsys, "models"))
    assert set(models()) < set(table)
    expected = "deepseek_v3 671.0 36.6 61 256:8+1 70,272 mla A"
    assert table["deepseek_v3"] == expected.split()
    assert "gqa, 18 x window 128" in " ".join(table["gpt_oss_120b"])


def test_prices_stand_in_a_table_with_their_dates(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "prices")
    assert out.count("2025") > 10
    line = next(line for line in out.splitlines() if line.startswith("deepseek-chat"))
    assert line.split() == ["deepseek-chat", "DeepSeek", "0.14", "0.28", "0.0028", "2026-02", "B"]
    assert " 10.00 " in out


@pytest.mark.parametrize(
    ("topic", "names"), [("accelerators", accelerators), ("models", models), ("prices", api_prices)]
)
def test_json_has_every_field_with_what_it_rests_on(
    topic: str, names: object, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(run(capsys, topic, "--json"))
    assert list(content) == list(names())  # type: ignore[operator]
    assert all(entry["evidence"]["confidence"] in "ABCD" for entry in content.values())


def test_json_keeps_digits_ranges_and_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    prices = json.loads(run(capsys, "prices", "--json"))
    assert prices["deepseek_chat_deepseek_2026_02"]["cached_usd_mtok"] == "0.0028"
    chips = json.loads(run(capsys, "accelerators", "--json"))
    assert chips["H100"]["rent_usd_h"] == {"low": 1.7, "typical": 2.4, "high": 4.0}
    assert chips["H100"]["exceptions"]["rent_usd_h"]["confidence"] == "A"
    shapes = json.loads(run(capsys, "models", "--json"))
    assert shapes["deepseek_v3"]["kv_bytes_per_token_bf16"] == 70_272


def test_entries_of_ones_own_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.toml"
    path.write_text("format = 1\n[accelerators.H100]\nhbm_bytes = 94e9\n", encoding="utf-8")
    assert rows(run(capsys, "accelerators", "--catalogue", str(path)))["H100"][4] == "94"
    path.write_text("format = 1\n[accelerators.H100]\nhbm = 94e9\n", encoding="utf-8")
    assert main(["info", "accelerators", "--catalogue", str(path)]) == 2
    assert "accelerators.H100.hbm: expected a key of" in capsys.readouterr().err


def test_an_unknown_topic_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["info", "gpus"])
    assert end.value.code == 2
    assert "invalid choice: 'gpus'" in capsys.readouterr().err
