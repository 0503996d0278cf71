"""A run of ``tokenmill route``: blocks of tokens drawn, routed, timed and counted."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._native import config
from ..routing import Balance, RouterSpec, Routing, balance, expert_counts, normal_logits, route

# Logits of a block, 64 MiB in float32: more than a cache holds, so that the time is honest.
_BLOCK_LOGITS = 1 << 24
# Ids of a block: what one record of a trace may hold.
_BLOCK_IDS = 1 << 22
# Each block is routed so often, and its fastest time counts: other work of the machine passes.
REPEATS = 3


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run found.

    Attributes
    ----------
    run : Run
    counts : ndarray, shape (spec.choices,), int64
    balance : Balance
    seconds : float
        Of the routing alone: the fastest of three runs of every block, added up.
    ids_digest, weights_digest : str
        SHA-256 of the ids as little-endian int32, and of the weights as float32, token by token.
    isa : str
        Instruction set in use.
    trace_checksum : str or None
    """

    run: Run
    counts: NDArray[np.int64]
    balance: Balance
    seconds: float
    ids_digest: str
    weights_digest: str
    isa: str
    trace_checksum: str | None = None

    @property
    def tokens_per_second(self) -> float:
        """Tokens routed a second."""
        return self.run.tokens / self.seconds

    @property
    def chance_cv(self) -> float | None:
        """Coefficient of variation that chance alone leaves; None where tokens share a block.

        Each count is binomial: T tokens choose the expert with probability p = k / choices, so
        that std / mean = sqrt((1 - p) / (T p)).
        """
        spec = self.run.spec
        if spec.method == "block":
            return None
        share = spec.top_k / spec.choices
        return math.sqrt((1.0 - share) / (self.run.tokens * share))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready data; what is NaN is None."""
        spec, measures = self.run.spec, self.balance
        names = ("max_over_mean", "max_violation", "utilisation", "cv", "gini", "entropy", "std")
        values = {name: float(getattr(measures, name)[0]) for name in names}
        return {
            "preset": self.run.name,
            "experts": spec.experts,
            "choices": spec.choices,
            "top_k": spec.top_k,
            "tokens": self.run.tokens,
            "seed": self.run.seed,
            "logits": "standard normal, float32",
            "bias": None if spec.bias is None else "zeros",
            "counts": self.counts.tolist(),
            "balance": {
                "mean": float(measures.mean[0]),
                "minimum": int(measures.minimum[0]),
                "maximum": int(measures.maximum[0]),
                "dead": int(measures.dead[0]),
                **{name: None if math.isnan(value) else value for name, value in values.items()},
                "chance_cv": self.chance_cv,
            },
            "seconds": self.seconds,
            "tokens_per_second": self.tokens_per_second,
            "threads": self.run.threads,
            "isa": self.isa,
            "ids_sha256": self.ids_digest,
            "weights_sha256": self.weights_digest,
            "trace_sha256": self.trace_checksum,
        }


class Run:
    """Tokens to route by one rule; memory does not grow with their number."""

    def __init__(
        self, *, name: str, spec: RouterSpec, tokens: int, seed: int, threads: int
    ) -> None:
        self.name, self.spec = name, spec
        self.tokens, self.seed, self.threads = tokens, seed, threads
        self._counts = np.zeros(spec.choices, dtype=np.int64)
        self._seconds = 0.0
        self._digests = (hashlib.sha256(), hashlib.sha256())

    def blocks(self) -> Iterator[NDArray[np.int32]]:
        """Route block after block and yield the ids of each; they are overwritten by the next."""
        size = self._block()
        out = (
            np.empty((size, self.spec.top_k), np.int32),
            np.empty((size, self.spec.top_k), np.float32),
        )
        for start in range(0, self.tokens, size):
            rows = min(size, self.tokens - start)
            logits = normal_logits(
                rows, self.spec.columns, self.seed, start=start, threads=self.threads
            )
            routing = self._timed(logits, (out[0][:rows], out[1][:rows]))
            for digest, array in zip(
                self._digests, (routing.expert_ids, routing.weights), strict=True
            ):
                digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).data)
            self._counts += expert_counts(_chosen(routing), self.spec.choices)
            yield routing.expert_ids

    def result(self) -> RunResult:
        """Return what the blocks so far add up to."""
        ids, weights = (digest.hexdigest() for digest in self._digests)
        return RunResult(
            run=self,
            counts=self._counts,
            balance=balance(self._counts),
            seconds=self._seconds,
            ids_digest=ids,
            weights_digest=weights,
            isa=config()["isa_active"],
        )

    def _block(self) -> int:
        """Return how many tokens are routed together: a multiple of the rule's own blocks."""
        size = min(_BLOCK_LOGITS // self.spec.columns, _BLOCK_IDS // self.spec.top_k, self.tokens)
        own = self.spec.block_size if self.spec.method == "block" else 1
        return max(-(-size // own) * own, 1)

    def _timed(
        self, logits: NDArray[np.float32], out: tuple[NDArray[np.int32], NDArray[np.float32]]
    ) -> Routing:
        bias = np.zeros(self.spec.choices) if self.spec.bias else None
        times = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            routing = route(logits, self.spec, bias=bias, out=out, threads=self.threads)
            times.append(time.perf_counter() - start)
        self._seconds += min(times)
        return routing


def _chosen(routing: Routing) -> NDArray[np.int32]:
    """Return the ids with the skip expert, which is reported as 0, under its own number."""
    if routing.skipped is None:
        return routing.expert_ids
    return np.where(routing.skipped, np.int32(routing.spec.choices - 1), routing.expert_ids)
