"""``tokenmill cost``: the figures of serve(), their money, and what is refused."""

import json

import pytest

from tokenmill.cli import main
from tokenmill.economics import usd_per_mtok
from tokenmill.serving import Deployment, Pool, Workload, serve

DAY = (
    *("--model", "deepseek_v3", "--accelerator", "H800", "--mode", "disaggregated"),
    *("--dp", "144", "--prefill-data-parallel", "32", "--batch", "96"),
    *("--in", "4304", "--out", "1370", "--cache-hit", "0.5625", "--imbalance", "1.2"),
)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command and return what it prints."""
    assert main(("cost", *arguments)) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; return its one line."""
    assert main(("cost", *arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_json_has_the_figures_of_serve(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, *DAY, "--usd-per-hour", "2", "--json"))
    deployment = Deployment(
        mode="disaggregated", data_parallel=144, batch=96, prefill=Pool(data_parallel=32)
    )
    workload = Workload(in_len=4304, out_len=1370, cache_hit=0.5625, imbalance=1.2)
    expected = serve("deepseek_v3", "H800", deployment, workload)
    assert found["performance"]["tpot_s"] == expected.tpot_s
    assert found["performance"]["parts"]["core"]["roof"] == expected.parts["core"].roof
    assert found["usd_per_mtok"] == usd_per_mtok(2.0, expected.tokens_per_s_gpu, 1.0)
    assert found["usd_per_mtok_prompt"] == usd_per_mtok(2.0, expected.prefill_tokens_per_s_gpu, 1.0)


def test_the_split_adds_up_to_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, *DAY, "--json"))
    prompts = 4304 / 1370 * (1 - 0.5625)
    parts = found["usd_per_mtok_answer"] + prompts * found["usd_per_mtok_prompt"]
    assert parts == pytest.approx(found["usd_per_mtok"], rel=1e-9)


def test_the_text_explains_part_by_part(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *DAY, "--utilisation", "0.5")
    for word in ("all-to-all", "network", "prefill pass", "50% busy", "per million output tokens"):
        assert word in text


def test_half_as_busy_costs_twice(capsys: pytest.CaptureFixture[str]) -> None:
    whole, half = (
        json.loads(printed(capsys, *DAY, "--json", "--utilisation", share))["usd_per_mtok"]
        for share in ("1", "0.5")
    )
    assert half == pytest.approx(2 * whole, rel=1e-12)


@pytest.mark.parametrize(
    ("model", "experts", "cut"),
    [("llama_3_1_405b", False, "tensor_parallel"), ("deepseek_v3", True, "data_parallel")],
)
def test_without_degrees_the_fewest_accelerators_that_hold_it(
    capsys: pytest.CaptureFixture[str], model: str, experts: bool, cut: str
) -> None:
    found = json.loads(printed(capsys, "--model", model, "--accelerator", "H100", "--json"))
    chosen = found["deployment"][cut]
    assert chosen > 1
    half = Deployment(**{cut: chosen // 2})
    assert not serve(model, "H100", half, Workload()).feasible


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--model", "deepseek_v4", "--accelerator", "H800"), "deepseek_v3"),
        (("--model", "deepseek_v3", "--accelerator", "H801"), "did you mean 'H800'"),
        (("--model", "absent.json", "--accelerator", "H800"), "absent.json: no such file"),
        (("--model", "qwen3_8b", "--accelerator", "TPU7x"), "--usd-per-hour: expected one"),
        (("--model", "qwen3_8b", "--accelerator", "H20", "--precision", "fp7"), "'fp7'"),
        (("--model", "llama_3_1_405b", "--accelerator", "H100", "--tp", "2"), "do not fit"),
        ((*DAY, "--batch", "4096"), "sequences fit"),
        ((*DAY, "--ep", "5"), "expert_parallel"),
        ((*DAY, "--accept-len", "3"), "accept_len"),
        ((*DAY, "--out", "0"), "out_len"),
        ((*DAY, "--mode", "aggregated"), "--prefill-data-parallel"),
        ((*DAY, "--catalogue", "absent.toml"), "absent.toml"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--utilisation", "0"), ("--cache-hit", "1.5"), ("--tp", "0"), ("--in", "nan")],
)
def test_a_number_out_of_range_is_named(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit):
        main(("cost", *DAY, option, value))
    assert f"found {value!r}" in capsys.readouterr().err


def test_unverified_values_are_named_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--model", "qwen3_8b", "--accelerator", "Cambricon590", "--usd-per-hour", "1")
    assert main(("cost", *arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("tokenmill: note: ")
    assert "grade D" in captured.err
    assert "grade D" not in captured.out
