"""The catalogue as aligned tables."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ..serving.accelerator import Accelerator
from ..serving.catalogue import Catalogue
from ..serving.entries import ApiPrice
from ..serving.shape import ModelShape
from ..serving.values import Entry, Range

_NONE = "-"
_WIDTH = 100
_GRADES = (
    "Grade: A several published figures agree, B one good source, C judgement, D could not be "
    "verified."
)


def counts(catalogue: Catalogue) -> str:
    """Say how much the catalogue holds."""
    return (
        f"{len(catalogue.accelerators)} accelerators, {len(catalogue.models)} models, "
        f"{len(catalogue.api_prices)} prices, {len(catalogue.priors)} priors, "
        f"{len(catalogue.regions)} regions, {len(catalogue.workloads)} workloads"
    )


def accelerator_lines(entries: Mapping[str, Accelerator]) -> list[str]:
    """Return the table of accelerators."""
    above = ("", "TFLOPS", "", "", "HBM", "", "link up", "", "out", "", "price", "rent", "")
    names = (
        "accelerator", "bf16", "fp8", "fp4", "GB", "TB/s", "GB/s", "x", "GB/s", "W", "USD", "USD/h",
        "grade",
    )  # fmt: skip
    rows = [_accelerator(name, entry) for name, entry in entries.items()]
    return [
        *_table([above, names, *rows], texts=(0, 12), heads=2),
        "",
        *_legend(
            "TFLOPS are dense, links one way into a domain of x accelerators; W is at the wall, or "
            "of the chip alone (*). Price and rent are typical, each with its own grade."
        ),
    ]


def model_lines(entries: Mapping[str, ModelShape]) -> list[str]:
    """Return the table of models."""
    names = ("model", "total B", "active B", "layers", "experts", "KV bytes", "attention", "grade")
    rows = [_model(name, entry) for name, entry in entries.items()]
    return [
        *_table([names, *rows], texts=(0, 6, 7)),
        "",
        *_legend(
            "Experts: all, those of a token, + shared. KV bytes: of one more token of a long "
            "context, in bf16."
        ),
    ]


def price_lines(entries: Mapping[str, ApiPrice]) -> list[str]:
    """Return the table of list prices."""
    names = ("model", "provider", "input", "output", "cached", "date", "grade")
    rows = [
        (
            entry.model,
            entry.provider,
            *(
                _NONE if price is None else _money(price)
                for price in (entry.input_usd_mtok, entry.output_usd_mtok, entry.cached_usd_mtok)
            ),
            entry.evidence.date or _NONE,
            entry.evidence.confidence or _NONE,
        )
        for entry in entries.values()
    ]
    return [*_table([names, *rows], texts=(0, 1, 5, 6)), "", *_legend("USD per million tokens.")]


def _accelerator(name: str, chip: Accelerator) -> tuple[str, ...]:
    power = f"{chip.all_in_w:,.0f}" if chip.all_in_w else _NONE
    if not chip.all_in_w and chip.tdp_w:
        power = f"{chip.tdp_w:,.0f}*"
    return (
        name,
        *(_scaled(chip.peak_flops(form), 1e12) for form in ("bf16", "fp8", "fp4")),
        _scaled(chip.hbm_bytes, 1e9),
        _scaled(chip.hbm_bytes_per_s, 1e12),
        _scaled(chip.scale_up_bytes_per_s, 1e9),
        _scaled(chip.scale_up_size, 1),
        _scaled(chip.scale_out_bytes_per_s, 1e9),
        power,
        _typical(chip, "price_usd", chip.price_usd),
        _typical(chip, "rent_usd_h", chip.rent_usd_h),
        chip.evidence.confidence or _NONE,
    )


def _model(name: str, shape: ModelShape) -> tuple[str, ...]:
    experts = f"{shape.experts}:{shape.top_k}" if shape.experts else "dense"
    shared = f"+{shape.shared_experts}" if shape.shared_experts else ""
    return (
        name,
        f"{shape.total_parameters / 1e9:,.1f}",
        f"{shape.active_parameters / 1e9:,.1f}",
        str(shape.layers),
        f"{experts}{shared}",
        f"{shape.kv_bytes_per_token('bf16'):,.0f}",
        _attention(shape),
        shape.evidence.confidence or _NONE,
    )


def _attention(shape: ModelShape) -> str:
    parts = [shape.attention]
    if shape.windowed_layers:
        parts.append(f"{shape.windowed_layers} x window {shape.window:,}")
    if shape.chunked_layers:
        parts.append(f"{shape.chunked_layers} x chunk {shape.chunk:,}")
    if shape.sparse_top_k:
        parts.append(f"top {shape.sparse_top_k:,} keys")
    return ", ".join(parts)


def _typical(entry: Entry, field: str, value: Range | None) -> str:
    if value is None:
        return _NONE
    return f"{value.typical:,g} {entry.evidence_of(field).confidence or _NONE}"


def _scaled(value: float | None, unit: float) -> str:
    """Write four digits that count, thousands apart."""
    return _NONE if value is None else f"{float(f'{value / unit:.4g}'):,.12g}"


def _money(price: Decimal) -> str:
    """Write a price exactly, with two decimals at least."""
    cents = round(price, 2)
    return f"{cents if cents == price else price:f}"


def _legend(text: str) -> list[str]:
    return textwrap.wrap(f"{text} {_GRADES}", _WIDTH, break_on_hyphens=False)


def _table(rows: Sequence[Sequence[str]], texts: tuple[int, ...], heads: int = 1) -> list[str]:
    """Align columns: those of `texts` to the left, numbers to the right; a rule under the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = (
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(map(len, lines))
    return [*lines[:heads], rule, *lines[heads:], rule]
