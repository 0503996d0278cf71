"""What is deployed and what it is asked: the arguments of :func:`tokenmill.serving.serve`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from .precision import bytes_per_element

MODES = ("aggregated", "chunked", "disaggregated")


def _degree(name: str, value: Any, *, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: expected an integer, found {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected an integer >= {least}, found {value}")


def _number(name: str, value: Any, low: float, high: float = float("inf")) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}: expected a number, found {value!r}")
    if not (low <= value <= high and isfinite(value)):
        raise ValueError(
            f"{name}: expected a finite number in [{low:g}, {high:g}], found {value!r}"
        )


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The instances that read prompts in a disaggregated deployment.

    Attributes
    ----------
    tensor_parallel, data_parallel : int
        Accelerators of an attention replica, and attention replicas of an instance.
    expert_parallel : int or None
        Ranks that the experts are spread over; None is every accelerator of the instance.
    replicas : int or None
        Instances; None is as many as the decode instances keep busy.
    """

    tensor_parallel: int = 1
    data_parallel: int = 1
    expert_parallel: int | None = None
    replicas: int | None = None

    def __post_init__(self) -> None:
        _degree("prefill.tensor_parallel", self.tensor_parallel)
        _degree("prefill.data_parallel", self.data_parallel)
        if self.replicas is not None:
            _degree("prefill.replicas", self.replicas)
        accelerators = self.tensor_parallel * self.data_parallel
        expert_cut("prefill.expert_parallel", accelerators, self.expert_parallel, None)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How a model is laid out on accelerators, and in which number formats.

    Attributes
    ----------
    mode : str
        "aggregated": an instance reads prompts between decode steps; "chunked": every step carries
        a chunk of prompt; "disaggregated": instances of their own read prompts.
    tensor_parallel, data_parallel : int
        Accelerators of an attention replica, and attention replicas that share the experts.
    expert_parallel, expert_tensor_parallel : int or None
        Ranks that the experts are spread over, and accelerators that one expert is cut over. Their
        product is the accelerators of an instance; None follows from the other, or spreads the
        experts over all of them.
    batch : int or None
        Sequences decoded together on one attention replica; None is the largest that fits.
    attention_precision, expert_precision : str
        Weights of attention, dense and shared layers, and of the routed experts, such as "fp8".
        Where the accelerator does not compute in it, weights stay in it and the next format that
        the accelerator has computes: fp4, fp8 or int8, bf16.
    kv_precision, core_precision : str
        KV cache, and the arithmetic of the attention core.
    chunk_tokens : int
        Prompt tokens of one pass on one attention replica.
    overlap : bool
        Whether the all-to-all runs beside computation.
    redundant_experts : int
        Replicas of hot experts per layer.
    replicas : int
        Decode instances; what counts is their ratio to the prefill instances.
    prefill : Pool or None
        Prefill instances of a disaggregated deployment; None is laid out as decode is.
    engine : str or None
        Serving engine, where the calibration knows it.
    """

    mode: str = "aggregated"
    tensor_parallel: int = 1
    data_parallel: int = 1
    expert_parallel: int | None = None
    expert_tensor_parallel: int | None = None
    batch: int | None = None
    attention_precision: str = "fp8"
    expert_precision: str = "fp8"
    kv_precision: str = "bf16"
    core_precision: str = "bf16"
    chunk_tokens: int = 16384
    overlap: bool = True
    redundant_experts: int = 0
    replicas: int = 1
    prefill: Pool | None = None
    engine: str | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}, found {self.mode!r}")
        _degree("tensor_parallel", self.tensor_parallel)
        _degree("data_parallel", self.data_parallel)
        if self.batch is not None:
            _degree("batch", self.batch)
        _degree("chunk_tokens", self.chunk_tokens)
        _degree("redundant_experts", self.redundant_experts, least=0)
        _degree("replicas", self.replicas)
        for name in ("attention", "expert", "kv", "core"):
            bytes_per_element(getattr(self, f"{name}_precision"))
        expert_cut(
            "expert_parallel",
            self.accelerators,
            self.expert_parallel,
            self.expert_tensor_parallel,
        )
        if self.prefill is not None and self.mode != "disaggregated":
            raise ValueError(
                f"prefill: expected None in mode {self.mode!r}, found {self.prefill!r}"
            )

    @property
    def accelerators(self) -> int:
        """Accelerators of one (decode) instance."""
        return self.tensor_parallel * self.data_parallel


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is asked of a deployment.

    Attributes
    ----------
    in_len, out_len : float
        Prompt and answer, tokens; the answer at least 1.
    cache_hit : float
        Share of the prompt read from a prefix cache, in [0, 1].
    drafts : float
        Draft tokens per step.
    accept_len : float
        Tokens accepted per step, in [1, drafts + 1].
    imbalance : float or None
        Load of the busiest expert rank over the mean, >= 1; None computes it from `skew`.
    skew : float
        Exponent of the Zipf law of expert popularity; 0 is uniform.
    utilisation : float
        Rate of arrival over the rate at saturation, in [0, 1); 0 leaves waiting out of TTFT.
    """

    in_len: float = 4096.0
    out_len: float = 1024.0
    cache_hit: float = 0.0
    drafts: float = 0.0
    accept_len: float = 1.0
    imbalance: float | None = None
    skew: float = 0.0
    utilisation: float = 0.0

    def __post_init__(self) -> None:
        _number("in_len", self.in_len, 0.0, 1e9)
        _number("out_len", self.out_len, 1.0, 1e9)
        _number("cache_hit", self.cache_hit, 0.0, 1.0)
        _number("drafts", self.drafts, 0.0, 1e3)
        _number("accept_len", self.accept_len, 1.0, self.drafts + 1.0)
        if self.imbalance is not None:
            _number("imbalance", self.imbalance, 1.0, 1e6)
        _number("skew", self.skew, 0.0, 10.0)
        _number("utilisation", self.utilisation, 0.0, 1.0 - 1e-9)


def expert_cut(
    name: str, accelerators: int, parallel: int | None, tensor: int | None
) -> tuple[int, int]:
    """Return (expert-parallel ranks, accelerators per expert) of an instance.

    Raises
    ------
    ValueError
        If their product is not the number of accelerators.
    """
    if parallel is not None:
        _degree(name, parallel)
    if tensor is not None:
        _degree("expert_tensor_parallel", tensor)
    if parallel is None:
        parallel = accelerators // (tensor or 1)
    if tensor is None:
        tensor = max(accelerators // parallel, 1)
    if parallel * tensor != accelerators:
        raise ValueError(
            f"{name}: expected expert parallel times expert tensor parallel to be the "
            f"{accelerators} accelerators of an instance, found {parallel} x {tensor}"
        )
    return parallel, tensor
