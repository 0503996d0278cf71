"""A published day of DeepSeek's, made again from its parts: nodes, cost, revenue, margin.

On 1 March 2025 DeepSeek published what serving V3 and R1 took in 24 hours: 608 bn tokens in (342 bn
of them from a cache on disk), 168 bn out, 226.75 nodes of eight H800 at 2 USD an hour, and a profit
of "545 %", all tokens counted at R1's list price.

Source: github.com/deepseek-ai/open-infra-index, 202502OpenSourceWeek, day 6.
"""

from fractions import Fraction

from tokenmill.accounting import PriceBook, total
from tokenmill.economics import (
    blended_tokens_per_s,
    list_margin,
    list_price,
    margin_from_markup,
    nodes_needed,
    usd_per_mtok,
)

INPUT, CACHED, OUTPUT = 608_000_000_000, 342_000_000_000, 168_000_000_000
MTOK_OUT = OUTPUT / 1e6
DAY_S, DAY_H = 86_400.0, 24
# Tokens per second of a node that reads prompts, cached tokens counted, and of one that decodes.
PREFILL, DECODE = 73_700.0, 14_800.0
NODES, GPUS, RENT = 226.75, 8, 2.0

MODEL = "deepseek-reasoner"
BOOK = PriceBook.from_text(f"""
name = "DeepSeek"
version = "2025-03-01"

[[models]]
provider = "deepseek"
name = "{MODEL}"
prices = {{input = "0.55", cache_read = "0.14", output = "2.19"}}
""")


def show(name: str, found: float, published: float, places: int = 0) -> None:
    """Print a figure, the published one, and how far it is from it."""
    figures = f"{found:>12,.{places}f}{published:>12,.{places}f}"
    print(f"{name:<30}{figures}  {found / published - 1:+.2%}")


def nodes() -> float:
    """Return the nodes that the day needed at the published speeds."""
    return nodes_needed(INPUT, DAY_S, PREFILL) + nodes_needed(OUTPUT, DAY_S, DECODE)


def cost() -> float:
    """Return the cost of a million output tokens with their prompts, from the same speeds."""
    speed = blended_tokens_per_s(DECODE / GPUS, PREFILL / GPUS, INPUT / OUTPUT)
    return usd_per_mtok(RENT, speed, 1.0)


def main() -> None:
    """Make the day again."""
    print(f"{'':<30}{'here':>12}{'published':>12}")
    show("nodes", nodes(), NODES, 2)
    rent = NODES * GPUS * DAY_H * RENT
    show("cost, USD a day", rent, 87_072)

    usage = {"model": [MODEL], "input": [INPUT], "cache_read": [CACHED], "output": [OUTPUT]}
    billed = total(usage, BOOK, convention="native", policy="raise").total
    show("revenue, USD a day", float(billed), 562_027)

    show("cost, USD per million out", cost(), 87_072 / MTOK_OUT, 4)
    request = {"input_tokens": 3619, "cached_tokens": 2036, "output_tokens": 1000}
    price = list_price(BOOK, MODEL, **request)
    ratio, hit = Fraction(INPUT, OUTPUT), Fraction(CACHED, INPUT)
    kept = list_margin(price, rent / MTOK_OUT, ratio, hit)
    show("revenue, USD per million out", float(kept.billed_usd_mtok), 562_027 / MTOK_OUT, 4)
    show("mark-up on cost, %", 100 * kept.markup, 545, 1)
    show("margin on price, %", 100 * kept.margin, 100 * margin_from_markup(5.45), 1)
    print(f"ledger and list agree exactly: {kept.billed_usd_mtok * OUTPUT / 10**6 == billed}")


if __name__ == "__main__":
    main()
