"""What a RouterSpec refuses: unknown names, numbers out of range, fields that clash."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from .._native.router import (
    BIASES,
    METHODS,
    MOST_COLUMNS,
    MOST_GROUPS,
    MOST_TOP_K,
    NORMS,
    SCORES,
    WEIGHTS,
)

if TYPE_CHECKING:
    from .spec import RouterSpec

_GROUP_SCORES = ("max", "top2_sum", "top_share_sum")


def check_names(spec: RouterSpec) -> None:
    """Refuse a name that no field has."""
    allowed: dict[str, Collection[str | None]] = {
        "score": SCORES,
        "bias": BIASES,
        "group_score": _GROUP_SCORES,
        "weight": WEIGHTS,
        "norm": NORMS,
        "method": METHODS,
    }
    for field, names in allowed.items():
        if getattr(spec, field) not in names:
            expected = ", ".join(repr(name) for name in names)
            raise ValueError(f"{field}: expected one of {expected}, found {getattr(spec, field)!r}")


def check_ranges(spec: RouterSpec) -> None:
    """Refuse a number out of its range."""
    whole = {
        "experts": (1, 4096),
        "top_k": (1, MOST_TOP_K),
        "groups": (1, MOST_GROUPS),
        "groups_kept": (1, MOST_GROUPS),
        "zero_experts": (0, MOST_COLUMNS - 4096),
        "shared_experts": (0, MOST_TOP_K),
        "block_size": (0, 2**30),
        "block_experts": (0, 4096),
    }
    for field, (low, high) in whole.items():
        value = getattr(spec, field)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{field}: expected an integer from {low} to {high}, found {value!r}")
    if not isinstance(spec.skip_expert, bool):
        raise ValueError(f"skip_expert: expected True or False, found {spec.skip_expert!r}")
    real: dict[str, Callable[[float], bool]] = {
        "norm_eps": lambda x: 0.0 <= x < math.inf,
        "norm_power": lambda x: 0.0 < x < math.inf,
        "scale": math.isfinite,
        "logit_scale": lambda x: 0.0 < x < math.inf,
        "softcap": lambda x: 0.0 <= x < math.inf,
        "jitter": lambda x: 0.0 <= x < math.inf,
        "group_fill": lambda x: x in (-math.inf, 0.0),
    }
    for field, fits in real.items():
        value = getattr(spec, field)
        if isinstance(value, bool) or not isinstance(value, int | float) or not fits(value):
            raise ValueError(f"{field}: expected {_REAL_RANGES[field]}, found {value!r}")


_REAL_RANGES = {
    "norm_eps": "a finite number >= 0",
    "norm_power": "a finite number > 0",
    "scale": "a finite number",
    "logit_scale": "a finite number > 0",
    "softcap": "a finite number >= 0",
    "jitter": "a finite number >= 0",
    "group_fill": "-inf or 0.0",
}


def check_clashes(spec: RouterSpec) -> None:
    """Refuse fields that cannot stand together."""
    size = spec.choices // spec.groups
    plain = spec.groups == 1 and spec.bias is None
    keys = math.isqrt(spec.experts)
    others = spec.zero_experts or spec.skip_expert or spec.shared_experts
    share = spec.top_k // spec.groups_kept
    clashes = [
        (spec.top_k > spec.choices, "top_k and experts", "top_k above the experts to choose from"),
        (spec.choices % spec.groups != 0, "groups and experts", "groups of unequal size"),
        (spec.groups_kept > spec.groups, "groups_kept and groups", "more kept than there are"),
        (
            spec.top_k > spec.groups_kept * size,
            "top_k, groups_kept and groups",
            "top_k above the experts of the kept groups",
        ),
        (
            spec.groups > 1 and spec.group_score == "top2_sum" and size < 2,
            "group_score and groups",
            "a sum of two in groups of one",
        ),
        (
            spec.groups > 1 and spec.group_score == "top_share_sum" and not 1 <= share <= size,
            "group_score, top_k and groups_kept",
            "top_k // groups_kept outside a group's size",
        ),
        (
            spec.score == "identity" and spec.weight == "score",
            "score and weight",
            "logits are no weights: take softmax_of_chosen or sigmoid_of_chosen",
        ),
        (
            (spec.weight == "joint_sigmoid") != (spec.shared_experts > 0),
            "weight and shared_experts",
            "joint_sigmoid and shared experts go together",
        ),
        (
            spec.shared_experts > 0 and spec.score == "softmax",
            "score and shared_experts",
            "a softmax over the logits of shared experts too",
        ),
        (
            spec.norm_eps != 0.0 and spec.norm not in ("sum", "floor"),
            "norm and norm_eps",
            "only a sum has an eps, or a floor",
        ),
        (
            spec.norm_power != 1.0 and spec.norm != "power",
            "norm and norm_power",
            "only the p-norm has a power",
        ),
        (
            spec.method == "product_keys" and (keys * keys != spec.experts or others or not plain),
            "method and experts",
            "product keys need a square number of plain experts, no bias, no groups",
        ),
        (
            spec.method == "product_keys" and spec.weight == "score",
            "method and weight",
            "product keys weigh by softmax_of_chosen or sigmoid_of_chosen",
        ),
        (
            spec.method == "sparse_mixer" and (spec.top_k != 2 or others or not plain),
            "method and top_k",
            "SparseMixer chooses 2 of plain experts, no bias, no groups",
        ),
        (
            spec.method == "hash" and not plain,
            "method and bias or groups",
            "a hash table leaves nothing to choose",
        ),
        (
            (spec.method == "block", spec.method == "block")
            != (spec.block_size > 0, spec.block_experts > 0),
            "method, block_size and block_experts",
            "block routing needs both sizes, other methods neither",
        ),
        (
            spec.method == "block" and not spec.top_k <= spec.block_experts <= spec.choices,
            "block_experts, top_k and experts",
            "block_experts outside top_k to experts",
        ),
    ]
    for clash, fields, reason in clashes:
        if clash:
            raise ValueError(f"RouterSpec: {fields} clash: {reason}; found {_described(spec)}")


def _described(spec: RouterSpec) -> str:
    changed = {
        name: getattr(spec, name)
        for name, field in spec.__dataclass_fields__.items()
        if name in ("experts", "top_k") or getattr(spec, name) != field.default
    }
    return ", ".join(f"{name}={value!r}" for name, value in changed.items())
