"""Predicted beside measured: what a point stands for, the summaries, and the targets."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenmill.cli import main
from tokenmill.serving import PUBLISHED, Calibration, fitted, read_points
from tokenmill.serving.cases import Excluded, case_of
from tokenmill.serving.efficiency_file import EfficiencyError, parse_calibration
from tokenmill.serving.fit import FITTED, calibration, fit, toml
from tokenmill.serving.points import METRICS, Point, PrefillPool
from tokenmill.serving.predicted import predict
from tokenmill.serving.validation import (
    cases,
    in_fitted_half,
    quantile,
    set_of,
    unscored,
    validate,
)

SNAPSHOT = Path(__file__).with_name("predictions.json")


@pytest.fixture(scope="module")
def points():
    return read_points()


@pytest.fixture(scope="module")
def found(points):
    return validate(points)


def dense(**changes):
    conditions = {
        "id": "x",
        "metric": "out_tok_s",
        "per": "gpu",
        "value": 1000.0,
        "model_id": "llama_3_1_70b",
        "hw_id": "H200",
        "phase": "agg",
        "attn_tp": 1,
        "w_attn": "fp8",
        "batch": 64,
        "batch_scope": "replica",
        "in_len": 1000,
        "out_len": 1000,
    }
    return Point(**{**conditions, **changes})


def value(point):
    return predict(case_of(point), PUBLISHED)


# The targets of the validation; a change of the model or the constants has to meet them.


def test_throughput_meets_its_targets_on_the_fitted_half_and_on_the_other(found):
    assert found.of_set("throughput", in_fitted_half).median <= 0.08
    assert found.of_set("throughput", lambda p: not in_fitted_half(p)).median <= 0.10
    assert found.of_set("throughput", lambda p: not in_fitted_half(p)).p90 <= 0.25
    assert found.of_set("throughput").p90 <= 0.25
    assert abs(found.of_set("throughput").bias) < 0.05


def test_time_per_token_meets_its_targets(found):
    summary = found.of_set("tpot")
    assert summary.median <= 0.16 and summary.p90 <= 0.40 and abs(summary.bias) < 0.05


def test_nearly_every_good_point_is_expressed(found):
    assert found.expressed_ok() >= 0.95


def test_a_plain_roofline_misses_the_targets(points):
    plain = PUBLISHED.constants._replace(
        gemm=0.55,
        gemm_half=0.0,
        expert=0.55,
        expert_half=0.0,
        activation_scale=0.0,
        disaggregated=1.0,
        dense=1.0,
        experts_parallel=1.0,
        experts_single=1.0,
        fp4=1.0,
    )
    roofline = Calibration(plain, gemm_scale=dict.fromkeys(("H20", "blackwell", "ascend"), 1.0))
    summary = validate(points, efficiency=roofline).of_set("throughput")
    assert summary.median > 0.15 and summary.p90 > 0.4 and summary.bias > 0.05


def test_predictions_stay_what_they_are(found):
    snapshot = json.loads(SNAPSHOT.read_text())
    now = {s.point.id: s.predicted for s in found.scored}
    assert now.keys() == snapshot.keys()
    for name, before in snapshot.items():
        assert now[name] == (None if before is None else pytest.approx(before, rel=1e-6)), name


# What a point stands for.


def test_four_meanings_of_a_batch():
    wide = {"attn_tp": 4, "n_replicas": 2, "n_gpus": 8, "phase": "decode", "metric": "tpot_s"}
    per_replica = value(dense(**wide, batch=32, batch_scope="replica"))
    assert value(dense(**wide, batch=8, batch_scope="gpu")) == per_replica
    assert value(dense(**wide, batch=64, batch_scope="system")) == per_replica
    most = value(dense(**wide, batch=None, batch_scope="max"))
    assert most > per_replica


def test_rates_per_accelerator_node_and_system():
    each = value(dense(attn_tp=2, n_gpus=16, n_replicas=8))
    assert value(dense(attn_tp=2, n_gpus=16, n_replicas=8, per="node")) == 8.0 * each
    assert value(dense(attn_tp=2, n_gpus=16, n_replicas=8, per="system")) == 16.0 * each


def test_total_and_cost_follow_from_the_rate():
    rate = value(dense())
    assert value(dense(metric="total_tok_s")) == 2.0 * rate
    cost = value(dense(metric="usd_per_mtok_out", usd_h=2.0))
    assert cost == pytest.approx(2.0 / 3600.0 / rate * 1e6, rel=1e-12)
    assert value(dense(metric="tok_s_per_mw")) == pytest.approx(rate / 1.73e-3, rel=1e-12)


def test_a_batch_is_sought_for_a_speed():
    point = dense(batch=None, batch_scope=None, phase="decode", interactivity_tok_s_user=32.0)
    fast, slow = value(point), value(dataclasses.replace(point, interactivity_tok_s_user=20.0))
    assert 0.0 < fast < slow
    with pytest.raises(Excluded, match="no batch is as fast"):
        value(dataclasses.replace(point, interactivity_tok_s_user=1e6))


def test_offline_maxima_of_tensorrt_are_data_parallel_whatever_the_width_is_called():
    common = {"model_id": "qwen3_235b_a22b", "engine": "trtllm", "batch": None}
    common |= {"batch_scope": "max", "moe_ep": 8, "n_gpus": 8, "w_moe": "fp8"}
    named_tensor = dense(**common, attn_tp=8, attn_dp=1)
    assert value(named_tensor) == value(dense(**common, attn_tp=1, attn_dp=8))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_id": "of the future"}, "unknown model of the future"),
        ({"hw_id": "abacus"}, "unknown accelerator abacus"),
        ({"model_id": None}, "no model or no accelerator"),
        ({"attn_tp": None}, "parallelism is not stated"),
        ({"w_attn": "fp3"}, "expected one of fp32"),
        ({"metric": "usd_per_mtok_out"}, "no price"),
        ({"model_id": "llama_3_1_405b", "w_attn": "bf16", "batch": None}, "not fit"),
        ({"hw_id": "KunlunP800"}, "not public"),
    ],
)
def test_what_cannot_be_predicted_has_a_reason(changes, reason):
    (scored,) = validate([dense(**changes)]).scored
    assert scored.predicted is None and scored.error is None and reason in scored.excluded


DEGREES = st.none() | st.sampled_from([1, 2, 3, 8, 72, 1_000_000])
LENGTHS = st.none() | st.sampled_from([0.0, 1.0, 128.0, 9000.0, 1e15])
FORMATS = st.none() | st.sampled_from(["bf16", "fp8", "nvfp4", "int4", "fp32", "fp3"])
CONDITIONS = {
    "model_id": st.sampled_from(["deepseek_v3", "gpt_oss_120b", "llama_4_maverick", "qwen3_8b"]),
    "hw_id": st.sampled_from(["H20", "GB200", "MI300X", "Ascend910C", "TPUv5e", "A100"]),
    "metric": st.sampled_from(METRICS),
    "phase": st.sampled_from([None, "agg", "decode", "prefill", "disagg"]),
    "engine": st.sampled_from([None, "trtllm", "vllm"]),
    "per": st.sampled_from([None, "gpu", "node", "system"]),
    **dict.fromkeys(("n_gpus", "attn_tp", "attn_dp", "moe_tp", "moe_ep", "n_replicas"), DEGREES),
    "prefill_pool": st.none() | st.builds(PrefillPool, tp=DEGREES, dp=DEGREES, ep=DEGREES),
    **dict.fromkeys(("w_attn", "w_moe", "kv_dtype", "attn_math"), FORMATS),
    "batch": st.none() | st.sampled_from([1e-9, 1.0, 7.5, 4096.0, 1e15]),
    "batch_scope": st.sampled_from([None, "gpu", "replica", "system", "max"]),
    "chunk_tokens": DEGREES,
    **dict.fromkeys(("in_len", "out_len", "ctx_len"), LENGTHS),
    "drafts": st.sampled_from([None, 0.0, 0.5, 1.0, 3.0, 1e15]),
    "accept_len": st.sampled_from([None, 1e-9, 1.85, 1e15]),
    "balanced": st.sampled_from([None, True, False]),
    "cache_hit": st.sampled_from([None, 0.0, 0.5, 1.0]),
    "tpot_limit_s": st.sampled_from([None, 1e-9, 0.05, 1e15]),
    "usd_h": st.sampled_from([None, 2.0]),
}


@settings(deadline=None, max_examples=150)
@given(st.fixed_dictionaries(CONDITIONS))
def test_any_point_has_a_figure_or_a_reason(conditions):
    (scored,) = validate([Point(id="x", value=1.0, **conditions)]).scored
    if scored.predicted is None:
        assert scored.excluded
    else:
        assert 0.0 < scored.predicted < float("inf")


# Summaries.


def test_summaries_of_a_small_set():
    first = value(dense())
    asked = [
        dense(id="exact", value=first, family="f"),
        dense(id="high", value=first / 1.5, family="g"),
        dense(id="low", value=first / 0.9, family="g"),
        dense(id="again", value=first, dup_of="exact"),
        dense(id="elsewhere", value=first, dup_of="not here"),
        dense(id="claim", value=first, kind="claimed-theoretical"),
        dense(id="bare", value=first, quality="metadata_incomplete"),
        dense(id="new", model_id="of the future"),
        dense(id="one", metric="tpot_s", value=0.01, batch=1),
    ]
    validation = validate(asked, efficiency=PUBLISHED)
    summary = validation.of_set("throughput")
    assert (summary.count, summary.expressed) == (5, 4)
    assert summary.median == pytest.approx(0.05) and summary.bias == pytest.approx(0.0)
    assert summary.p90 == pytest.approx(0.1 + 0.7 * 0.4)
    assert validation.of_set("tpot").count == 0 and validation.of_set("tpot").median is None
    assert validation.of_set("batch-1 tpot").expressed == 1
    assert validation.by("family")["g"].expressed == 2
    assert validation.reasons() == {"unknown model of the future": 1}
    assert unscored(asked[3], {"exact"}) == "the same as exact"
    assert set_of(asked[8]) == "batch-1 tpot"


def test_quantiles():
    assert quantile([], 0.5) is None
    assert quantile([3.0, 1.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0], 0.9) == pytest.approx(2.8)


def test_no_points_are_legal():
    assert validate([]).summary().count == 0 and validate([]).expressed_ok() == 1.0


# The fit.


def test_a_fit_depends_on_the_points_alone_and_lessens_the_error(points):
    some = [case for case in cases(points) if in_fitted_half(case.point)][::6]
    few = tuple(c for c in FITTED if c.name in ("memory", "dense"))
    values = fit(some, few)
    assert values == fit(some, few)
    assert all(c.low <= v <= c.high for c, v in zip(few, values, strict=True))

    def off(constants):
        return sum(abs(predict(case, constants) / case.point.value - 1.0) for case in some)

    assert off(calibration(values, few)) < off(calibration([c.prior for c in few], few))


def test_the_file_of_a_fit_reads_back():
    values = [c.prior for c in FITTED]
    assert parse_calibration(toml(values).encode()) == calibration(values)
    constants = fitted().constants
    assert constants.admission == 1.0 and constants.dense <= 1.0 and constants.memory <= 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "format: expected 1"),
        ("format = 1\n[constant]", "constant: expected constants"),
        ("format = 1\n[constants]\nmemry = 1.0", "constants.memry: .*did you mean 'memory'"),
        ("format = 1\n[constants]\nmemory = -1.0", "constants.memory: expected a value from 0"),
        ("format = 1\n[constants]\nmemory = nan", "constants.memory: expected a value from 0"),
        ("format = 1\nconstants = 3", "constants: expected a table"),
    ],
)
def test_a_bad_file_of_constants_is_refused(text, message):
    with pytest.raises(EfficiencyError, match=message):
        parse_calibration(text.encode())


# The command.


def test_the_command_prints_tables_and_json(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    line = {"id": "x", "metric": "out_tok_s", "value": 1000, "model_id": "llama_3_1_70b"}
    line |= {"hw_id": "H200", "phase": "agg", "attn_tp": 1, "w_attn": "fp8", "batch_scope": "max"}
    file.write_text(json.dumps(line) + "\n" + json.dumps({**line, "id": "y", "hw_id": "z"}))
    assert main(["validate", str(file)]) == 0
    text = capsys.readouterr().out
    assert "unknown accelerator z" in text and "1 of 2 points expressed" in text
    assert main(["validate", str(file), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["count"] == 2 and data["expressed"] == 1
    assert data["excluded"] == {"unknown accelerator z": 1}


def test_the_command_refuses_what_is_no_file_of_points(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text("{}")
    assert main(["validate", str(file)]) == 2
    assert "line 1: id: expected text" in capsys.readouterr().err


def test_the_picture_is_written(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    file, plot = tmp_path / "p.jsonl", tmp_path / "p.png"
    file.write_text("")
    assert main(["validate", str(file), "--plot", str(plot)]) == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
