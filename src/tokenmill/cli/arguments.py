"""The command line: what may be asked. Only argparse is imported, so that ``--help`` is instant."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import Any

from .._version import __version__
from .arguments_cost import add_cost
from .readers import count, seed, size, threads


class _Parser(argparse.ArgumentParser):
    """A parser that refuses what it does not know itself, so that its own usage is shown."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            near = get_close_matches(unknown[0].partition("=")[0], self._option_string_actions, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.error(f"unknown argument {unknown[0]!r}{hint}")
        return found, unknown


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; ``run`` of its result is the function that does the work."""
    parser = _Parser(
        prog="tokenmill",
        description="Inference economics: what an LLM token costs to make, under uncertainty.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tokenmill {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_race(commands)
    _add_route(commands)
    _add_charge(commands)
    add_cost(commands).set_defaults(run=_run_cost)
    _add_info(commands)
    _add_validate(commands)
    return parser


def _add_info(commands: argparse._SubParsersAction[_Parser]) -> None:
    info = commands.add_parser(
        "info",
        help="what is installed here, and what does the catalogue hold?",
        description="Show version, instruction sets, threads, compiler and data; or list the "
        "accelerators, the models or the prices of the catalogue, each with its grade of "
        "confidence.",
        allow_abbrev=False,
    )
    info.add_argument(
        "topic",
        nargs="?",
        choices=("accelerators", "models", "prices"),
        metavar="accelerators|models|prices",
        help="what to list",
    )
    info.add_argument("--catalogue", metavar="FILE", help="entries and fields of your own, in TOML")
    info.add_argument("--json", action="store_true", help="print JSON, with sources and dates")
    info.set_defaults(run=_run_info)


def _add_race(commands: argparse._SubParsersAction[_Parser]) -> None:
    race = commands.add_parser(
        "race",
        help="who makes the cheapest token?",
        description="Put the players of a scenario on one board: cost of a million tokens, chance "
        "of being the cheapest, margin, compute tax, years of survival.",
        allow_abbrev=False,
    )
    race.add_argument(
        "--n",
        type=count,
        metavar="N",
        help="scenarios to draw, such as 1e6 or 1_000_000 (default 1,000,000)",
    )
    race.add_argument(
        "--seed", type=seed, metavar="SEED", help="integer in [0, 2**64); the default is fixed"
    )
    _add_threads(race)
    race.add_argument(
        "--scenario", metavar="FILE", help="scenario in TOML (default: the embedded one)"
    )
    race.add_argument("--json", action="store_true", help="print JSON instead of the table")
    race.add_argument("--plot", metavar="FILE.png", help="write a picture (.png, .svg or .pdf)")
    race.add_argument("--html", metavar="FILE.html", help="write a self-contained page")
    race.set_defaults(run=_run_race)


def _add_threads(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--threads",
        type=threads,
        metavar="T",
        help="threads (default: TOKENMILL_NUM_THREADS, else every core)",
    )


def _add_route(commands: argparse._SubParsersAction[_Parser]) -> None:
    route = commands.add_parser(
        "route",
        help="where do a router's tokens go, and how fast?",
        description="Route tokens with standard normal logits by a published model's rule: "
        "counts of the experts, balance, tokens a second.",
        allow_abbrev=False,
    )
    route.add_argument(
        "--preset",
        metavar="NAME",
        default="deepseek_v3",
        help="the model's router (default %(default)s); --list shows them all",
    )
    route.add_argument("--list", action="store_true", help="list the presets and end")
    route.add_argument("--experts", type=size, metavar="E", help="instead of the preset's experts")
    route.add_argument("--top-k", type=size, metavar="K", help="instead of the preset's top_k")
    route.add_argument(
        "--tokens",
        type=count,
        default=65_536,
        metavar="T",
        help="tokens to route, such as 1e6 (default 65,536)",
    )
    route.add_argument(
        "--seed", type=seed, default=1, metavar="SEED", help="integer in [0, 2**64) (default 1)"
    )
    _add_threads(route)
    route.add_argument("--json", action="store_true", help="print JSON instead of the text")
    route.add_argument("--plot", metavar="FILE.png", help="write a picture (.png, .svg or .pdf)")
    route.add_argument(
        "--trace", metavar="FILE.npz", help="write the expert ids as a trace (.npz or .jsonl)"
    )
    route.set_defaults(run=_run_route)


def _add_charge(commands: argparse._SubParsersAction[_Parser]) -> None:
    charge = commands.add_parser(
        "charge",
        help="what does a ledger of usage cost, to the last digit?",
        description="Charge a ledger of usage under a price book: exact totals by group, and what "
        "could not be charged. Exit status 3 where some rows could not.",
        allow_abbrev=False,
    )
    charge.add_argument(
        "ledger", metavar="LEDGER", help="Parquet, CSV or JSON lines; - reads text from stdin"
    )
    charge.add_argument(
        "--prices",
        required=True,
        metavar="BOOK",
        help="price book of tokenmill (.toml, .json), LiteLLM or genai-prices (.json)",
    )
    charge.add_argument(
        "--convention",
        default="native",
        metavar="NAME",
        help="how the ledger counts: native (default), openai, anthropic, gemini, otel, litellm, "
        "genai_prices",
    )
    charge.add_argument(
        "--by",
        metavar="KEYS",
        help="group by columns or fields, such as team,model,day (or month, status, price_row)",
    )
    charge.add_argument(
        "--time-zone", default="UTC", metavar="ZONE", help="of days and months (default UTC)"
    )
    charge.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="what a column is, such as ContextTokens=input; without a field it is left out",
    )
    for name in ("model", "provider", "service-tier", "time"):
        value = name.upper().replace("-", "_")
        text = f"the {name.replace('-', ' ')} of all rows"
        charge.add_argument(f"--{name}", metavar=value, help=f"{text}, where no column has it")
    charge.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="BOOK",
        help="charge under this book too, and show the difference",
    )
    charge.add_argument(
        "--strict", action="store_true", help="give no totals unless every row could be charged"
    )
    charge.add_argument("--json", action="store_true", help="print JSON instead of the table")
    charge.add_argument("--csv", metavar="FILE.csv", help="write every group to a file")
    charge.add_argument(
        "--focus",
        metavar="FILE.parquet",
        help="write FOCUS rows by day, price and unit; reads the ledger a second time",
    )
    _add_threads(charge)
    charge.set_defaults(run=_run_charge)


def _add_validate(commands: argparse._SubParsersAction[_Parser]) -> None:
    validate = commands.add_parser(
        "validate",
        help="how far is the serving model from published measurements?",
        description="Predict every point of a file of measurements, and show the errors: of each "
        "point, and of the whole, by family, accelerator and metric.",
        allow_abbrev=False,
    )
    validate.add_argument(
        "file", nargs="?", metavar="FILE", help="points in JSON lines (default: the embedded ones)"
    )
    validate.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    validate.add_argument("--plot", metavar="FILE.png", help="write a picture (.png, .svg or .pdf)")
    validate.set_defaults(run=_run_validate)


def _run_validate(arguments: argparse.Namespace) -> None:
    from .validate import run_validate

    run_validate(arguments)


def _run_charge(arguments: argparse.Namespace) -> int:
    from .charge import run_charge

    return run_charge(arguments)


def _run_cost(arguments: argparse.Namespace) -> None:
    from .cost import run_cost

    run_cost(arguments)


def _run_route(arguments: argparse.Namespace) -> None:
    from .route import run_route

    run_route(arguments)


def _run_race(arguments: argparse.Namespace) -> None:
    from .race import run_race

    run_race(arguments)


def _run_info(arguments: argparse.Namespace) -> None:
    from .info import run_info

    run_info(arguments)
