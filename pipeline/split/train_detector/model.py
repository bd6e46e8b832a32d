"""The panel detector: a small feature pyramid with a head that gives, for each of its points, classes and a box.

Anchor-free, one stage. Source: FCOS (Tian et al., 2019) for boxes as distances from a point to its four sides;
generalized focal loss (Li et al., 2020) for a class score that is trained to be the box's IoU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32, 64)
CLASSES = ("panel", "letter")

_STEM = (16, 24)
_WIDTHS = (48, 80, 128, 160)
_DEPTHS = (2, 2, 3, 2)
_PYRAMID = 64
_PRIOR_LOGIT = -4.0
"""Of all class scores at the start: hardly any point is a panel."""


def _conv(n_in: int, n_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True))


class Separable(nn.Module):
    """A depthwise 5 × 5 and a pointwise convolution around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_conv(width, width, 5, groups=width), _conv(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The features, refined; same shape."""
        refined: Tensor = self.body(x)
        return x + refined


class Context(nn.Module):
    """Adds to every point what the whole picture shows: whether it is one plot or many cannot be seen up close."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """The features with the mean over the picture, transformed, added; same shape."""
        mixed: Tensor = self.mix(x.mean(dim=(2, 3)))[:, :, None, None]
        return x + mixed


class Detector(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, _STEM[0], 3, 2), _conv(_STEM[0], _STEM[1], 3, 2))
        before = (_STEM[1], *_WIDTHS[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(_conv(n_in, width, 3, 2), *(Separable(width) for _ in range(depth)))
            for n_in, width, depth in zip(before, _WIDTHS, _DEPTHS, strict=True)
        )
        self.context = Context(_WIDTHS[-1])
        self.lateral = nn.ModuleList(nn.Conv2d(width, _PYRAMID, 1) for width in _WIDTHS)
        self.smooth = nn.ModuleList(Separable(_PYRAMID) for _ in _WIDTHS)
        self.class_tower = nn.Sequential(Separable(_PYRAMID), Separable(_PYRAMID))
        self.box_tower = nn.Sequential(Separable(_PYRAMID), Separable(_PYRAMID))
        self.classes = nn.Conv2d(_PYRAMID, len(CLASSES), 1)
        self.sides = nn.Conv2d(_PYRAMID, 4, 1)
        self.scales = nn.Parameter(torch.ones(len(STRIDES)))
        nn.init.constant_(self.classes.bias, _PRIOR_LOGIT)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits and boxes of all points.

        Args:
            images: (B, 3, S, S) float, 0 to 1; S a multiple of 64.

        Returns:
            (B, P, 2) logits, and (B, P, 4) distances to the left, top, right and bottom side in px; points row by row,
            level by level.
        """
        logits, sides = [], []
        for level, x in enumerate(self._pyramid(images)):
            logits.append(self.classes(self.class_tower(x)).flatten(2))
            raw = self.sides(self.box_tower(x)) * self.scales[level]
            sides.append((functional.softplus(raw) * (STRIDES[level] * 2.0)).flatten(2))
        return torch.cat(logits, 2).transpose(1, 2), torch.cat(sides, 2).transpose(1, 2)

    def _pyramid(self, images: Tensor) -> list[Tensor]:
        x = self.stem(images)
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        found[-1] = self.context(found[-1])
        above: Tensor | None = None
        levels = []
        for level in reversed(range(len(found))):
            x = self.lateral[level](found[level])
            if above is not None:
                x = x + functional.interpolate(above, scale_factor=2.0, mode="nearest")
            above = x
            levels.append(self.smooth[level](x))
        return levels[::-1]


def point_grid(side: int) -> tuple[Tensor, Tensor]:
    """The centres (P, 2) as x, y in px and the strides (P,) of all points of a square picture of `side` px."""
    points, strides = [], []
    for stride in STRIDES:
        n = side // stride
        at = (torch.arange(n) + 0.5) * stride
        y, x = torch.meshgrid(at, at, indexing="ij")
        points.append(torch.stack([x.flatten(), y.flatten()], 1))
        strides.append(torch.full((n * n,), float(stride)))
    return torch.cat(points), torch.cat(strides)
