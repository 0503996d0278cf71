"""What a deployment reaches, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from .layers import Parts, Step
from .roofline import ROOFS


@dataclass(frozen=True)
class PartTime:
    """One part of a step.

    Attributes
    ----------
    seconds : float
    roof : str
        What binds it: "compute", "memory", "network" or "fixed".
    """

    seconds: float
    roof: str


@dataclass(frozen=True)
class Performance:
    """What a deployment reaches. Where it is not feasible, times are inf and rates 0.

    Attributes
    ----------
    tpot_s, ttft_s : float
        Time per output token of a user and time to first token, seconds.
    tokens_per_s_gpu : float
        Output tokens per second and accelerator, those that read prompts counted in.
    prefill_tokens_per_s_gpu, decode_tokens_per_s_gpu : float
        Of an accelerator while it reads prompts (inf without any), and while it decodes.
    batch, max_batch : float
        Sequences on an attention replica: decoded, and at most.
    prefill_per_decode : float
        Prefill instances per decode instance at which neither waits; 0 where they are one.
    step_s : float
        A decode step, seconds.
    parts, prefill_parts : dict of str to PartTime
        Of a decode step, and of a full prefill pass; empty where there is none.
    roof : str
        What most of the decode step is spent under; "" where it is not feasible.
    feasible : bool
    reason : str
        Why not; "" where it is.
    notes : tuple of str
        What was assumed on the way, such as arithmetic wider than the weights.
    """

    tpot_s: float
    ttft_s: float
    tokens_per_s_gpu: float
    prefill_tokens_per_s_gpu: float
    decode_tokens_per_s_gpu: float
    batch: float
    max_batch: float
    prefill_per_decode: float
    step_s: float
    parts: dict[str, PartTime]
    prefill_parts: dict[str, PartTime]
    roof: str
    feasible: bool
    reason: str
    notes: tuple[str, ...] = ()

    def explain(self) -> str:
        """Return the result part by part, as text of several lines."""
        if not self.feasible:
            return "\n".join((f"not feasible: {self.reason}", *self.notes))
        lines = [
            f"{self.tokens_per_s_gpu:,.1f} output tokens/s per accelerator, "
            f"{self.tpot_s * 1e3:.2f} ms per token, {self.ttft_s * 1e3:,.0f} ms to the first",
            f"batch {self.batch:,.0f} per attention replica, {self.max_batch:,.0f} fit",
            f"decode step {self.step_s * 1e3:.2f} ms, mostly {self.roof}:",
            *_rows(self.parts),
        ]
        if self.prefill_parts:
            rate = f"{self.prefill_tokens_per_s_gpu:,.0f} tokens/s per accelerator"
            lines += [f"prefill pass, {rate}:", *_rows(self.prefill_parts)]
        if self.prefill_per_decode > 0.0:
            lines.append(f"{self.prefill_per_decode:.3f} prefill instances per decode instance")
        return "\n".join((*lines, *self.notes))


def _rows(parts: dict[str, PartTime]) -> list[str]:
    total = sum(part.seconds for part in parts.values())
    return [
        f"  {name.replace('_', '-'):<12}{part.seconds * 1e3:>10.3f} ms"
        f"{part.seconds / total:>7.1%}  {part.roof}"
        for name, part in parts.items()
    ]


def named_parts(step: Step) -> dict[str, PartTime]:
    """Return the parts of a step that take time, by name, before overlap."""
    timed = zip(Parts._fields, step.parts, strict=True)
    return {
        name: PartTime(part.seconds, ROOFS[int(part.roof)])
        for name, part in timed
        if part.seconds > 0.0
    }
