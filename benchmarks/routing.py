"""The rows of routing: 65,536 tokens, 64 MB of float32 logits, which no cache holds."""

from __future__ import annotations

from . import routing_work as work
from .routing_work import Case
from .row import Row

TOKENS = 65_536


def row(name: str, case: Case, reads: float | None) -> Row:
    """Return the row of one case beside its baselines."""
    return Row(
        name,
        "token",
        case.tokens,
        lambda: work.ours(case),
        {
            "torch": lambda: work.torch_eager(case),
            "numpy": lambda: work.numpy_arrays(case),
            "naive numba": lambda: work.numba_naive(case),
        },
        bytes_read=4.0 * case.experts,
        target_limits=reads,
    )


def rows() -> list[Row]:
    """Return the rows of the design and the rule that it leaves aside."""
    return [
        row("top-8 of 256, softmax, renormalised", Case("R1", 256, 8, TOKENS), 3.0),
        row("top-8 of 256, softmax, not renormalised", Case("R2", 256, 8, TOKENS), None),
        row("DeepSeek-V3 gate", Case("R7", 256, 8, TOKENS), 5.0),
    ]
