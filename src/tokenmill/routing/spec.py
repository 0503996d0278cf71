"""The rule of a router as data: scores, what experts are ranked on, how the chosen are weighed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from .._native.router import (
    BIASES,
    METHODS,
    NORMS,
    SCORES,
    WEIGHTS,
    RouterRule,
)
from .spec_checks import check_clashes, check_names, check_ranges

Score = Literal["softmax", "sigmoid", "sqrtsoftplus", "identity"]
GroupScore = Literal["max", "top2_sum", "top_share_sum"]
Weight = Literal["score", "softmax_of_chosen", "sigmoid_of_chosen", "joint_sigmoid"]
Norm = Literal["sum", "floor", "power"]
Method = Literal["top_k", "hash", "product_keys", "sparse_mixer", "block"]


@dataclass(frozen=True, kw_only=True)
class RouterSpec:
    """One routing rule; arrays (bias, hash table, scales) are arguments of :func:`route`.

    Attributes
    ----------
    experts : int
        Routed experts that compute something, 1 to 4096; K * K for product keys.
    top_k : int
        Experts per token, 1 to 64 and at most `choices`.
    score : {"softmax", "sigmoid", "sqrtsoftplus", "identity"}
        What a logit becomes before the bias and the weights.
    bias : None, "choice" or "logits"
        What the bias is added to for the choice alone: scores or logits. Weights stay unbiased.
    groups, groups_kept : int
        Contiguous groups of equal size, at most 64, and how many of them stay eligible.
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
        check_names(self)
        check_ranges(self)
        check_clashes(self)

    @classmethod
    def from_hf_config(cls, config: Mapping[str, Any] | str | os.PathLike[str]) -> RouterSpec:
        """Return the rule that a model's Hugging Face ``config.json`` describes.

        Parameters
        ----------
        config : mapping or path
            The content, its file, or the folder of its file.

        Returns
        -------
        RouterSpec
            What the model's router emits. A factor that the model applies to the sum of its
            experts instead is not in it: :attr:`Preset.output_scale`. The hash layers of a
            ``deepseek_v4`` follow the model_type ``"deepseek_v4_hash"``.

        Raises
        ------
        TypeError, ValueError, OSError
            No mapping or path; an unknown ``model_type``, a key without a value, keys that
            disagree, fields that clash, a file above 1 MiB or without an object; no such file.

        Notes
        -----
        A key that is absent has the default of the model's class in transformers 5.23.0.
        """
        from .model_config import router_of_config

        return router_of_config(config).spec

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
        return self._rule

    @cached_property
    def _rule(self) -> RouterRule:
        best = {"max": 1, "top2_sum": 2, "top_share_sum": self.top_k // self.groups_kept}
        weight, norm = self.weight, self.norm
        # The best has at least 1 / choices of a softmax, so that such an eps is below a rounding.
        tiny_eps = self.norm_eps == 0.0 or (self.method == "top_k" and self.norm_eps <= 1e-15)
        if self.score == "softmax" and weight == "score" and norm and not self.bias and tiny_eps:
            # the sum of the chosen cancels the sum of all
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
