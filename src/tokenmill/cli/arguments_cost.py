"""The command line of ``tokenmill cost``: one model on one accelerator, laid out in one way."""

from __future__ import annotations

import argparse
from typing import Any

from .readers import busy, degree, number, share, whole


def add_cost(commands: Any) -> argparse.ArgumentParser:
    """Add the command ``cost`` and return its parser."""
    cost: argparse.ArgumentParser = commands.add_parser(
        "cost",
        help="what does a token of this model cost on that accelerator?",
        description="Speed and cost of one deployment, explained part by part: time of a decode "
        "step, what binds it, time to the first token, USD per million tokens.",
        allow_abbrev=False,
    )
    cost.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="such as deepseek_v3, or the "
        "path of a Hugging Face config.json; `tokenmill info models` lists them",
    )
    cost.add_argument(
        "--accelerator",
        required=True,
        metavar="NAME",
        help="such as H800; `tokenmill info accelerators` lists them",
    )
    cost.add_argument("--catalogue", metavar="FILE.toml", help="values that override the catalogue")
    _add_deployment(cost.add_argument_group("deployment"))
    _add_workload(cost.add_argument_group("workload"))
    _add_money(cost.add_argument_group("money"))
    cost.add_argument("--json", action="store_true", help="print JSON instead of the text")
    return cost


def _add_deployment(group: Any) -> None:
    group.add_argument(
        "--mode",
        choices=("aggregated", "chunked", "disaggregated"),
        default="aggregated",
        help="who reads the prompts (default %(default)s)",
    )
    for short, name, text in (
        ("tp", "tensor-parallel", "accelerators of an attention replica"),
        ("dp", "data-parallel", "attention replicas that share the experts"),
        ("ep", "expert-parallel", "ranks that the experts are spread over"),
    ):
        group.add_argument(f"--{name}", f"--{short}", type=degree, metavar="N", help=text)
    group.add_argument(
        "--prefill-tensor-parallel",
        type=degree,
        metavar="N",
        help="of the instances that read prompts, where they are disaggregated",
    )
    group.add_argument("--prefill-data-parallel", type=degree, metavar="N", help="of the same")
    group.add_argument(
        "--batch",
        type=degree,
        metavar="B",
        help="sequences on an attention replica (default: as many as fit)",
    )
    group.add_argument(
        "--precision",
        default="fp8",
        metavar="FORMAT",
        help="weights: bf16, fp8, int8, nvfp4, mxfp4 (default %(default)s)",
    )
    group.add_argument("--expert-precision", metavar="FORMAT", help="experts, where it differs")
    group.add_argument(
        "--kv-precision", default="bf16", metavar="FORMAT", help="KV cache (default %(default)s)"
    )
    group.add_argument(
        "--core-precision",
        default="bf16",
        metavar="FORMAT",
        help="arithmetic of the attention core (default %(default)s)",
    )
    group.add_argument(
        "--chunk-tokens",
        type=degree,
        default=16384,
        metavar="N",
        help="prompt tokens of one pass (default %(default)s)",
    )
    group.add_argument(
        "--redundant-experts",
        type=whole,
        default=0,
        metavar="N",
        help="replicas of hot experts per layer (default 0)",
    )
    group.add_argument(
        "--no-overlap", action="store_true", help="let the all-to-all wait for computation"
    )


def _add_workload(group: Any) -> None:
    group.add_argument(
        "--in",
        dest="in_len",
        type=number,
        default=4096.0,
        metavar="TOKENS",
        help="prompt (default 4096)",
    )
    group.add_argument(
        "--out",
        dest="out_len",
        type=number,
        default=1024.0,
        metavar="TOKENS",
        help="answer (default 1024)",
    )
    group.add_argument(
        "--cache-hit",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="of the prompt, read from a prefix cache (default 0)",
    )
    group.add_argument(
        "--drafts", type=number, default=0.0, metavar="N", help="draft tokens of a step (default 0)"
    )
    group.add_argument(
        "--accept-len",
        type=number,
        default=1.0,
        metavar="TOKENS",
        help="accepted in a step, drafts counted in (default 1)",
    )
    group.add_argument(
        "--imbalance",
        type=number,
        metavar="RATIO",
        help="busiest expert rank over the mean (default: computed from --skew)",
    )
    group.add_argument(
        "--skew",
        type=number,
        default=0.0,
        metavar="S",
        help="Zipf exponent of the experts' popularity (default 0, uniform)",
    )


def _add_money(group: Any) -> None:
    group.add_argument(
        "--usd-per-hour",
        type=number,
        metavar="USD",
        help="of an accelerator (default: the catalogue's typical rent)",
    )
    group.add_argument(
        "--utilisation",
        type=busy,
        default=1.0,
        metavar="SHARE",
        help="busy share of the hours paid for (default 1)",
    )
