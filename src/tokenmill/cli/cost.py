"""``tokenmill cost``: lay one model out on one accelerator, and explain what a token costs."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from ..economics import computed_inputs, usd_per_mtok
from ..serving import (
    Accelerator,
    Catalogue,
    Deployment,
    ModelShape,
    Performance,
    Pool,
    UnverifiedWarning,
    Workload,
    default_catalogue,
    load_overrides,
    serve,
)
from .failure import CommandError
from .text import usd

# The largest instance that is tried where none is asked for.
_MOST_ACCELERATORS = 1024


@dataclass(frozen=True)
class Priced:
    """One deployment and what its tokens cost, USD per million."""

    model: ModelShape
    accelerator: Accelerator
    deployment: Deployment
    workload: Workload
    performance: Performance
    usd_per_hour: float
    utilisation: float

    def per_mtok(self, tokens_per_s: float) -> float:
        """Return USD per million of tokens made at this rate by an accelerator."""
        return usd_per_mtok(self.usd_per_hour, tokens_per_s, self.utilisation)

    @property
    def usd_mtok_out(self) -> float:
        """Output tokens, each with its share of the prompt."""
        return self.per_mtok(self.performance.tokens_per_s_gpu)

    @property
    def usd_mtok_answer(self) -> float:
        """Output tokens without their prompts."""
        return self.per_mtok(self.performance.decode_tokens_per_s_gpu)

    @property
    def usd_mtok_prompt(self) -> float:
        """Prompt tokens that are computed."""
        return self.per_mtok(self.performance.prefill_tokens_per_s_gpu)


def run_cost(arguments: argparse.Namespace) -> None:
    """Do what the command line asks.

    Raises
    ------
    CommandError
        Something is unknown, or the model does not fit; nothing has been printed.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnverifiedWarning)
        try:
            priced = _priced(arguments)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CommandError(f"{error.filename or arguments.model}: {reason}") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"tokenmill: note: {message}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(_as_dict(priced), indent=2, allow_nan=False))
    else:
        print("\n".join(_lines(priced)))


def _priced(arguments: argparse.Namespace) -> Priced:
    catalogue = load_overrides(arguments.catalogue) if arguments.catalogue else default_catalogue()
    shape = _model(arguments.model, catalogue)
    chip = catalogue.accelerator(arguments.accelerator)
    rent = arguments.usd_per_hour
    if rent is None:
        if chip.rent_usd_h is None:
            raise CommandError(f"--usd-per-hour: expected one, as no rent of {chip.name} is known")
        rent = chip.rent_usd_h.typical
    workload = _workload(arguments)
    deployment, performance = _served(shape, chip, arguments, workload)
    if not performance.feasible:
        fits = f"; at most {performance.max_batch:,.0f} sequences fit"
        raise CommandError(
            f"{shape.name} on {deployment.accelerators} x {chip.name}: {performance.reason}"
            f"{fits if performance.max_batch >= 1.0 else ''}"
        )
    return Priced(shape, chip, deployment, workload, performance, rent, arguments.utilisation)


def _model(name: str, catalogue: Catalogue) -> ModelShape:
    if name.endswith(".json") or Path(name).is_dir():
        return ModelShape.from_hf_config(name)
    return catalogue.model(name)


def _workload(arguments: argparse.Namespace) -> Workload:
    names = ("in_len", "out_len", "cache_hit", "drafts", "accept_len", "imbalance", "skew")
    return Workload(**{name: getattr(arguments, name) for name in names})


def _served(
    shape: ModelShape, chip: Accelerator, arguments: argparse.Namespace, workload: Workload
) -> tuple[Deployment, Performance]:
    """Serve as asked; without any degree of parallelism, on the fewest accelerators that hold it.

    Attention is then replicated where experts are spread, and cut where there are none.
    """
    given = (arguments.tensor_parallel, arguments.data_parallel, arguments.expert_parallel)
    asked = _deployment(arguments)
    if any(degree is not None for degree in given):
        return asked, serve(shape, chip, asked, workload)
    accelerators = 1
    while True:
        deployment = (
            replace(asked, data_parallel=accelerators)
            if shape.experts
            else replace(asked, tensor_parallel=accelerators)
        )
        performance = serve(shape, chip, deployment, workload)
        if performance.feasible or accelerators >= _MOST_ACCELERATORS:
            return deployment, performance
        accelerators *= 2


def _deployment(arguments: argparse.Namespace) -> Deployment:
    pool = {
        name: getattr(arguments, f"prefill_{name}")
        for name in ("tensor_parallel", "data_parallel")
        if getattr(arguments, f"prefill_{name}") is not None
    }
    if pool and arguments.mode != "disaggregated":
        option = "--prefill-" + next(iter(pool)).replace("_", "-")
        raise CommandError(f"{option}: expected with --mode disaggregated, found {arguments.mode}")
    return Deployment(
        mode=arguments.mode,
        tensor_parallel=arguments.tensor_parallel or 1,
        data_parallel=arguments.data_parallel or 1,
        expert_parallel=arguments.expert_parallel,
        batch=arguments.batch,
        attention_precision=arguments.precision,
        expert_precision=arguments.expert_precision or arguments.precision,
        kv_precision=arguments.kv_precision,
        core_precision=arguments.core_precision,
        chunk_tokens=arguments.chunk_tokens,
        overlap=not arguments.no_overlap,
        redundant_experts=arguments.redundant_experts,
        prefill=Pool(**pool) if pool else None,
    )


def _lines(priced: Priced) -> list[str]:
    deployment, workload, found = priced.deployment, priced.workload, priced.performance
    layout = f"attention TP{deployment.tensor_parallel} x DP{deployment.data_parallel}"
    inputs = computed_inputs(workload.in_len / workload.out_len, workload.cache_hit, 0.0)
    hour = f"{usd(priced.usd_per_hour)} USD/h"
    return [
        f"{priced.model.name} on {deployment.accelerators} x {priced.accelerator.name}, "
        f"{deployment.mode}, {layout}",
        f"{workload.in_len:,.0f} tokens in, {workload.out_len:,.0f} out, "
        f"{workload.cache_hit:.0%} of the prompt cached",
        "",
        found.explain(),
        "",
        f"{hour} / (3600 s x {found.tokens_per_s_gpu:,.1f} tokens/s x {priced.utilisation:.0%} "
        "busy) x 1e6",
        f"  = {usd(priced.usd_mtok_out)} USD per million output tokens, prompts included",
        f"    {usd(priced.usd_mtok_answer)} per million to write them, "
        f"{usd(priced.usd_mtok_prompt)} per million prompt tokens read, "
        f"{inputs:.3g} of those each",
    ]


def _as_dict(priced: Priced) -> dict[str, Any]:
    found = {
        name: _plain(value)
        for name, value in asdict(priced.performance).items()
        if name not in ("feasible", "reason")
    }
    return {
        "model": priced.model.name,
        "accelerator": priced.accelerator.name,
        "deployment": asdict(priced.deployment),
        "workload": asdict(priced.workload),
        "performance": found,
        "usd_per_hour": priced.usd_per_hour,
        "utilisation": priced.utilisation,
        "usd_per_mtok": _plain(priced.usd_mtok_out),
        "usd_per_mtok_answer": _plain(priced.usd_mtok_answer),
        "usd_per_mtok_prompt": _plain(priced.usd_mtok_prompt),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what is infinite has no number."""
    return None if isinstance(value, float) and not isfinite(value) else value
