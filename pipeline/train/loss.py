"""The contrastive losses, exact over the whole batch, in tiles: never more than some rows of the similarity matrix.

With N pairs, features x and y of unit length and a scale s, similarity is S = s x y'. Both losses and their gradients
need S only one tile at a time, so the gradient is written out here and autograd holds no N x N matrix. With several
devices each has the rows of its own pairs against everybody's columns; the gradients of a device's weights, summed over
devices, are those of the whole batch.

All of it runs in float32, whatever the towers run in: a similarity of 100 in bfloat16 is off by a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.autograd.function import once_differentiable

from pipeline.train.group import Group

Loss = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""Takes image features (B, E), text features (B, E), scale (), bias () or None; gives the mean over all pairs."""


def contrastive_loss(kind: str, group: Group, tile: int | None = None) -> Loss:
    """A loss over all pairs of all devices.

    Args:
        kind: `clip`: cross-entropy of each picture over all texts and of each text over all pictures, averaged
            (Radford et al. 2021); `siglip`: a sigmoid for each pair (Zhai et al. 2023).
        group: the devices.
        tile: rows of the similarity matrix held at once; None holds them all.
    """

    def loss(images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor | None) -> Tensor:
        with torch.autocast(images.device.type, enabled=False):
            x, y, s = images.float(), texts.float(), scale.float()
            if kind == "clip":
                return _Softmax.apply(x, y, s, group, tile)
            assert bias is not None
            return _Sigmoid.apply(x, y, s, bias.float(), group, tile)

    return loss


def _tiles(n: int, tile: int | None) -> Iterator[slice]:
    step = tile or max(1, n)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


class _Softmax(torch.autograd.Function):
    """InfoNCE in both directions."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, s: Tensor, group: Group, tile: int | None) -> Tensor:
        all_x, all_y = group.gathered(x), group.gathered(y)
        x_lse, y_lse = _log_sum_exp(x, all_y, s, tile), _log_sum_exp(y, all_x, s, tile)
        positive = s * (x * y).sum(1)
        ctx.save_for_backward(x, y, s, all_x, all_y, x_lse, y_lse)
        ctx.group, ctx.tile = group, tile
        return group.summed(((x_lse + y_lse) / 2 - positive).sum()) / len(all_x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, y, s, all_x, all_y, x_lse, y_lse = ctx.saved_tensors
        all_x_lse, all_y_lse = ctx.group.gathered(x_lse), ctx.group.gathered(y_lse)
        factor, first = grad * s / (2 * len(all_x)), ctx.group.first_row(len(x))
        to_x = factor * _pull(x, all_y, s, x_lse, all_y_lse, first, ctx.tile)
        to_y = factor * _pull(y, all_x, s, y_lse, all_x_lse, first, ctx.tile)
        # The loss knows x only as s x, so the gradient of s follows from that of x.
        return to_x, to_y, (x * to_x).sum() / s, None, None


def _log_sum_exp(rows: Tensor, columns: Tensor, s: Tensor, tile: int | None) -> Tensor:
    """log sum_j exp(s rows_i . columns_j): (B,)."""
    return torch.cat([torch.logsumexp(s * rows[part] @ columns.T, 1) for part in _tiles(len(rows), tile)])


def _pull(
    rows: Tensor, columns: Tensor, s: Tensor, row_lse: Tensor, column_lse: Tensor, first: int, tile: int | None
) -> Tensor:
    """Columns weighted by the probabilities of both directions, less what is wanted: (B, E).

    Args:
        rows: (B, E), of which the first is number `first` of all.
        columns: (N, E).
        s: scale.
        row_lse: (B,), log of the sum of each row.
        column_lse: (N,), log of the sum of each column.
        first: where the rows begin among all.
        tile: rows at once.
    """
    pulls = []
    for part in _tiles(len(rows), tile):
        similarity = s * rows[part] @ columns.T
        weights = (similarity - row_lse[part, None]).exp_().add_((similarity - column_lse).exp_())
        # Before the product: a good pair's probability is near 1, and the difference would drown in rounding after it.
        weights.diagonal(first + part.start).sub_(2)
        pulls.append(weights @ columns)
    return torch.cat(pulls)


class _Sigmoid(torch.autograd.Function):
    """A sigmoid for each pair, own pairs wanted and all others unwanted."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, s: Tensor, b: Tensor, group: Group, tile: int | None) -> Tensor:
        all_x, all_y = group.gathered(x), group.gathered(y)
        ctx.save_for_backward(x, y, s, b, all_x, all_y)
        ctx.group, ctx.tile = group, tile
        total = x.new_zeros(())
        for part in _tiles(len(x), tile):
            logits = s * x[part] @ all_y.T + b
            total -= F.logsigmoid(-logits).sum() + _own(logits, group.first_row(len(x)) + part.start).sum()
        return group.summed(total) / len(all_x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, y, s, b, all_x, all_y = ctx.saved_tensors
        first = ctx.group.first_row(len(x))
        to_x, to_b = _sigmoid_pull(x, all_y, s, b, first, ctx.tile)
        to_y, _ = _sigmoid_pull(y, all_x, s, b, first, ctx.tile)
        factor = grad / len(all_x)
        to_x, to_y = factor * s * to_x, factor * s * to_y
        return to_x, to_y, (x * to_x).sum() / s, factor * to_b, None, None


def _own(logits: Tensor, first: int) -> Tensor:
    """The logits of own pairs (B,); -log sigmoid(z) of those is -log sigmoid(-z) - z."""
    return logits.diagonal(first)


def _sigmoid_pull(
    rows: Tensor, columns: Tensor, s: Tensor, b: Tensor, first: int, tile: int | None
) -> tuple[Tensor, Tensor]:
    """Columns weighted by how wrongly they are held to be the row's own (B, E), and the sum of these weights."""
    pulls, total = [], rows.new_zeros(())
    for part in _tiles(len(rows), tile):
        weights = torch.sigmoid(s * rows[part] @ columns.T + b)
        weights.diagonal(first + part.start).sub_(1)
        pulls.append(weights @ columns)
        total += weights.sum()
    return torch.cat(pulls), total
