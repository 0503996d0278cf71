"""``tokenmill route`` as a user runs it."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from tokenmill.cli import main, route_run
from tokenmill.cli.route_run import Run
from tokenmill.cli.route_text import lines
from tokenmill.routing import RouterSpec, presets, read_trace, trace_checksum

PLAIN = RouterSpec(experts=8, top_k=2)


def run_json(capsys, *arguments):
    assert main(["route", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out, parse_constant=lambda text: pytest.fail(text))


def refused(capsys, *arguments):
    assert main(["route", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith("tokenmill: error: ")
    return captured.err


def result(spec=PLAIN, tokens=500, name="plain"):
    run = Run(name=name, spec=spec, tokens=tokens, seed=1, threads=1)
    for _ in run.blocks():
        pass
    return run.result()


def test_counts_balance_and_speed_are_printed(capsys):
    assert main(["route", "--preset", "deepseek_v3", "--tokens", "4096", "--seed", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" and captured.out.isascii()
    first, *rest = captured.out.splitlines()
    assert first.startswith("deepseek_v3: 4,096 tokens, top 8 of 256 experts, standard normal")
    assert first.endswith("bias of zeros, seed 1")
    table = [line.split() for line in rest if line[:10].strip().isdigit()]
    assert [int(row[0]) for row in table] == list(range(0, 256, 16))
    assert sum(int(count) for row in table for count in row[1:]) == 4096 * 8
    text = captured.out
    for words in ("max/mean 1.", "Gini 0.", "dead 0", "million tokens/s", "digest    ids "):
        assert words in text


def test_json_is_strict_and_does_not_depend_on_threads_or_blocks(capsys, monkeypatch):
    one = run_json(capsys, "--tokens", "2_000", "--seed", "5", "--threads", "1")
    monkeypatch.setattr(route_run, "_BLOCK_LOGITS", 300 * 256)
    two = run_json(capsys, "--tokens", "2e3", "--seed", "5", "--threads", "2")
    for name in ("counts", "balance", "ids_sha256", "weights_sha256", "seed", "tokens", "top_k"):
        assert one[name] == two[name]
    other = run_json(capsys, "--tokens", "2000", "--seed", "6")
    assert other["ids_sha256"] != one["ids_sha256"]
    assert sum(one["counts"]) == 16_000 and one["bias"] == "zeros"
    assert one["tokens_per_second"] == pytest.approx(2000 / one["seconds"])
    assert one["balance"]["max_over_mean"] == max(one["counts"]) / 62.5


@pytest.mark.parametrize("suffix", ["npz", "jsonl"])
def test_a_trace_holds_the_ids(tmp_path, capsys, monkeypatch, suffix):
    monkeypatch.setattr(route_run, "_BLOCK_LOGITS", 300 * 8)
    path = tmp_path / f"ids.{suffix}"
    found = run_json(capsys, "--preset", "mixtral", "--tokens", "700", "--trace", str(path))
    records = list(read_trace(path))
    assert [one.num_tokens for one in records] == [300, 300, 100]
    assert [one.step for one in records] == [0, 1, 2]
    ids = np.concatenate([one.top_indices for one in records])
    assert np.bincount(ids.reshape(-1), minlength=8).tolist() == found["counts"]
    assert found["trace_sha256"] == trace_checksum(path)


def test_overrides_and_the_list(capsys):
    found = run_json(capsys, "--preset", "mixtral", "--experts", "12", "--top-k", "3")
    assert (found["experts"], found["top_k"], len(found["counts"])) == (12, 3, 12)
    assert main(["route", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [one.name for one in presets()]


RANKED = [one.name for one in presets() if one.spec.method != "hash"]


@pytest.mark.parametrize("name", RANKED)
def test_every_preset_that_ranks_is_routed(name, capsys):
    found = run_json(capsys, "--preset", name, "--tokens", "40")
    assert sum(found["counts"]) == 40 * found["top_k"]
    assert len(found["counts"]) == found["choices"]


def test_the_skip_expert_is_counted_under_its_own_number():
    spec = RouterSpec(experts=3, top_k=1, bias="choice", skip_expert=True)
    counts = result(spec, tokens=4000).counts
    assert len(counts) == 4 and counts.min() > 800


def test_block_routing_keeps_its_blocks_and_has_no_chance(monkeypatch):
    options = {"method": "block", "block_size": 48, "block_experts": 4}
    spec = RouterSpec(experts=8, top_k=2, score="sigmoid", **options)
    whole = result(spec)
    monkeypatch.setattr(route_run, "_BLOCK_LOGITS", 100 * 8)
    assert result(spec).ids_digest == whole.ids_digest
    assert whole.chance_cv is None and not any("chance" in line for line in lines(whole))


def test_load_is_what_chance_leaves():
    found = result(tokens=20_000)
    assert found.chance_cv == pytest.approx(np.sqrt(0.75 / (20_000 * 0.25)))
    assert 0.3 * found.chance_cv < found.balance.cv[0] < 2.0 * found.chance_cv


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--preset", "deepseek_v33"), "--preset: expected a preset, such as "),
        (("--preset", "deepseek_v4_hash"), "expected a rule that ranks logits"),
        (("--top-k", "2", "--experts", "1"), "top_k and experts clash"),
        (("--experts", "255"), "groups and experts clash"),
        (("--trace", "{}/a.csv"), "expected a name that ends in .npz or .jsonl"),
        (("--trace", "{}/none/a.npz"), "no such file or directory"),
        (("--plot", "{}/a.gif"), "expected a name that ends in .png"),
    ],
)
def test_what_cannot_work_is_refused_before_the_work(
    arguments, reason, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(Run, "blocks", lambda _: pytest.fail("it routed"))
    assert reason in refused(capsys, *(text.format(tmp_path) for text in arguments))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("--tokens", "0"), ("--top-k", "0"), ("--experts", "x")])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["route", *arguments])
    assert caught.value.code == 2
    assert "usage: tokenmill route" in capsys.readouterr().err


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    path = tmp_path / "a.npz"
    assert "no space left" in refused(capsys, "--tokens", "10", "--trace", str(path))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_without_matplotlib_names_the_extra(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "pip install 'tokenmill[cli]'" in refused(capsys, "--plot", str(tmp_path / "a.png"))


@pytest.mark.parametrize(
    ("experts", "top_k", "tokens"), [(1, 1, 1), (8, 2, 1), (8, 8, 5), (130, 3, 400)]
)
def test_a_picture_of_any_load(experts, top_k, tokens):
    pytest.importorskip("matplotlib")
    from tokenmill.cli.route_plot import picture

    found = result(RouterSpec(experts=experts, top_k=top_k), tokens)
    fixed = dataclasses.replace(found, seconds=1.0)
    assert picture(fixed).startswith(b"\x89PNG")
    assert picture(fixed, "svg") == picture(fixed, "svg")


def test_a_picture_is_written(tmp_path, capsys):
    path = tmp_path / "load.png"
    assert main(["route", "--tokens", "100", "--plot", str(path)]) == 0
    assert f"wrote {path}" in capsys.readouterr().err
    assert path.read_bytes().startswith(b"\x89PNG")


def test_routing_by_the_command_loads_no_numba():
    code = (
        "import sys\nfrom tokenmill.cli import main\nmain(['route', '--tokens', '10'])\n"
        "print([m for m in ('numba', 'matplotlib', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("[]\n")
