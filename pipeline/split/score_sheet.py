"""A contact sheet of the figures that the panel finder did worst on, for the eye.

True panels are drawn in green, found ones in red; the number below is what `agreement` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.split.boxes import Box
from pipeline.split.score_panels import box_of

N_WORST = 50

_CELL_PX = (300, 250)
_TEXT_PX = 18
_N_COLUMNS = 5
_TRUE, _FOUND = (0, 150, 40), (220, 30, 30)

Line = Mapping[str, Any]


def worst(truth: Sequence[Line], found: Sequence[Line], n: int = N_WORST) -> list[int]:
    """Places of the figures whose panels agree least with the truth, worst first, without those that agree fully."""
    scores = [agreement(true["panels"], line["panels"]) for true, line in zip(truth, found, strict=True)]
    order = sorted(range(len(scores)), key=lambda place: (scores[place], place))
    return [place for place in order if scores[place] < 1.0][:n]


def agreement(true: Sequence[Line], found: Sequence[Line]) -> float:
    """The IoU of panels matched one to one, best first, summed and divided by the larger of the two numbers; 0 to 1."""
    free = [box_of(panel) for panel in found]
    total = 0.0
    for box in (box_of(panel) for panel in true):
        best = max(free, key=box.iou, default=None)
        if best is not None and box.iou(best) > 0:
            total += box.iou(best)
            free.remove(best)
    return total / max(1, len(true), len(found))


def contact_sheet(truth: Sequence[Line], found: Sequence[Line], pictures: Iterable[NDArray[np.uint8]]) -> Image.Image:
    """A sheet of all figures given, five in a row.

    Args:
        truth: per figure `file` and `panels` with `x, y, w, h`.
        found: the same of what was found.
        pictures: the figures, (H, W, 3) uint8 RGB; taken one at a time.
    """
    width, height = _CELL_PX[0], _CELL_PX[1] + _TEXT_PX
    n_rows = -(-len(truth) // _N_COLUMNS)
    sheet = Image.new("RGB", (width * _N_COLUMNS, max(1, height * n_rows)), "white")
    for place, (pixels, true, line) in enumerate(zip(pictures, truth, found, strict=True)):
        row, column = divmod(place, _N_COLUMNS)
        sheet.paste(_cell(pixels, true, line), (column * width, row * height))
    return sheet


def _cell(pixels: NDArray[np.uint8], true: Line, found: Line) -> Image.Image:
    """One figure with both sets of boxes, and its name and score."""
    cell = Image.new("RGB", (_CELL_PX[0], _CELL_PX[1] + _TEXT_PX), "white")
    picture = Image.fromarray(pixels)
    scale = min((_CELL_PX[0] - 6) / picture.width, (_CELL_PX[1] - 6) / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    picture = picture.resize(size, Image.Resampling.BOX)
    draw = ImageDraw.Draw(picture)
    for line, color, inset in ((true, _TRUE, 0), (found, _FOUND, 2)):
        for panel in line["panels"]:
            _outline(draw, box_of(panel).scaled(scale), color, inset)
    cell.paste(picture, (3, 3))
    text = f"{agreement(true['panels'], found['panels']):.2f}  {true['file']}"
    ImageDraw.Draw(cell).text((3, _CELL_PX[1]), text[:46], fill="black", font=ImageFont.load_default(11))
    return cell


def _outline(draw: ImageDraw.ImageDraw, box: Box, color: tuple[int, int, int], inset: int) -> None:
    x0, y0, x1, y1 = box.x0 + inset, box.y0 + inset, box.x1 - 1 - inset, box.y1 - 1 - inset
    if x1 >= x0 and y1 >= y0:
        draw.rectangle((x0, y0, x1, y1), outline=color, width=2)
