"""What the fields of a model's shape demand of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .shape import ModelShape

_MLA = ("kv_rank", "nope_dim", "rope_dim", "v_dim")
_SPARSE = ("sparse_top_k", "sparse_heads", "sparse_dim")
_EXPERTS = ("top_k", "expert_width", "shared_experts", "shared_width", "node_limit")


def check_shape(shape: ModelShape) -> None:
    """Refuse a shape whose fields are at odds.

    Raises
    ------
    ValueError
        The message names the field, what was expected and what was found.
    """
    _check_attention(shape)
    _check_networks(shape)
    for length, layers in (("window", "windowed_layers"), ("chunk", "chunked_layers")):
        if getattr(shape, layers):
            _demand(shape, length, getattr(shape, length) > 0, f"at least 1 with {layers}")
        else:
            _demand(shape, length, getattr(shape, length) == 0, f"0 without {layers}")
    limited = shape.windowed_layers + shape.chunked_layers
    expected = f"at most {shape.layers} layers with chunked_layers"
    _demand(shape, "windowed_layers", limited <= shape.layers, expected)
    if any(getattr(shape, name) for name in _SPARSE):
        for name in _SPARSE:
            _demand(shape, name, getattr(shape, name) > 0, "at least 1 with sparse attention")


def _check_attention(shape: ModelShape) -> None:
    divides = shape.heads % shape.kv_heads == 0
    _demand(shape, "kv_heads", divides, f"a divisor of heads = {shape.heads}")
    if shape.attention == "mla":
        for name in _MLA:
            _demand(shape, name, getattr(shape, name) > 0, 'at least 1 with attention "mla"')
        width = shape.nope_dim + shape.rope_dim
        _demand(shape, "head_dim", shape.head_dim == width, f"nope_dim + rope_dim = {width}")
    else:
        for name in (*_MLA, "q_rank"):
            _demand(shape, name, getattr(shape, name) == 0, '0 with attention "gqa"')


def _check_networks(shape: ModelShape) -> None:
    if not shape.experts:
        for name in _EXPERTS:
            _demand(shape, name, getattr(shape, name) == 0, "0 without experts")
        _demand(shape, "dense_width", shape.dense_width > 0, "at least 1 without experts")
        every = shape.dense_layers in (0, shape.layers)
        _demand(shape, "dense_layers", every, f"0 or all {shape.layers} without experts")
        return
    inside = 1 <= shape.top_k <= shape.experts
    _demand(shape, "top_k", inside, f"from 1 to experts = {shape.experts}")
    _demand(shape, "expert_width", shape.expert_width > 0, "at least 1 with experts")
    fewer = shape.dense_layers < shape.layers
    _demand(shape, "dense_layers", fewer, f"fewer than layers = {shape.layers} with experts")
    if shape.dense_layers:
        _demand(shape, "dense_width", shape.dense_width > 0, "at least 1 with dense_layers")


def _demand(shape: ModelShape, name: str, met: bool, expected: str) -> None:
    if not met:
        raise ValueError(f"{name}: expected {expected}, found {getattr(shape, name)!r}")
