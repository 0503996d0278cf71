"""A run of ``tokenmill route`` in words and as a table of counts."""

from __future__ import annotations

import math

from .route_run import REPEATS, RunResult

_COLUMNS = 16


def lines(result: RunResult) -> list[str]:
    """Return what the command prints."""
    return [
        heading(result),
        "",
        *_counts(result),
        "",
        f"balance   {measures(result)}",
        f"speed     {speed(result)}",
        f"digest    ids {result.ids_digest[:16]}, weights {result.weights_digest[:16]}",
        *([f"trace     {result.trace_checksum}"] if result.trace_checksum else []),
    ]


def heading(result: RunResult) -> str:
    """Say what was routed by what."""
    run = result.run
    bias = "no bias" if run.spec.bias is None else "bias of zeros"
    return (
        f"{run.name}: {_plural(run.tokens, 'token')}, top {run.spec.top_k} of "
        f"{_experts(result)}, standard normal logits, {bias}, seed {run.seed}"
    )


def measures(result: RunResult) -> str:
    """Write the balance figures in one line."""
    balance = result.balance
    chance = "" if result.chance_cv is None else f" (chance alone {result.chance_cv:.4f})"
    entropy, most = balance.entropy[0], math.log(result.run.spec.choices)
    return (
        f"max/mean {balance.max_over_mean[0]:.4f}, MaxVio {balance.max_violation[0]:.4f}, "
        f"CV {balance.cv[0]:.4f}{chance}, Gini {balance.gini[0]:.4f}, "
        f"entropy {entropy:.4f} of {most:.4f} nats, dead {balance.dead[0]}"
    )


def sentence(result: RunResult) -> str:
    """Say who is busiest, who idles, and how much the busiest fifth takes."""
    counts, mean = result.counts, result.balance.mean[0]
    busiest, idlest = int(counts.argmax()), int(counts.argmin())
    fifth = sorted(counts.tolist(), reverse=True)[: -(-len(counts) // 5)]
    return (
        f"Expert {busiest} is the busiest, with {counts[busiest] / mean:.3f} times the mean of "
        f"{mean:,.1f} choices; expert {idlest} is the idlest, with {counts[idlest] / mean:.3f}. "
        f"The busiest fifth takes {100.0 * sum(fifth) / counts.sum():.1f} % of the choices."
    )


def speed(result: RunResult) -> str:
    """Write tokens a second and what they were measured on."""
    rate = result.tokens_per_second
    return (
        f"{rate / 1e6:,.2f} million tokens/s, {1e9 / rate:,.0f} ns a token, "
        f"{_plural(result.run.threads, 'thread')}, {result.isa}, fastest of {REPEATS}"
    )


def _experts(result: RunResult) -> str:
    spec = result.run.spec
    extra = [f"{spec.zero_experts} identity"] if spec.zero_experts else []
    extra += ["1 skip"] if spec.skip_expert else []
    return " + ".join([_plural(spec.experts, "expert"), *extra])


def _counts(result: RunResult) -> list[str]:
    """Return the counts in rows of 16, the id of the first in front."""
    counts = result.counts.tolist()
    width = max(len(f"{count}") for count in counts)
    rows = [f"{'counts':<10}{sum(counts):,} choices; id of the first expert in a row, then counts"]
    for first in range(0, len(counts), _COLUMNS):
        row = " ".join(f"{count:>{width}}" for count in counts[first : first + _COLUMNS])
        rows.append(f"{first:>8}  {row}")
    return rows


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"
