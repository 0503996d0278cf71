"""The smaller kinds: prices, communication, bills of chips, drafts, regions, requests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .values import Entry, Range, field


@dataclass(frozen=True, kw_only=True)
class ApiPrice(Entry):
    """A list price of one model at one provider on one date (``evidence.date``).

    Attributes
    ----------
    model, provider : str
        The model as the provider calls it; not every one is a model of the catalogue.
    input_usd_mtok, output_usd_mtok, cached_usd_mtok : Decimal
        USD per million tokens, exact; None where no price of cached input is listed.
    """

    model: str = field("text")
    provider: str = field("text")
    input_usd_mtok: Decimal = field("money", "USD", high=1e6)
    output_usd_mtok: Decimal = field("money", "USD", high=1e6)
    cached_usd_mtok: Decimal | None = field("money", "USD", high=1e6, default=None)


@dataclass(frozen=True, kw_only=True)
class ExpertCommunication(Entry):
    """Measured all-to-all of expert parallelism on one number of ranks.

    Attributes
    ----------
    kernel : str
        "low_latency" (decode) or "normal" (prefill).
    hardware, limit : str
        What it ran on, and the link that limited it.
    ranks, tokens_per_rank, hidden, top_k : int
        Top-k counts experts; None where the measurement does not say.
    dispatch_s, combine_s : float
        Time of one call, seconds.
    dispatch_bytes_per_s, combine_bytes_per_s : float
        Rate of one accelerator over the limiting link.
    """

    kernel: str = field("text", choices=("low_latency", "normal"))
    hardware: str = field("text")
    limit: str = field("text", default="")
    ranks: int = field("count", low=2)
    tokens_per_rank: int | None = field("count", low=1, default=None)
    hidden: int | None = field("count", low=1, default=None)
    top_k: int | None = field("count", low=1, default=None)
    dispatch_s: float | None = field("number", "s", high=1e3, default=None)
    combine_s: float | None = field("number", "s", high=1e3, default=None)
    dispatch_bytes_per_s: float = field("number", "bytes/s", low=1.0)
    combine_bytes_per_s: float = field("number", "bytes/s", low=1.0)


@dataclass(frozen=True, kw_only=True)
class ChipBill(Entry):
    """Published bill of materials of one accelerator, USD; None where a part is not broken out.

    Attributes
    ----------
    logic_usd, hbm_usd, package_usd, test_usd, yield_loss_usd, other_usd, total_usd : float
    price_usd : Range
        What it sells for.
    gross_margin : Range
        Of the maker on that price, as published.
    dies, die_width_mm, die_height_mm, die_mm2 : int, float
        Logic dies and the size of each.
    """

    logic_usd: float | None = field("number", "USD", high=1e9, default=None)
    hbm_usd: float | None = field("number", "USD", high=1e9, default=None)
    package_usd: float | None = field("number", "USD", high=1e9, default=None)
    test_usd: float | None = field("number", "USD", high=1e9, default=None)
    yield_loss_usd: float | None = field("number", "USD", high=1e9, default=None)
    other_usd: float | None = field("number", "USD", high=1e9, default=None)
    total_usd: float | None = field("number", "USD", high=1e9, default=None)
    price_usd: Range | None = field("range", "USD", high=1e9, default=None)
    gross_margin: Range | None = field("range", high=1.0, default=None)
    dies: int | None = field("count", low=1, high=64, default=None)
    die_width_mm: float | None = field("number", "mm", low=0.1, high=300, default=None)
    die_height_mm: float | None = field("number", "mm", low=0.1, high=300, default=None)
    die_mm2: float | None = field("number", "mm2", low=0.01, high=1e5, default=None)


@dataclass(frozen=True, kw_only=True)
class ChipFigure(Entry):
    """One figure of making chips: a wafer, a defect density, memory, packaging, engineering.

    Attributes
    ----------
    value : Range
        In `unit`.
    unit : str
    """

    value: Range = field("range")
    unit: str = field("text")


@dataclass(frozen=True, kw_only=True)
class DraftAcceptance(Entry):
    """Tokens that a verifying step yields, by the number of drafts, the step's own token counted.

    Attributes
    ----------
    model, method, mode : str
    accept_len : tuple of float
        With 1, 2, ... drafts; where a range is published, its middle.
    low, high : tuple of float
        Ends of the ranges; empty where single numbers are published.
    """

    model: str = field("text")
    method: str = field("text")
    mode: str = field("text", default="")
    accept_len: tuple[float, ...] = field("numbers", low=1.0, high=1000.0)
    low: tuple[float, ...] = field("numbers", low=1.0, high=1000.0, default=())
    high: tuple[float, ...] = field("numbers", low=1.0, high=1000.0, default=())

    def __post_init__(self) -> None:
        super().__post_init__()
        for index, length in enumerate(self.accept_len):
            if length > index + 2:
                expected = f"at most {index + 2} tokens with {index + 1} drafts"
                raise ValueError(f"accept_len: expected {expected}, found {length:g}")
        for name in ("low", "high"):
            if len(getattr(self, name)) not in (0, len(self.accept_len)):
                expected = f"none or {len(self.accept_len)} numbers, as in accept_len"
                raise ValueError(f"{name}: expected {expected}, found {len(getattr(self, name))}")


@dataclass(frozen=True, kw_only=True)
class Region(Entry):
    """Where a cluster stands: power, cooling, and the chips that can be bought there.

    Attributes
    ----------
    power_range_usd_kwh : Range
        Industrial price of electricity.
    pue_range : Range
        Power of the site over power of its servers, at least 1.
    accelerators : tuple of str
        Names of chips on sale there.
    """

    power_range_usd_kwh: Range = field("range", "USD/kWh", high=100.0)
    pue_range: Range = field("range", low=1.0, high=10.0)
    accelerators: tuple[str, ...] = field("texts")

    @property
    def power_usd_kwh(self) -> float:
        """The typical price of electricity."""
        return self.power_range_usd_kwh.typical

    @property
    def pue(self) -> float:
        """The typical overhead of a site."""
        return self.pue_range.typical


@dataclass(frozen=True, kw_only=True)
class RequestLengths(Entry):
    """Quantiles of the lengths of the requests in a trace.

    Attributes
    ----------
    requests : int
    duration_s : float
        From the first request to the last.
    mean_in, mean_out : float
        Tokens of the prompt, with what a cache holds of it, and of the answer.
    levels : tuple of float
        Shares of requests, ascending.
    in_tokens, out_tokens : tuple of float
        Lengths that this share of the requests does not exceed; ascending.
    rank_correlation : float
        Spearman's, of the two lengths of a request.
    cache_hit : float
        Share of input tokens in the longest cached prefix, were nothing ever evicted; None where
        the trace does not hold the prompts' blocks.
    """

    requests: int = field("count", low=1)
    duration_s: float = field("number", "s")
    mean_in: float = field("number", "tokens")
    mean_out: float = field("number", "tokens")
    levels: tuple[float, ...] = field("numbers", high=1.0)
    in_tokens: tuple[float, ...] = field("numbers", "tokens")
    out_tokens: tuple[float, ...] = field("numbers", "tokens")
    rank_correlation: float = field("number", low=-1.0, high=1.0)
    cache_hit: float | None = field("number", high=1.0, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("levels", "in_tokens", "out_tokens"):
            values = getattr(self, name)
            if len(values) != len(self.levels) or not values:
                expected = f"as many numbers as levels, {len(self.levels)}, and at least one"
                raise ValueError(f"{name}: expected {expected}, found {len(values)}")
            if list(values) != sorted(values):
                raise ValueError(f"{name}: expected ascending numbers, found {values!r}")
