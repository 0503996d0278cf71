"""Routing by us, torch, NumPy and naive numba, on one thread and the same logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokenmill.routing import RouterSpec, route

from .row import Work

EPS = 1e-20


@dataclass(frozen=True)
class Case:
    """A rule of docs/routing.md, a size and the logits of so many tokens.

    The grouped rule keeps half of eight groups of experts where there are 64 experts or more.
    """

    rule: str
    experts: int
    top_k: int
    tokens: int
    dtype: str = "float32"

    @property
    def groups(self) -> int:
        """Return the groups of experts, of which half are kept."""
        return 8 if self.rule == "R7" and self.experts >= 64 else 1

    @property
    def spec(self) -> RouterSpec:
        """Return the rule."""
        sigmoid = {"score": "sigmoid", "bias": "choice", "norm": "sum", "norm_eps": EPS}
        rules: dict[str, dict[str, Any]] = {
            "R1": {"norm": "sum"},
            "R2": {},
            "R7": sigmoid | {"scale": 2.5},
            "R11": sigmoid | {"score": "sqrtsoftplus"},
        }
        grouped = {"groups": self.groups, "groups_kept": max(1, self.groups // 2)}
        return RouterSpec(experts=self.experts, top_k=self.top_k, **rules[self.rule], **grouped)

    def logits(self) -> NDArray[Any]:
        """Return standard normal logits (tokens, experts)."""
        draws = np.random.default_rng(1).standard_normal((self.tokens, self.experts), np.float32)
        if self.dtype == "float32":
            return draws
        import ml_dtypes

        return draws.astype(ml_dtypes.bfloat16)

    def bias(self) -> NDArray[np.float32] | None:
        """Return a bias (experts,) where the rule has one."""
        if self.spec.bias is None:
            return None
        return 0.1 * np.random.default_rng(2).standard_normal(self.experts, np.float32)


def ours(case: Case) -> Work:
    """`tokenmill.routing.route` into arrays that are there."""
    logits, bias, spec = case.logits(), case.bias(), case.spec
    shape = (case.tokens, case.top_k)
    out = np.empty(shape, np.int32), np.empty(shape, np.float32)
    return lambda: route(logits, spec, bias=bias, out=out, threads=1)


def torch_eager(case: Case) -> Work:
    """Torch, written as the models write it: score, mask groups, topk, gather, divide."""
    import torch

    torch.set_num_threads(1)
    logits = torch.from_numpy(np.asarray(case.logits(), np.float32))
    logits = logits.to(torch.bfloat16) if case.dtype == "bfloat16" else logits
    values = case.bias()
    bias = None if values is None else torch.from_numpy(values)
    groups, k = case.groups, case.top_k

    def scores(z: Any) -> Any:
        if case.rule in ("R1", "R2"):
            return torch.softmax(z, dim=-1)
        if case.rule == "R7":
            return torch.sigmoid(z)
        return torch.sqrt(torch.nn.functional.softplus(z))

    def run() -> Any:
        score = scores(logits.float())
        choice = score if bias is None else score + bias
        if groups > 1:
            split = choice.view(case.tokens, groups, -1)
            group_score = split.topk(2, dim=-1).values.sum(dim=-1)
            kept = group_score.topk(groups // 2, dim=-1).indices
            mask = torch.zeros_like(group_score).scatter_(1, kept, 1.0).bool()
            choice = split.masked_fill(~mask.unsqueeze(-1), float("-inf")).view(case.tokens, -1)
        ids = torch.topk(choice, k, dim=-1).indices
        weights = score.gather(1, ids)
        return ids, weights if case.rule == "R2" else weights / (weights.sum(-1, True) + EPS)

    return run


def numpy_arrays(case: Case) -> Work:
    """NumPy on whole arrays: argpartition, then the chosen sorted."""
    logits, bias, k, groups = case.logits(), case.bias(), case.top_k, case.groups

    def scores(z: Any) -> Any:
        if case.rule in ("R1", "R2"):
            e = np.exp(z - z.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)
        if case.rule == "R7":
            return 1 / (1 + np.exp(-z))
        return np.sqrt(np.logaddexp(z, np.float32(0)))

    def run() -> Any:
        score = scores(np.asarray(logits, np.float32))
        choice = score if bias is None else score + bias
        if groups > 1:
            split = choice.reshape(case.tokens, groups, -1)
            group_score = np.partition(split, -2, axis=2)[:, :, -2:].sum(axis=2)
            shut = np.argpartition(group_score, groups // 2, axis=1)[:, : groups // 2]
            split = split.copy()
            np.put_along_axis(split, shut[:, :, None], -np.inf, axis=1)
            choice = split.reshape(case.tokens, -1)
        ids = np.argpartition(choice, -k, axis=1)[:, -k:]
        found = np.take_along_axis(choice, ids, axis=1)
        ids = np.take_along_axis(ids, np.argsort(-found, axis=1), axis=1)
        weights = np.take_along_axis(score, ids, axis=1)
        return ids, weights if case.rule == "R2" else weights / (
            weights.sum(1, keepdims=True) + EPS
        )

    return run


def numba_naive(case: Case) -> Work:
    """A loop over tokens as one writes it in numba: k rounds of argmax."""
    from .routing_numba import route_tokens

    logits, values = case.logits(), case.bias()
    bias = np.zeros(case.experts, np.float32) if values is None else values
    rule = {"R1": 1, "R2": 2, "R7": 7, "R11": 11}[case.rule]

    def run() -> Any:
        return route_tokens(np.asarray(logits, np.float32), bias, rule, case.top_k, case.groups)

    run()
    return run
