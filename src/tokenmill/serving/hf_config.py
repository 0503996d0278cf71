"""From a model's config.json to the fields of its `ModelShape`.

Keys as the models' published config.json files have them; those of ERNIE and Gemma 3 were compared
with the configuration classes of transformers (2026-11), the others by the totals that come out. A
number that such a class would fill in by itself is required here: a guess would be a wrong cost.
The router's part is read by the rules of :mod:`tokenmill.routing`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..routing.model_config import nearest, read_config, router_of_config, table
from . import hf_layers
from .hf_layers import Config, flag, length, whole

Rule = Callable[[Config, int], int]


class Family(NamedTuple):
    """How the configs of one model type name what differs between types."""

    moe_layers: Rule | None = None  # counts the layers with experts; None: there are none
    expert_width: str = "moe_intermediate_size"
    dense_width: str = "intermediate_size"
    windowed: Rule = hf_layers.no_layers  # counts the windowed layers where none are listed
    tied: bool = False  # of tie_word_embeddings where the config is silent
    shared_experts: int = 0  # where no key says how many
    shared_width: str = ""
    mla: bool = False
    head_dim: bool = False  # whether it has to be given; else it is hidden / heads


_DENSE = Family()
_DENSE_WIDE = Family(head_dim=True)
_DEEPSEEK = Family(hf_layers.after_first_dense, mla=True)
_QWEN2 = Family(windowed=hf_layers.qwen_windows)
_QWEN3 = _QWEN2._replace(head_dim=True)
_QWEN2_MOE = _QWEN2._replace(
    moe_layers=hf_layers.sparse_steps,
    shared_experts=1,
    shared_width="shared_expert_intermediate_size",
)
_QWEN3_MOE = _QWEN3._replace(moe_layers=hf_layers.sparse_steps)
_ALL_MOE = Family(hf_layers.all_layers, "intermediate_size")
_GLM_MOE = Family(hf_layers.after_first_dense, head_dim=True)

FAMILIES = {
    "deepseek_v2": _DEEPSEEK,
    "deepseek_v3": _DEEPSEEK,
    "deepseek_v32": _DEEPSEEK,
    "dots1": _GLM_MOE._replace(head_dim=False),
    "ernie4_5": Family(tied=True),
    "ernie4_5_moe": Family(hf_layers.ernie_layers, tied=True, shared_experts=2),
    "gemma2": Family(windowed=hf_layers.every_other, tied=True, head_dim=True),
    "gemma3_text": Family(windowed=hf_layers.gemma3_windows, tied=True, head_dim=True),
    "glm4": _DENSE_WIDE,
    "glm4_moe": _GLM_MOE,
    "glm4_moe_lite": _DEEPSEEK,
    "glm4v_moe_text": _GLM_MOE,
    "glm_moe_dsa": _DEEPSEEK,
    "gpt_oss": Family(
        hf_layers.all_layers, "intermediate_size", windowed=hf_layers.every_other, head_dim=True
    ),
    "granite": _DENSE,
    "kimi_k2": _DEEPSEEK,
    "llama": _DENSE,
    "llama4_text": Family(
        hf_layers.interleaved,
        "intermediate_size",
        "intermediate_size_mlp",
        shared_experts=1,
        head_dim=True,
    ),
    "minimax_m2": _ALL_MOE._replace(head_dim=True),
    "mistral": Family(windowed=hf_layers.sliding_layers),
    "mixtral": _ALL_MOE._replace(windowed=hf_layers.sliding_layers),
    "olmoe": _ALL_MOE,
    "phi3": Family(windowed=hf_layers.sliding_layers),
    "phimoe": _ALL_MOE._replace(windowed=hf_layers.sliding_layers),
    "qwen2": _QWEN2,
    "qwen2_moe": _QWEN2_MOE,
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3_MOE,
    "qwen3_vl_moe_text": _QWEN3_MOE,
    "qwen3_vl_text": _QWEN3,
    "seed_oss": _DENSE_WIDE,
}
# Wrappers of dense models: the text model is under text_config, of this type unless it says so.
_INSIDE = {
    "gemma3": "gemma3_text",
    "mistral3": "mistral",
    "qwen3_vl": "qwen3_vl_text",
}
# Types whose configs may leave out the groups: one for each head.
_MHA = ("llama", "olmoe", "phi3")
_DRAFT_KEYS = ("num_nextn_predict_layers", "num_mtp_modules")


def fields_of_config(source: Config | str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of a model's shape; see :meth:`ModelShape.from_hf_config`."""
    whole_config = read_config(source)
    name, config = _text_part(whole_config)
    family = FAMILIES[name]
    layers = whole(config, "num_hidden_layers")
    fields: dict[str, Any] = {
        "name": name,
        "layers": layers,
        "hidden": whole(config, "hidden_size"),
        "vocab": whole(config, "vocab_size"),
        "tied_embeddings": flag(config, "tie_word_embeddings", family.tied),
        "draft_layers": max(length(config, key) for key in _DRAFT_KEYS),
    }
    fields |= _attention(config, family, name)
    fields |= hf_layers.attention_spans(config, layers, family.windowed)
    fields |= _networks(config, family, name, layers)
    return fields


