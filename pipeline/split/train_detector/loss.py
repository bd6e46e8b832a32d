"""What the detector is trained to: which points are panels or letters, how well, and where their sides are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_LEVEL_SIDES = {8.0: (0.0, 56.0), 16.0: (40.0, 112.0), 32.0: (80.0, 224.0), 64.0: (160.0, 1e6)}
"""Longer sides, px, of the boxes that each stride learns; they overlap, so that no size falls between two."""

_RADIUS = 1.5
"""Points this many strides from a box's centre learn it."""

_SMALL_PX = 16.0
"""Boxes under this may lie between all points; the nearest learn them."""

_BOX_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Targets:
    """What each point should say: the number of its box, -1 for none; (P,) int64."""

    owner: Tensor


def assign(points: Tensor, strides: Tensor, boxes: Tensor) -> Targets:
    """Gives each point near the centre of a box of its level's size that box, the smallest where there are several.

    Args:
        points: (P, 2) px.
        strides: (P,).
        boxes: (N, 4) px.
    """
    if not len(boxes):
        return Targets(torch.full((len(points),), -1))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1).values
    low = torch.tensor([_LEVEL_SIDES[s][0] for s in strides.tolist()])
    high = torch.tensor([_LEVEL_SIDES[s][1] for s in strides.tolist()])
    distance = (points[:, None] - centres[None]).abs().max(2).values
    is_near = distance < _RADIUS * strides[:, None]
    is_inside = ((points[:, None] > boxes[None, :, :2]) & (points[:, None] < boxes[None, :, 2:])).all(2)
    is_inside |= (sides < _SMALL_PX)[None] & (distance < 0.75 * strides[:, None])
    fits = is_near & is_inside & (sides[None] >= low[:, None]) & (sides[None] < high[:, None])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    cost = torch.where(fits, area[None].expand_as(fits), torch.inf)
    best, owner = cost.min(1)
    return Targets(torch.where(best.isinf(), -1, owner))


def detection_loss(
    logits: Tensor, sides: Tensor, points: Tensor, owners: Tensor, boxes: list[Tensor], classes: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """The loss of the classes and that of the boxes, per learning point.

    Args:
        logits: (B, P, 2).
        sides: (B, P, 4) px.
        points: (P, 2) px.
        owners: (B, P) number of a box of the picture, or -1.
        boxes: per picture (N, 4) px.
        classes: per picture (N,).
    """
    picture, point = (owners >= 0).nonzero(as_tuple=True)
    number = owners[picture, point]
    offsets = torch.tensor([0, *(len(b) for b in boxes)]).cumsum(0)[:-1]
    wanted = torch.cat(boxes)[offsets[picture] + number]
    found = as_boxes(points[point], sides[picture, point])
    overlap, generalized = _giou(found, wanted)
    target = torch.zeros_like(logits)
    kinds = torch.cat(classes)[offsets[picture] + number]
    target[picture, point, kinds] = overlap.detach().clamp(min=0.05)
    n = max(1, len(picture))
    probability = logits.sigmoid()
    focus = (target - probability).abs().pow(2)
    class_loss = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * focus).sum() / n
    return class_loss, _BOX_WEIGHT * (1 - generalized).sum() / n


def as_boxes(points: Tensor, sides: Tensor) -> Tensor:
    """Boxes (N, 4) from points (N, 2) and distances (N, 4)."""
    return torch.cat([points - sides[:, :2], points + sides[:, 2:]], 1)


def _giou(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalized IoU of boxes, row by row. Source: Rezatofighi et al., 2019."""
    low, high = torch.max(one[:, :2], other[:, :2]), torch.min(one[:, 2:], other[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    union = (one[:, 2:] - one[:, :2]).prod(1) + (other[:, 2:] - other[:, :2]).prod(1) - shared
    hull = (torch.max(one[:, 2:], other[:, 2:]) - torch.min(one[:, :2], other[:, :2])).prod(1)
    overlap = shared / union.clamp(min=1e-6)
    return overlap, overlap - (hull - union) / hull.clamp(min=1e-6)
