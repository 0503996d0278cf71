"""The rule of a router as data: scores, what experts are ranked on, how the chosen are weighed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from .._native.router import (
    BIASES,
    METHODS,
    MOST_COLUMNS,
    MOST_TOP_K,
    NORMS,
    SCORES,
    WEIGHTS,
    RouterRule,
)

Score = Literal["softmax", "sigmoid", "sqrtsoftplus", "identity"]
GroupScore = Literal["max", "top2_sum", "top_share_sum"]
Weight = Literal["score", "softmax_of_chosen", "sigmoid_of_chosen", "joint_sigmoid"]
Norm = Literal["sum", "floor", "power"]
Method = Literal["top_k", "hash", "product_keys", "sparse_mixer", "block"]

_GROUP_SCORES = ("max", "top2_sum", "top_share_sum")


@dataclass(frozen=True, kw_only=True)
class RouterSpec:
    """One routing rule; arrays (bias, hash table, scales) are arguments of :func:`route`.

    Attributes
    ----------
    experts : int
        Routed experts that compute something; K * K for product keys.
    top_k : int
        Experts per token, 1 to 64.
    score : {"softmax", "sigmoid", "sqrtsoftplus", "identity"}
        What a logit becomes before the bias and the weights.
    bias : None, "choice" or "logits"
        What the bias is added to for the choice alone: scores or logits. Weights stay unbiased.
    groups, groups_kept : int
        Contiguous groups of equal size, and how many of them stay eligible.
    group_score : {"max", "top2_sum", "top_share_sum"}
        Best choice value of a group, sum of its two best, or of its ``top_k // groups_kept`` best.
    group_fill : float
        Choice value of experts in groups that are not kept: ``-inf``, or 0.0 as older code has it.
    weight : {"score", "softmax_of_chosen", "sigmoid_of_chosen", "joint_sigmoid"}
        The chosen experts' scores, a softmax over their logits alone, their sigmoids, or sigmoids
        renormalised together with the shared experts'.
    norm : None, "sum", "floor" or "power"
        Divide the weights by ``sum + norm_eps``, by ``max(sum, norm_eps)`` or by their p-norm with
        p = `norm_power`. A sum of 0 without `norm_eps` gives equal weights.
    scale : float
        Every weight is multiplied by it after the norm.
    logit_scale, softcap : float
        ``z * logit_scale``, then ``softcap * tanh(z / softcap)`` unless it is 0.
    zero_experts : int
        Identity experts behind the routed ones: ids from `experts` up.
    skip_expert : bool
        One more column that stands for no expert: reported as id 0, weight 0 and a flag.
    shared_experts : int
        Joint shared experts: the last columns, weighed with the chosen but never chosen.
    method : {"top_k", "hash", "product_keys", "sparse_mixer", "block"}
        How ids are found: the best choice values; a table by token id; sums of two key scores;
        SparseMixer-v2 at inference; the best among the experts that are open to the token's block.
    jitter : float
        SparseMixer's epsilon.
    block_size, block_experts : int
        Tokens of a block, and the experts open to it.

    Raises
    ------
    ValueError
        A field is out of range, or fields clash; the message names them.

    Notes
    -----
    The formulas are those of the models' published code; `presets` lists the source of each.
    """

    experts: int
    top_k: int
    score: Score = "softmax"
    bias: Literal["choice", "logits"] | None = None
    groups: int = 1
    groups_kept: int = 1
    group_score: GroupScore = "top2_sum"
    group_fill: float = -math.inf
    weight: Weight = "score"
    norm: Norm | None = None
    norm_eps: float = 0.0
    norm_power: float = 1.0
    scale: float = 1.0
    logit_scale: float = 1.0
    softcap: float = 0.0
    zero_experts: int = 0
    skip_expert: bool = False
    shared_experts: int = 0
    method: Method = "top_k"
    jitter: float = 0.01
    block_size: int = 0
    block_experts: int = 0

    def __post_init__(self) -> None:
        """Refuse what no router can be."""
        _check_names(self)
        _check_ranges(self)
        _check_clashes(self)

    @property
    def columns(self) -> int:
        """Logits of a token."""
        if self.method == "product_keys":
            return 2 * math.isqrt(self.experts)
        return self.choices + self.shared_experts

    @property
    def choices(self) -> int:
        """What ids are chosen from: experts, identity experts and the skip expert."""
        return self.experts + self.zero_experts + int(self.skip_expert)

    def rule(self) -> RouterRule:
        """Return the rule in the kernel's terms."""
        best = {"max": 1, "top2_sum": 2, "top_share_sum": self.top_k // self.groups_kept}
        weight, norm = self.weight, self.norm
        if self.score == "softmax" and weight == "score" and norm and not self.bias:
            # the sum of the chosen cancels the sum of all, and is too large for the eps to show
            weight, norm = "softmax_of_chosen", "power" if norm == "power" else None
        return RouterRule(
            columns=self.columns,
            experts=self.choices,
            top_k=self.top_k,
            score=SCORES[self.score],
            bias_on=BIASES[self.bias],
            groups=self.groups,
            groups_kept=self.groups_kept,
            group_best=best[self.group_score] if self.groups > 1 else 1,
            weight=WEIGHTS[weight],
            norm=NORMS[norm],
            method=METHODS[self.method],
            shared=self.shared_experts,
            skip=int(self.skip_expert),
            block_size=self.block_size,
            block_experts=self.block_experts,
            # scores are positive, so that 0.0 loses to each of them; their logits are not
            fill=self.group_fill if self.bias or self.score == "identity" else -math.inf,
            eps=self.norm_eps,
            power=self.norm_power,
            scale=self.scale,
            logit_scale=self.logit_scale,
            softcap=self.softcap,
            jitter=self.jitter,
        )


def _check_names(spec: RouterSpec) -> None:
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


def _check_ranges(spec: RouterSpec) -> None:
    whole = {
        "experts": (1, 4096),
        "top_k": (1, MOST_TOP_K),
        "groups": (1, 64),
        "groups_kept": (1, 64),
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


def _check_clashes(spec: RouterSpec) -> None:
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
        for name, field in RouterSpec.__dataclass_fields__.items()
        if name in ("experts", "top_k") or getattr(spec, name) != field.default
    }
    return ", ".join(f"{name}={value!r}" for name, value in changed.items())
