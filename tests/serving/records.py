"""Records that the serving tests share, built by hand from the published model cards.

Golden values come from an independent re-implementation of the model; the shapes are those of the
models' ``config.json``, the machines those of the vendors' data sheets.
"""

from __future__ import annotations

from tokenmill.serving.efficiency import PUBLISHED
from tokenmill.serving.records import Layout, Load, Machine, Shape


def _floats(record):  # type: ignore[no-untyped-def]
    return type(record)(*map(float, record))


_NOTHING = {
    "window_layers": 0,
    "window": 0,
    "chunk_layers": 0,
    "chunk": 0,
    "sparse_top_k": 0,
    "index_elements": 0,
    "index_flops": 0,
}

DEEPSEEK_V3 = _floats(
    Shape(
        layers=61,
        moe_layers=58,
        hidden=7168,
        attention_params=61 * 187_105_280,
        dense_params=3 * 3 * 7168 * 18432,
        shared_params=58 * 3 * 7168 * 2048,
        expert_params=3 * 7168 * 2048,
        embedding_params=2 * 129_280 * 7168,
        head_params=129_280 * 7168,
        experts=256,
        top_k=8,
        expert_width=2048,
        node_limit=4,
        kv_shards=1,
        kv_elements=576,
        core_flops=278_528,
        core_pair_flops=81_920,
        full_layers=61,
        draft_layers=1,
        **_NOTHING,
    )
)
LLAMA_70B = _floats(
    Shape(
        layers=80,
        moe_layers=0,
        hidden=8192,
        attention_params=80 * (2 * 8192 * 64 * 128 + 2 * 8192 * 8 * 128),
        dense_params=80 * 3 * 8192 * 28672,
        shared_params=0,
        expert_params=0,
        embedding_params=2 * 128_256 * 8192,
        head_params=128_256 * 8192,
        experts=0,
        top_k=0,
        expert_width=0,
        node_limit=0,
        kv_shards=8,
        kv_elements=2 * 8 * 128,
        core_flops=4 * 64 * 128,
        core_pair_flops=4 * 64 * 128,
        full_layers=80,
        draft_layers=0,
        **_NOTHING,
    )
)
QWEN3_30B = _floats(
    Shape(
        layers=48,
        moe_layers=48,
        hidden=2048,
        attention_params=48 * (2 * 2048 * 32 * 128 + 2 * 2048 * 4 * 128),
        dense_params=0,
        shared_params=0,
        expert_params=3 * 2048 * 768,
        embedding_params=2 * 151_936 * 2048,
        head_params=151_936 * 2048,
        experts=128,
        top_k=8,
        expert_width=768,
        node_limit=0,
        kv_shards=4,
        kv_elements=2 * 4 * 128,
        core_flops=4 * 32 * 128,
        core_pair_flops=4 * 32 * 128,
        full_layers=48,
        draft_layers=0,
        **_NOTHING,
    )
)
# Windowed, chunked and sparse layers side by side: no such model exists, every branch runs.
PATCHWORK = QWEN3_30B._replace(
    full_layers=16.0,
    window_layers=16.0,
    window=512.0,
    chunk_layers=16.0,
    chunk=2048.0,
    sparse_top_k=1024.0,
    index_elements=128.0,
    index_flops=8192.0,
    draft_layers=1.0,
)


def machine(bf16: float, fp8: float, memory: float, speed: float, up: float) -> Machine:
    """Return a machine of 8 per domain and 50 GB/s between domains, GEMMs in FP8."""
    return Machine(fp8, fp8, bf16, bf16, memory, speed, up, 8.0, 50e9, 1.0, 1.0, 0.0, 0.0)


H800 = machine(989e12, 1979e12, 80e9, 3.35e12, 200e9)
H100 = machine(989e12, 1979e12, 80e9, 3.35e12, 450e9)
H200 = machine(989e12, 1979e12, 141e9, 4.8e12, 450e9)


def layout(
    tensor: float = 1, data: float = 1, experts: float = 1, weights: float = 1, kv: float = 2
) -> Layout:
    """Return a layout whose experts lie on all accelerators, FP8 out and BF16 back."""
    cut = tensor * data / experts
    return _floats(
        Layout(tensor, data, experts, cut, weights, weights, 2, kv, 1, 2, 2, 0, 1, 16384)
    )


def load(batch: float = 128, in_len: float = 4096, out_len: float = 0, **fields: float) -> Load:
    """Return a balanced load without drafts or cache hits."""
    return _floats(Load(batch, in_len, out_len, 0, 0, 1, 1, 0)._replace(**fields))


EXACT = _floats(PUBLISHED)