def _text_part(config: Config) -> tuple[str, Config]:
    """Follow the wrappers down to the text model."""
    inside = {name: (key, inner) for name, (key, inner) in table("model_types")["inside"].items()}
    inside |= {name: ("text_config", inner) for name, inner in _INSIDE.items()}
    name = config.get("model_type")
    if not isinstance(name, str):
        raise ValueError(f"model_type: expected a string in the config, found {name!r}")
    while name in inside:
        key, name = inside[name]
        part = config.get(key)
        if not isinstance(part, Mapping):
            raise ValueError(f"{key}: expected an object, found {type(part).__name__}")
        # Some wrappers say for the text model whether its embeddings are tied.
        tied = {"tie_word_embeddings": config.get("tie_word_embeddings")}
        config = {**tied, **part}
        name = config.get("model_type") or name
    if not isinstance(name, str) or name not in FAMILIES:
        close = nearest(str(name), FAMILIES.keys() | inside.keys())
        raise ValueError(
            f"model_type: expected one whose layers are known, such as {close}; found {name!r}"
        )
    return name, config


def _attention(config: Config, family: Family, name: str) -> dict[str, Any]:
    """Return heads and their widths."""
    heads = whole(config, "num_attention_heads")
    if family.mla:
        nope, rope = whole(config, "qk_nope_head_dim"), whole(config, "qk_rope_head_dim")
        return {
            "attention": "mla",
            "heads": heads,
            "kv_heads": heads,
            "head_dim": nope + rope,
            "q_rank": length(config, "q_lora_rank"),
            "kv_rank": whole(config, "kv_lora_rank"),
            "nope_dim": nope,
            "rope_dim": rope,
            "v_dim": whole(config, "v_head_dim"),
            "sparse_top_k": length(config, "index_topk"),
            "sparse_heads": length(config, "index_n_heads"),
            "sparse_dim": length(config, "index_head_dim"),
        }
    hidden = whole(config, "hidden_size")
    for key in ("kv_lora_rank", "index_topk"):
        if config.get(key) is not None:
            raise ValueError(f"{key}: expected none in a config of {name!r}, found {config[key]!r}")
    return {
        "heads": heads,
        "kv_heads": whole(config, "num_key_value_heads", heads if name in _MHA else None),
        "head_dim": whole(config, "head_dim", None if family.head_dim else hidden // heads),
    }


def _networks(config: Config, family: Family, name: str, layers: int) -> dict[str, Any]:
    """Return experts and dense networks."""
    if family.moe_layers is None:
        return {"dense_width": whole(config, family.dense_width)}
    moe_layers = family.moe_layers(config, layers)
    if moe_layers == 0:
        return {"dense_width": whole(config, family.dense_width)}
    router = router_of_config({**config, "model_type": name}).spec
    shared = _first(config, ("n_shared_experts", "moe_num_shared_experts"))
    fields = {
        "experts": router.experts,
        "top_k": router.top_k,
        "expert_width": whole(config, family.expert_width),
        "shared_experts": family.shared_experts if shared is None else shared,
        "node_limit": router.groups_kept if router.groups > 1 else 0,
    }
    if family.shared_width:
        fields["shared_width"] = whole(config, family.shared_width)
    if moe_layers < layers:
        fields["dense_layers"] = layers - moe_layers
        fields["dense_width"] = whole(config, family.dense_width)
    return fields


def _first(config: Config, keys: tuple[str, ...]) -> int | None:
    """Return the number under the first of the keys that is there."""
    for key in keys:
        if config.get(key) is not None:
            return length(config, key)
    return None
