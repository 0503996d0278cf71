"""The shape of a transformer: what it weighs, computes and remembers for a token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .precision import bytes_per_element
from .shape_checks import check_shape
from .values import Entry, field


@dataclass(frozen=True, kw_only=True)
class ModelShape(Entry):
    """A decoder-only transformer, its feed-forward networks gated (three matrices).

    Attributes
    ----------
    layers, hidden, heads, kv_heads, head_dim, vocab : int
        `head_dim` is that of the keys; under "mla" it is ``nope_dim + rope_dim``.
    attention : str
        "gqa" (with one group per head it is MHA, with one group MQA) or "mla".
    q_rank, kv_rank, nope_dim, rope_dim, v_dim : int
        Of "mla": ranks of the compressed query (0: not compressed) and of the latent that is
        cached, widths of a head's key without and with position, and of its value.
    experts, top_k, expert_width : int
        Routed experts of a mixture-of-experts layer, those a token goes to, inner width of one.
    shared_experts, shared_width : int
        Experts that every token goes to; a width of 0 means `expert_width`.
    dense_layers, dense_width : int
        Layers whose network is dense, wherever they stand, and its inner width. Without experts
        every layer is dense.
    tied_embeddings : bool
        Whether the output matrix is the embedding.
    window, windowed_layers : int
        Layers whose queries see the last `window` tokens alone.
    chunk, chunked_layers : int
        Layers whose queries see the tokens of their own chunk alone.
    sparse_top_k, sparse_heads, sparse_dim : int
        DeepSeek sparse attention: keys that a query reads, heads and width of the indexer that
        picks them; 0 is dense attention.
    node_limit : int
        Most nodes that the experts of one token may be on; 0 is no limit.
    draft_layers : int
        Layers for multi-token prediction, of the shape of a last layer.
    weight_precision : str
        In which format the weights are published, or "".
    reported_total, reported_active : float
        Parameters as the maker states them, or None.

    Raises
    ------
    TypeError, ValueError
        A field is no whole number, out of range, or at odds with another.

    Notes
    -----
    Parameters count the large matrices, as the published totals do; norms, biases and the
    indexer of sparse attention (together below 1 %) are left out. All counts are exact integers.
    Source of the formulas: Vaswani et al. (2017), Ainslie et al. (2023, GQA), DeepSeek-V2
    (arXiv 2405.04434, MLA).
    """

    layers: int = field("count", low=1, high=10_000)
    hidden: int = field("count", low=1, high=1_000_000)
    heads: int = field("count", low=1, high=65_536)
    kv_heads: int = field("count", low=1, high=65_536)
    head_dim: int = field("count", low=1, high=65_536)
    vocab: int = field("count", low=1)
    attention: str = field("text", choices=("gqa", "mla"), default="gqa")
    q_rank: int = field("count", default=0, high=1_000_000)
    kv_rank: int = field("count", default=0, high=1_000_000)
    nope_dim: int = field("count", default=0, high=65_536)
    rope_dim: int = field("count", default=0, high=65_536)
    v_dim: int = field("count", default=0, high=65_536)
    experts: int = field("count", default=0, high=1_000_000)
    top_k: int = field("count", default=0, high=1_000_000)
    expert_width: int = field("count", default=0, high=10_000_000)
    shared_experts: int = field("count", default=0, high=1_000)
    shared_width: int = field("count", default=0, high=10_000_000)
    dense_layers: int = field("count", default=0, high=10_000)
    dense_width: int = field("count", default=0, high=10_000_000)
    tied_embeddings: bool = field("flag", default=False)
    window: int = field("count", default=0)
    windowed_layers: int = field("count", default=0)
    chunk: int = field("count", default=0)
    chunked_layers: int = field("count", default=0)
    sparse_top_k: int = field("count", default=0)
    sparse_heads: int = field("count", default=0, high=65_536)
    sparse_dim: int = field("count", default=0, high=65_536)
    node_limit: int = field("count", default=0, high=65_536)
    draft_layers: int = field("count", default=0, high=1_000)
    weight_precision: str = field("text", default="")
    reported_total: float | None = field("number", "parameters", default=None)
    reported_active: float | None = field("number", "parameters", default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shape(self)

    @classmethod
    def from_hf_config(cls, config: Mapping[str, Any] | str | os.PathLike[str]) -> ModelShape:
        """Return the shape of a model from its Hugging Face config.

        Parameters
        ----------
        config : mapping or path
            What config.json holds, the file, or the folder it is in.

        Returns
        -------
        ModelShape
            Its name is the ``model_type`` of the text model.

        Raises
        ------
        TypeError
            Neither a mapping nor a path.
        ValueError
            The model type, or a kind of layer, is none of those that are understood; a key is
            missing or wrong; the file is larger than 1 MiB or no JSON.
        OSError
            It cannot be read.
        """
        from .hf_config import fields_of_config

        return cls(**fields_of_config(config))

    @property
    def moe_layers(self) -> int:
        """Layers with routed experts."""
        return self.layers - self.dense_layers if self.experts else 0

    @property
    def full_layers(self) -> int:
        """Layers whose queries see the whole context."""
        return self.layers - self.windowed_layers - self.chunked_layers

    @property
    def attention_parameters(self) -> int:
        """Parameters of the attention of one layer."""
        if self.attention == "gqa":
            return 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)
        queries = (
            self.q_rank * (self.hidden + self.heads * self.head_dim)
            if self.q_rank
            else self.hidden * self.heads * self.head_dim
        )
        latent = self.hidden * (self.kv_rank + self.rope_dim)
        keys_values = self.kv_rank * self.heads * (self.nope_dim + self.v_dim)
        return queries + latent + keys_values + self.heads * self.v_dim * self.hidden

    @property
    def dense_parameters(self) -> int:
        """Parameters of the network of one dense layer."""
        return 3 * self.hidden * self.dense_width

    @property
    def expert_parameters(self) -> int:
        """Parameters of one routed expert."""
        return 3 * self.hidden * self.expert_width

    @property
    def shared_parameters(self) -> int:
        """Parameters of all shared experts of one layer."""
        width = self.shared_width or self.expert_width
        return 3 * self.hidden * width * self.shared_experts

    @property
    def router_parameters(self) -> int:
        """Parameters of the router of one layer."""
        return self.hidden * self.experts

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the embedding; the output matrix has as many."""
        return self.vocab * self.hidden

    @property
    def total_parameters(self) -> int:
        """Parameters of the model without its draft layers."""
        moe = self.shared_parameters + self.router_parameters
        embeddings = 1 if self.tied_embeddings else 2
        return (
            self.layers * self.attention_parameters
            + self._dense_count * self.dense_parameters
            + self.moe_layers * (moe + self.experts * self.expert_parameters)
            + embeddings * self.embedding_parameters
        )

    @property
    def active_parameters(self) -> int:
        """Parameters that a token is multiplied by: those of `top_k` experts, one output matrix."""
        moe = self.shared_parameters + self.router_parameters
        return (
            self.layers * self.attention_parameters
            + self._dense_count * self.dense_parameters
            + self.moe_layers * (moe + self.top_k * self.expert_parameters)
            + self.embedding_parameters
        )

    @property
    def draft_parameters(self) -> int:
        """Parameters of one draft layer: a last layer, and 2 h x h that joins state and token.

        Source: DeepSeek-V3 (arXiv 2412.19437) 2.2; embedding and output matrix are shared.
        """
        if self.experts:
            network = self.shared_parameters + self.router_parameters
            network += self.experts * self.expert_parameters
        else:
            network = self.dense_parameters
        return self.attention_parameters + network + 2 * self.hidden * self.hidden

    @property
    def kv_elements(self) -> int:
        """Elements that one token leaves in the cache of one layer.

        Keys and values of every group, or the latent and the shared key of "mla".
        """
        if self.attention == "mla":
            return self.kv_rank + self.rope_dim
        return 2 * self.kv_heads * self.head_dim

    def kv_bytes_per_token(self, precision: str = "bf16") -> float:
        """Return the bytes by which each token of a long context lets the cache grow.

        Windowed layers, which stop growing, are left out; chunked layers count. The keys of a
        sparse indexer are left out.

        Raises
        ------
        ValueError
            There is no such number format.
        """
        growing = self.layers - self.windowed_layers
        return growing * self.kv_elements * bytes_per_element(precision)

    @property
    def decode_pair_flops(self) -> int:
        """FLOPs of one layer for one query and one cached key, in decoding.

        4 H d: scores and sums. "mla" multiplies the latent itself, the absorbed form:
        2 H (2 r + d_r).
        """
        if self.attention == "mla":
            return 2 * self.heads * (2 * self.kv_rank + self.rope_dim)
        return 4 * self.heads * self.head_dim

    @property
    def prefill_pair_flops(self) -> int:
        """FLOPs of one layer for one query and one key, in prefill: 2 H (d_key + d_value)."""
        value = self.v_dim if self.attention == "mla" else self.head_dim
        return 2 * self.heads * (self.head_dim + value)

    def decode_core_flops(self, context: int) -> int:
        """Return the FLOPs of the attention core for one new token.

        Parameters
        ----------
        context : int
            Tokens that a query of a full layer sees; one of a chunked layer sees at most `chunk`.

        Notes
        -----
        Every pair counts, as in dense attention; what `sparse_top_k` leaves out does too.
        """
        seen = (
            self.full_layers * context
            + self.windowed_layers * min(context, self.window)
            + self.chunked_layers * min(context, self.chunk)
        )
        return seen * self.decode_pair_flops

    def prefill_core_flops(self, tokens: int, cached: int = 0) -> int:
        """Return the FLOPs of the attention core for a prompt, each query with its own past.

        Parameters
        ----------
        tokens, cached : int
            New tokens, and tokens before them that are in the cache already.

        Notes
        -----
        n p + n (n + 1) / 2 pairs in a full layer, as in dense attention. A windowed layer has
        min(n W, that); a chunked one a triangle for each chunk.
        """
        full = tokens * cached + tokens * (tokens + 1) // 2
        pairs = self.full_layers * full + self.windowed_layers * min(tokens * self.window, full)
        if self.chunked_layers:
            end = _chunk_pairs(tokens + cached, self.chunk)
            pairs += self.chunked_layers * (end - _chunk_pairs(cached, self.chunk))
        return pairs * self.prefill_pair_flops

    @property
    def _dense_count(self) -> int:
        return self.layers - self.moe_layers


def _chunk_pairs(tokens: int, chunk: int) -> int:
    """Count the pairs of the first tokens where each sees its own chunk up to itself."""
    whole, rest = divmod(tokens, chunk)
    return whole * (chunk * (chunk + 1) // 2) + rest * (rest + 1) // 2
