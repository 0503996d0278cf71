"""Route a torch tensor where it lies: DeepSeek-V3's rule on bfloat16 logits, without a copy.

Needs torch on the CPU. The tensor goes in through DLPack; ids and weights come out as NumPy arrays,
which torch takes over in place too.
"""

import torch

from tokenmill.routing import preset, route

TOKENS = 4096


def main() -> None:
    """Route the middle columns of a larger tensor and look at the result from torch."""
    spec = preset("deepseek_v3")
    generator = torch.Generator().manual_seed(1)
    wide = torch.randn(TOKENS, spec.columns + 64, generator=generator).to(torch.bfloat16)
    logits = wide[:, 32:-32]  # rows of a view stay in place as well
    bias = 0.01 * torch.randn(spec.experts, generator=generator)

    out = (torch.empty(TOKENS, spec.top_k, dtype=torch.int32), torch.empty(TOKENS, spec.top_k))
    found = route(logits, spec, bias=bias, out=tuple(tensor.numpy() for tensor in out))
    expert_ids, weights = out

    print(f"logits {tuple(logits.shape)} {logits.dtype}, stride {logits.stride()}")
    print(f"written in place: {found.weights.ctypes.data == weights.data_ptr()}")
    print(f"first token: experts {expert_ids[0].tolist()}")
    print(f"weights add up to {weights.sum(dim=1).mean():.4f}, the scale is {spec.scale}")
    scores = torch.sigmoid(logits.float()).gather(1, expert_ids.long())
    by_torch = spec.scale * scores / scores.sum(dim=1, keepdim=True)
    print(f"same weights in torch: {torch.allclose(weights, by_torch, rtol=1e-5)}")


if __name__ == "__main__":
    main()
