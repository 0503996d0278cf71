"""What accelerators send each other: all-reduce, the two all-to-alls of experts, KV transfer.

Tensor parallelism pays two all-reduces a layer, ``2 (N-1)/N`` of the activations over the link and
a latency that is flat, per hop of the ring, or both; beyond a scale-up domain come the network's
own latencies, there and back. Experts over several attention replicas pay a dispatch and a combine
a layer. At decode (low latency) a token is sent once for every expert; at prefill it crosses the
network once per node, to at most `node_limit` nodes, while the links inside the nodes carry a copy
per expert, and the slower of both is waited for. A token's experts are on at most ``min(k * expert
TP, accelerators)`` accelerators, so tensor-parallel experts behind data-parallel attention come
out as the all-gather and reduce-scatter they are.

Sources: DeepEP's two kernels; arXiv 2505.09343 section 2 for the decode identity
``(1 + 2) * 32 * 9 * 7000 / 50e9 = 120.96 us``.
"""

from __future__ import annotations

from ..jit.kernel import block
from .efficiency import Efficiency
from .records import Layout, Machine, Shape
from .roofline import group_size


@block
def exchange_s(
    tokens: float, copies: float, hidden: float, bytes_per_element: float, bytes_per_s: float
) -> float:
    """Return seconds to send `copies` of each token's activations one way over one link.

    Parameters
    ----------
    tokens : float
        Tokens of one accelerator.
    copies : float
        Accelerators that each token is sent to.
    hidden : float
        Elements of a token.
    bytes_per_element : float
        Dispatch and combine together: 3 for FP8 there and BF16 back.
    bytes_per_s : float
        Link.
    """
    return tokens * copies * hidden * bytes_per_element / bytes_per_s


@block
def all_reduce_s(s: Shape, m: Machine, lay: Layout, e: Efficiency, tokens: float) -> float:
    """Return seconds of all all-reduces of a step of `tokens`; 0 without tensor parallelism."""
    n = lay.tensor_parallel
    if n <= 1.0:
        return 0.0
    link = m.scale_up_bytes_per_s if n <= m.scale_up_size else m.scale_out_bytes_per_s
    hops = 2.0 * (n - 1.0)
    moved = hops / n * tokens * s.hidden * lay.reduce_bytes / (link * e.network)
    far = 2.0 * e.all_to_all_s if n > m.scale_up_size else 0.0
    return 2.0 * s.layers * (moved + hops * e.all_reduce_hop_s + e.all_reduce_s + far)


@block
def exchanges(s: Shape, lay: Layout) -> bool:
    """Return whether tokens travel to experts of other attention replicas."""
    return s.moe_layers > 0.0 and lay.data_parallel > 1.0


@block
def copies_sent(s: Shape, lay: Layout) -> float:
    """Return the accelerators that a token's experts lie on, at most."""
    return min(s.top_k * lay.expert_tensor_parallel, group_size(lay))


@block
def decode_exchange_s(
    s: Shape, m: Machine, lay: Layout, e: Efficiency, tokens: float, imbalance: float
) -> float:
    """Return seconds of the low-latency all-to-all of a decode step.

    Parameters
    ----------
    tokens : float
        Tokens of one attention replica; its ranks share the sending.
    imbalance : float
        Load of the busiest rank over the mean; everyone waits for it.
    """
    if not exchanges(s, lay):
        return 0.0
    group = group_size(lay)
    domain = min(group, m.scale_up_size)
    remote = 1.0 - domain / group
    each = tokens / lay.tensor_parallel
    width = lay.dispatch_bytes + lay.combine_bytes
    copies = copies_sent(s, lay) * imbalance
    near = copies * (1.0 - remote) * (domain - 1.0) / domain
    seconds = exchange_s(each, near, s.hidden, width, m.scale_up_bytes_per_s * e.network)
    if remote > 0.0:
        link = m.scale_out_bytes_per_s * e.network
        seconds += exchange_s(each, copies * remote, s.hidden, width, link)
    return s.moe_layers * (seconds + 2.0 * e.all_to_all_s)


@block
def prefill_exchange_s(
    s: Shape, m: Machine, lay: Layout, e: Efficiency, tokens: float, imbalance: float
) -> float:
    """Return seconds of the normal all-to-all of a prefill pass.

    Parameters
    ----------
    tokens, imbalance : float
        As in :func:`decode_exchange_s`. Latency is not seen in a pass of thousands of tokens.
    """
    if not exchanges(s, lay):
        return 0.0
    group = group_size(lay)
    domain = min(group, m.scale_up_size)
    nodes = group / domain
    each = tokens / lay.tensor_parallel * imbalance
    width = lay.dispatch_bytes + lay.combine_bytes
    near = copies_sent(s, lay) * (domain - 1.0) / domain
    seconds = exchange_s(each, near, s.hidden, width, m.scale_up_bytes_per_s * e.network)
    if nodes > 1.0:
        target = min(nodes, s.top_k)
        if s.node_limit > 0.0:
            target = min(target, s.node_limit)
        far = target * (nodes - 1.0) / nodes
        link = m.scale_out_bytes_per_s * e.network
        seconds = max(seconds, exchange_s(each, far, s.hidden, width, link))
    return s.moe_layers * seconds


@block
def transfer_s(cached_bytes: float, m: Machine, e: Efficiency) -> float:
    """Return seconds to move a prompt's cache to another instance, every accelerator its part.

    Parameters
    ----------
    cached_bytes : float
        Cache of the prompt on one accelerator of the sender, bytes.
    """
    if cached_bytes <= 0.0:
        return 0.0
    return cached_bytes / (m.scale_out_bytes_per_s * e.network)
