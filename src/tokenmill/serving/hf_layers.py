"""Which layers of a config have experts, a window, chunks: one rule per way to say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]

_MOST_LAYERS = 10_000
_SPANS = ("full_attention", "sliding_attention", "chunked_attention")


def whole(config: Config, key: str, default: int | None = None, least: int = 1) -> int:
    """Return a whole number of a config.

    Raises
    ------
    ValueError
        It is missing without a default, or no whole number of at least `least`.
    """
    value = config.get(key)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        found = "none" if value is None else repr(value)
        raise ValueError(f"{key}: expected a whole number >= {least} in the config, found {found}")
    return value


def length(config: Config, key: str) -> int:
    """Return a whole number that is 0 where the config has none."""
    return whole(config, key, 0, 0)


def flag(config: Config, key: str, default: bool) -> bool:
    """Return a switch of a config.

    Raises
    ------
    ValueError
        It is neither true nor false.
    """
    value = config.get(key)
    value = default if value is None else value
    if not isinstance(value, bool):
        raise ValueError(f"{key}: expected true or false in the config, found {value!r}")
    return value


def attention_spans(
    config: Config, layers: int, windowed: Callable[[Config, int], int]
) -> dict[str, int]:
    """Return windows and chunks, by `layer_types` where it is there.

    Raises
    ------
    ValueError
        A layer is of a kind that is not attention over all, a window or a chunk.
    """
    _refuse_other_layers(config)
    kinds = config.get("layer_types")
    if kinds is None:
        sliding, chunked = windowed(config, layers), _chunked_layers(config, layers)
    else:
        counts = Counter(per_layer("layer_types", kinds, layers))
        for kind in counts:
            if kind not in _SPANS:
                expected = ", ".join(_SPANS)
                raise ValueError(f"layer_types: expected {expected}, found {kind!r}")
        sliding, chunked = counts["sliding_attention"], counts["chunked_attention"]
    fields: dict[str, int] = {}
    if sliding:
        fields |= {"windowed_layers": sliding, "window": whole(config, "sliding_window")}
    if chunked:
        fields |= {"chunked_layers": chunked, "chunk": whole(config, "attention_chunk_size")}
    return fields


def per_layer(key: str, values: object, layers: int) -> list[Any]:
    """Return a list that has one value for each layer.

    Raises
    ------
    ValueError
        It is no list, or one of another length.
    """
    if not isinstance(values, list) or len(values) != layers:
        size = f"{len(values)} values" if isinstance(values, list) else type(values).__name__
        raise ValueError(
            f"{key}: expected a list with a value for each of {layers} layers, found {size}"
        )
    return values


def no_layers(config: Config, layers: int) -> int:
    """Count none."""
    return 0


def all_layers(config: Config, layers: int) -> int:
    """Count every layer."""
    return layers


def every_other(config: Config, layers: int) -> int:
    """Count every second layer, the first among them."""
    return (layers + 1) // 2


def sliding_layers(config: Config, layers: int) -> int:
    """Count every layer, where the config has a window."""
    return layers if config.get("sliding_window") is not None else 0


def qwen_windows(config: Config, layers: int) -> int:
    """Count the layers from `max_window_layers` on, where windows are switched on."""
    if not flag(config, "use_sliding_window", False):
        return 0
    return max(0, layers - whole(config, "max_window_layers", least=0))


def gemma3_windows(config: Config, layers: int) -> int:
    """Count all but every sixth layer, or what `sliding_window_pattern` says."""
    return layers - layers // whole(config, "sliding_window_pattern", 6)


def after_first_dense(config: Config, layers: int) -> int:
    """Count the layers behind the first dense ones, or of those every `moe_layer_freq`-th."""
    kinds = config.get("mlp_layer_types")
    if kinds is not None:
        return per_layer("mlp_layer_types", kinds, layers).count("sparse")
    first = min(whole(config, "first_k_dense_replace", least=0), layers)
    step = whole(config, "moe_layer_freq", 1)
    return sum(index % step == 0 for index in range(first, _bounded(layers)))


def sparse_steps(config: Config, layers: int) -> int:
    """Count every `decoder_sparse_step`-th layer that is not among `mlp_only_layers`."""
    step = whole(config, "decoder_sparse_step", 1)
    dense = config.get("mlp_only_layers") or []
    if not isinstance(dense, list):
        raise ValueError(f"mlp_only_layers: expected a list of layers, found {dense!r}")
    return sum((i + 1) % step == 0 and i not in dense for i in range(_bounded(layers)))


def interleaved(config: Config, layers: int) -> int:
    """Count the layers in `moe_layers`, or every `interleave_moe_layer_step`-th."""
    listed = config.get("moe_layers")
    if listed is not None:
        if not isinstance(listed, list):
            raise ValueError(f"moe_layers: expected a list of layers, found {listed!r}")
        return len([one for one in range(_bounded(layers)) if one in listed])
    return layers // whole(config, "interleave_moe_layer_step", 1)


def ernie_layers(config: Config, layers: int) -> int:
    """Count every `moe_layer_interval`-th layer between start and end, both among them."""
    step = whole(config, "moe_layer_interval", 1)
    start = whole(config, "moe_layer_start_index", 1, 0)
    end = whole(config, "moe_layer_end_index", -1, -1)
    end = layers - 1 if end == -1 else end
    return sum((i + 1) % step == 0 and start <= i <= end for i in range(_bounded(layers)))


def _chunked_layers(config: Config, layers: int) -> int:
    """Count the layers with a rotary position, which have chunks; every fourth has none."""
    if config.get("attention_chunk_size") is None:
        return 0
    rotary = config.get("no_rope_layers")  # despite its name, 1 is a layer with a position
    if rotary:
        return sum(bool(one) for one in per_layer("no_rope_layers", rotary, layers))
    return layers - layers // whole(config, "no_rope_layer_interval", 4)


def _refuse_other_layers(config: Config) -> None:
    """Refuse linear attention, which MiniMax configs list as 0."""
    kinds = config.get("attn_type_list")
    if kinds is not None and (not isinstance(kinds, list) or any(one != 1 for one in kinds)):
        raise ValueError(
            "attn_type_list: expected 1, softmax attention, for every layer, found other kinds"
        )


def _bounded(layers: int) -> int:
    """Keep a loop over layers short; a shape of more is refused behind it."""
    return min(layers, _MOST_LAYERS + 1)
