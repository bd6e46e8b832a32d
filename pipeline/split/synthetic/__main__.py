"""Writes a labelled set of synthetic figures: `python -m pipeline.split.synthetic OUT --figures 2000 --seed 99`.

`pmc15m bench panels --truth OUT/panels.jsonl --images OUT` scores the splitter on it. Figures whose layout the networks
were trained on are left out, the even grids above all, so the set is harder than what they have seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.split.synthetic.figure import SyntheticFigure, draw_figure, draw_layout
from pipeline.split.synthetic.layouts import Cell
from pipeline.split.synthetic.tiles import Tiles, draw_tiles

TRAINING = (((15,), 12_000), ((16, 7), 4000), ((17,), 1000))
"""Seeds and numbers of the figures that detector, letter reader and gutters were fitted on; see `weights/README.md`."""


def write_set(out: Path, n: int, n_tiles: int, seed: int) -> None:
    """Writes `n` figures as PNG and what is known of them as `panels.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    tiles = Tiles(draw_tiles(n_tiles, seed))
    with (out / "panels.jsonl").open("w", encoding="utf-8") as lines:
        for number in islice(unseen(seed), n):
            figure = draw_figure(tiles, np.random.default_rng([seed, number]))
            line = _line(figure, f"synthetic-{seed}-{number:05}.png")
            Image.fromarray(figure.pixels).save(out / line["file"])
            lines.write(json.dumps(line) + "\n")


def unseen(seed: int) -> Iterator[int]:
    """Numbers of the figures of a seed that are single or have a layout that no training figure has."""
    seen = {_layout(other, number) for other, n in TRAINING for number in range(n)}
    return (number for number in count() if len(layout := _layout((seed,), number)) == 1 or layout not in seen)


def _layout(seed: tuple[int, ...], number: int) -> tuple[Cell, ...]:
    """The cells of a figure, to a hundredth of its sides."""
    cells = draw_layout(np.random.default_rng([*seed, number]))
    return tuple((round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)) for x0, y0, x1, y1 in cells)


def _line(figure: SyntheticFigure, name: str) -> dict[str, Any]:
    marks = [letter.text if letter else None for letter in figure.letters]
    panels = [
        {"x": box.x0, "y": box.y0, "w": box.width, "h": box.height, "label": mark}
        for box, mark in zip(figure.panels, marks, strict=True)
    ]
    height, width = figure.pixels.shape[:2]
    return {
        "pmcid": None,
        "fig_id": None,
        "file": name,
        "width": width,
        "height": height,
        "compound": len(panels) > 1,
        "panels": panels,
        "caption": "A drawn figure. " + " ".join(f"({mark}) What {mark} shows." for mark in marks if mark),
    }


def main() -> None:
    """Reads the command line and writes the set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--figures", type=int, default=2000)
    parser.add_argument("--tiles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=99)
    args = parser.parse_args()
    write_set(args.out, args.figures, args.tiles, args.seed)


if __name__ == "__main__":
    main()
