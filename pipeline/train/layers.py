"""Transformer blocks that do not care how their tokens lie: in a rectangle, padded, or packed without padding.

A layout knows which tokens see each other and which token of each sample is pooled; the block knows the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from torch.utils.checkpoint import checkpoint


class Layout(Protocol):
    """How the tokens of a batch lie."""

    def pool(self, x: Tensor) -> Tensor:
        """The token of each sample that stands for it; with one axis of tokens, as `attend` wants its queries."""

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """Attention within each sample; queries are all tokens, or those that `pool` gave."""


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """Tokens of all samples in one rectangle (B, L, ...).

    Args:
        lengths: (B,) int64, true tokens of each sample; None where all are.
        causal: a token sees those before it, and the last is pooled; else it sees all, and the first is pooled.
    """

    lengths: Tensor | None = None
    causal: bool = False

    def pool(self, x: Tensor) -> Tensor:
        """(B, 1, ...)."""
        if not self.causal:
            return x[:, :1]
        last = self._lengths(x) - 1
        return x[torch.arange(len(x), device=x.device), last].unsqueeze(1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(B, Q, H, D) from queries (B, Q, H, D), keys and values (B, L, H, D)."""
        # A causal tower pools the last true token: what follows it is never seen, so padding needs no mask there.
        all_queries = q.shape[1] == k.shape[1]
        causal = self.causal and all_queries
        mask = None
        if self.lengths is not None and not causal:
            mask = (torch.arange(k.shape[1], device=k.device) < self.lengths[:, None])[:, None, None, :]
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=causal)
        return out.transpose(1, 2)

    def _lengths(self, x: Tensor) -> Tensor:
        if self.lengths is None:
            return torch.full((len(x),), x.shape[1], device=x.device)
        return self.lengths


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Tokens of all samples one after the other (T, ...), no padding.

    Args:
        starts: (B + 1,) int32, where each sample begins, and the end of the last.
        longest: tokens of the longest sample, or more.
        causal: as in `Dense`.
    """

    starts: Tensor
    longest: int
    causal: bool = False

    def pool(self, x: Tensor) -> Tensor:
        """(B, ...)."""
        return x[self.starts[1:].long() - 1] if self.causal else x[self.starts[:-1].long()]

    def attend(self, q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
        """(Q, H, D) from queries (Q, H, D), keys and values (T, H, D)."""
        if dropout:
            raise ValueError("packed attention has no dropout")
        pooled = q.shape[0] != k.shape[0] or len(self.starts) == k.shape[0] + 1
        if q.is_cuda and q.dtype != torch.float32:  # the kernel takes half precision only
            return self._attend_cuda(q, k, v, pooled)
        return self._attend_padded(q, k, v, pooled)

    def _attend_cuda(self, q: Tensor, k: Tensor, v: Tensor, pooled: bool) -> Tensor:
        queries = torch.arange(len(self.starts), dtype=torch.int32, device=q.device) if pooled else self.starts
        window = (-1, 0) if self.causal else (-1, -1)
        n_queries = 1 if pooled else self.longest
        out = varlen_attn(q, k, v, queries, self.starts, n_queries, self.longest, window_size=window)
        assert isinstance(out, Tensor)  # a tuple only where auxiliary results were asked for
        return out

    def _attend_padded(self, q: Tensor, k: Tensor, v: Tensor, pooled: bool) -> Tensor:
        """The same where there is no kernel for it: padded for the attention alone."""
        lengths = self.starts.diff().long()
        places = torch.arange(self.longest, device=k.device) < lengths[:, None]
        keys, values = (_scattered(t, places) for t in (k, v))
        dense = Dense(lengths, self.causal)
        if pooled:
            return dense.attend(q.unsqueeze(1), keys, values, 0.0).squeeze(1)
        return dense.attend(_scattered(q, places), keys, values, 0.0)[places]


def _scattered(x: Tensor, places: Tensor) -> Tensor:
    """Rows (T, ...) at the true places of a (B, L) mask: (B, L, ...), zero elsewhere."""
    return x.new_zeros((*places.shape, *x.shape[1:])).masked_scatter(places[..., None, None], x)


class Attention(nn.Module):
    """Multi-head self-attention with one matrix for queries, keys and values."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, layout: Layout, pooled: bool) -> Tensor:
        """Tokens like `x`; with `pooled`, only those that the layout pools."""
        if pooled:
            q, k, v = self._pooled_heads(x, layout)
        else:
            q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).unbind(-3)
        dropout = self.dropout if self.training else 0.0
        return self.out(layout.attend(q, k, v, dropout).flatten(-2))

    def _pooled_heads(self, x: Tensor, layout: Layout) -> tuple[Tensor, Tensor, Tensor]:
        width = x.shape[-1]
        weight, bias = self.qkv.weight, self.qkv.bias
        q = F.linear(layout.pool(x), weight[:width], bias[:width]).unflatten(-1, (self.heads, -1))
        k, v = F.linear(x, weight[width:], bias[width:]).unflatten(-1, (2, self.heads, -1)).unbind(-3)
        return q, k, v


class Block(nn.Module):
    """Attention and an MLP, each with a residual; norm before them (ViT, GPT) or after (BERT)."""

    def __init__(self, width: int, heads: int, hidden: int, *, eps: float, pre_norm: bool, dropout: float) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attention = Attention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, layout: Layout, pooled: bool) -> Tensor:
        """Tokens like `x`; with `pooled`, only those that the layout pools: of a last block nothing else is read."""
        residual = layout.pool(x) if pooled else x
        if self.pre_norm:
            x = residual + self.drop(self.attention(self.norm1(x), layout, pooled))
            return x + self.drop(self.mlp(self.norm2(x)))
        x = self.norm1(residual + self.drop(self.attention(x, layout, pooled)))
        return self.norm2(x + self.drop(self.mlp(x)))


class Blocks(nn.ModuleList):
    """Blocks one after the other, down to the pooled token of each sample.

    Attributes:
        pooled_last: compute the last block for pooled tokens only. Equal, and of one block's work only keys and values
            are left for the other tokens: 7 % less in both towers.
        recompute: keep only what goes into a block, and compute it again for the gradient.
    """

    def __init__(self, n: int, block: Callable[[], Block]) -> None:
        super().__init__(block() for _ in range(n))
        self.pooled_last, self.recompute = True, False

    def pooled(self, x: Tensor, layout: Layout) -> Tensor:
        """The pooled token of each sample (B, D) after all blocks."""
        for i, block in enumerate(self):
            last = self.pooled_last and i == len(self) - 1
            if self.recompute and torch.is_grad_enabled():
                x = checkpoint(block, x, layout, last, use_reentrant=False)
            else:
                x = block(x, layout, last)
        return (x if self.pooled_last else layout.pool(x)).flatten(0, -2)
