"""Outputs of real model code: ids equal, weights within the tolerance the fixture states."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from tokenmill.routing import RouterSpec, route

FOLDER = Path(os.environ.get("TOKENMILL_DATA", Path(__file__).parents[3] / "shared" / "data"))
MANIFEST = FOLDER / "routing" / "manifest.json"
ENTRIES = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else {}
CAPACITY = ("R19", "R20")  # routers with a capacity: test_capacity_fixtures.py reads those
NAMES = sorted(
    name
    for name, entry in ENTRIES.items()
    if name != "_about" and not entry["routing_md_rule"].startswith(CAPACITY)
)
NORMS = {"sum": "sum", "max": "floor", "p": "power"}
WEIGHTS = {"softmax_sel": "softmax_of_chosen", "sigmoid_sel": "sigmoid_of_chosen"}


def spec_of_parameters(entry, rule):
    groups = rule.get("G", 1)
    scale = rule.get("scale", 1.0) / rule.get("div", 1.0)
    bias = None
    if entry["arrays"].get("bias", [[0]])[0] != [0]:
        bias = "logits" if rule.get("bias_on") == "logit" else "choice"
    norm = NORMS.get(rule.get("norm"))
    return RouterSpec(
        experts=entry["E"],
        top_k=rule["k"],
        score=rule["score"],
        bias=bias,
        groups=groups,
        groups_kept=rule.get("g", 1),
        group_score="max" if rule.get("group_score") == "max" else "top2_sum",
        group_fill=float(rule.get("fill", -math.inf)),
        weight=WEIGHTS.get(rule.get("weight"), "score"),
        norm=norm,
        norm_eps=rule.get("eps", 0.0) if norm in ("sum", "floor") else 0.0,
        norm_power=rule.get("eps", 1.0) if norm == "power" else 1.0,
        scale=scale,
        logit_scale=rule.get("premul", 1.0),
        softcap=rule.get("softcap", 0.0),
    )


def spec_of_special_rule(entry, arrays):
    rule, k = entry["routing_md_rule"], entry["k"]
    columns = arrays["logits"].shape[1]
    scale = entry.get("scaling_factor") or 1.0
    bias = "choice" if arrays["bias"].size else None
    if rule.startswith("R12"):
        options = {"score": "sqrtsoftplus", "norm": "sum", "method": "hash"}
        return RouterSpec(experts=columns, top_k=k, norm_eps=entry["eps"], scale=scale, **options)
    if rule.startswith("R16"):
        shared = arrays["shared_weights"].shape[1]
        return RouterSpec(
            experts=columns - shared,
            top_k=k,
            score="sigmoid",
            bias=bias,
            weight="joint_sigmoid",
            shared_experts=shared,
            scale=scale * float(arrays["global_scale"][0]),
        )
    if rule.startswith("R17"):
        return RouterSpec(experts=columns - 1, top_k=k, bias=bias, skip_expert=True, scale=scale)
    if rule.startswith("R18"):
        method = {"method": "sparse_mixer", "jitter": entry["eps"]}
        return RouterSpec(experts=columns, top_k=2, **method)
    keys = columns // 2
    weight = {"weight": "softmax_of_chosen", "method": "product_keys"}
    return RouterSpec(experts=keys * keys, top_k=k, score="identity", **weight)


def product_key_logits(flat, tokens):
    """Undo the quirk of that model, which reads (T, 2, K) as (2, T, K)."""
    halves = flat.reshape(2, tokens, -1)
    return np.concatenate([halves[0], halves[1]], axis=1)


def in_choice_order(name, values, arrays):
    order = arrays.get("order")
    return values if order is None else np.take_along_axis(values, order.astype(np.int64), 1)


@pytest.mark.skipif(not NAMES, reason=f"no fixtures: {MANIFEST} is absent")
@pytest.mark.parametrize("name", NAMES or ["absent"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_model(name, dtype):
    entry = ENTRIES[name]
    with np.load(MANIFEST.parent / entry["file"], allow_pickle=False) as stored:
        arrays = dict(stored)
    rule = entry.get("rule_params")
    spec = spec_of_parameters(entry, rule) if rule else spec_of_special_rule(entry, arrays)
    logits = arrays["logits"].astype(dtype)
    if spec.method == "product_keys":
        logits = product_key_logits(logits, len(logits))
    found = route(
        logits,
        spec,
        bias=arrays["bias"] if spec.bias else None,
        token_ids=arrays.get("token_ids") if spec.method == "hash" else None,
        hash_table=arrays.get("table") if spec.method == "hash" else None,
        expert_scale=arrays.get("per_expert_scale"),
    )
    ids, weights = (in_choice_order(name, arrays[key], arrays) for key in ("ids", "weights"))
    np.testing.assert_array_equal(found.expert_ids, ids)
    rtol = entry["verification"]["suggested_rtol"]
    np.testing.assert_allclose(found.weights, weights, rtol=rtol, atol=1e-37)
    if spec.shared_experts:
        np.testing.assert_allclose(found.shared_weights, arrays["shared_weights"], rtol=rtol)
    if spec.skip_expert:
        np.testing.assert_array_equal(found.skipped, arrays["skip"])


@pytest.mark.skipif(not NAMES, reason=f"no fixtures: {MANIFEST} is absent")
def test_a_wrong_rule_is_seen():
    entry = ENTRIES[NAMES[NAMES.index("deepseek_v3")]]
    with np.load(MANIFEST.parent / entry["file"], allow_pickle=False) as stored:
        arrays = dict(stored)
    wrong = spec_of_parameters(entry, entry["rule_params"] | {"group_score": "max"})
    found = route(arrays["logits"], wrong, bias=arrays["bias"])
    assert (found.expert_ids != in_choice_order("", arrays["ids"], arrays)).any()
