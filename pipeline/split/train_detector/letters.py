"""Trains the reader of panel letters: `python -m pipeline.split.train_detector.letters --out letters.onnx`.

It learns from what the chain will show it: the glyphs that `find_glyphs` picks out of synthetic figures, those at a
printed letter as that letter and all others as none.
"""

from __future__ import annotations

import argparse
import itertools
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.split.glyphs import PATCH_PX, Glyphs, find_glyphs
from pipeline.split.letters import ALPHABET
from pipeline.split.synthetic.figure import SyntheticFigure, draw_figure
from pipeline.split.synthetic.tiles import Tiles
from pipeline.split.train_detector.data import make_tiles

log = logging.getLogger(__name__)

NONE = len(ALPHABET)
_RATE = 2e-3
_OVERLAP = 0.5
_NONE_PER_FIGURE = 25
_SHIFT_PX = 1


class Reader(nn.Module):
    """Three convolutions and two layers: which letter a patch shows, or none."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 16, 32, 64)
        layers: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            conv = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
            layers += [conv, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        side = PATCH_PX // 8
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * side * side, 96), nn.ReLU())
        self.head = nn.Linear(96, len(ALPHABET) + 1)

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 1, 32, 32) of 0 to 1 → (N, 53) logits: the letters in the order of `ALPHABET`, then none."""
        found: Tensor = self.head(self.body(patches))
        return found


def make_patches(figures: Iterable[SyntheticFigure], rng: np.random.Generator) -> tuple[NDArray[np.uint8], Tensor]:
    """Patches (N, 32, 32) uint8 and their classes (N,) from figures."""
    patches, classes = [], []
    for figure in figures:
        glyphs = find_glyphs(figure.pixels)
        named = classes_of(glyphs, figure)
        none = np.flatnonzero(named == NONE)
        chosen = np.concatenate([np.flatnonzero(named != NONE), rng.permutation(none)[:_NONE_PER_FIGURE]])
        patches.append((glyphs.patches[chosen] * 255).astype(np.uint8))
        classes.append(named[chosen])
    return np.concatenate(patches), torch.from_numpy(np.concatenate(classes))


def classes_of(glyphs: Glyphs, figure: SyntheticFigure) -> NDArray[np.int64]:
    """The class of each glyph (N,): that of the printed letter at its place, or NONE."""
    named = np.full(len(glyphs.boxes), NONE, np.int64)
    letters = [letter for letter in figure.letters if letter]
    for number in range(len(glyphs.boxes)):
        box = glyphs.box(number)
        hit = next((letter for letter in letters if letter.box.iou(box) >= _OVERLAP), None)
        if hit:
            named[number] = ALPHABET.index(hit.text)
    return named


def train_reader(patches: NDArray[np.uint8], classes: Tensor, epochs: int, seed: int, batch: int = 128) -> Reader:
    """A reader trained on patches, each moved by up to a pixel; rare letters are seen more often."""
    torch.manual_seed(seed)
    net = Reader()
    steps = epochs * len(classes) // batch
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
    counts = torch.bincount(classes, minlength=NONE + 1).float()
    weights = counts.clamp(min=1).rsqrt()[classes]
    for step in range(steps):
        chosen = torch.multinomial(weights, batch, replacement=True)
        shift = tuple(int(v) for v in torch.randint(-_SHIFT_PX, _SHIFT_PX + 1, (2,)))
        seen = torch.from_numpy(patches[chosen.numpy()]).float()[:, None].roll(shift, (2, 3)) / 255
        loss = functional.cross_entropy(net(seen), classes[chosen], label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            log.info("step %d of %d, loss %.4f", step, steps, loss.item())
    return net.eval()


def export(net: Reader, out: Path) -> None:
    """Writes the reader as ONNX: input `patches` (N, 1, 32, 32), output `probabilities` (N, 53)."""
    torch.onnx.export(
        nn.Sequential(net, nn.Softmax(dim=1)).eval(),
        (torch.zeros(2, 1, PATCH_PX, PATCH_PX),),
        str(out),
        input_names=["patches"],
        output_names=["probabilities"],
        dynamic_axes={"patches": {0: "n"}, "probabilities": {0: "n"}},
        opset_version=18,
        dynamo=False,
    )


def _figures(tiles: Tiles, n: int, seed: int) -> Iterable[SyntheticFigure]:
    return (draw_figure(tiles, np.random.default_rng([seed, 7, number])) for number in range(n))


def main() -> None:
    """Reads the command line, trains, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, help="real articles; single figures of their training half become tiles")
    parser.add_argument("--tiles", type=int, default=600)
    parser.add_argument("--figures", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    tiles = make_tiles(args.tiles, args.seed, args.corpus)
    patches, classes = make_patches(_figures(tiles, args.figures, args.seed), np.random.default_rng(args.seed))
    log.info("%d patches, %d of letters", len(classes), int((classes != NONE).sum()))
    net = train_reader(patches, classes, args.epochs, args.seed)
    held, named = make_patches(_figures(tiles, args.figures // 20, args.seed + 1), np.random.default_rng(args.seed))
    with torch.no_grad():
        found = net(torch.from_numpy(held).float()[:, None] / 255).argmax(1)
    log.info(
        "held-out figures: letters %.4f, none %.4f",
        *(_right(found, named, of) for of in (named != NONE, named == NONE)),
    )
    export(net, args.out)


def _right(found: Tensor, named: Tensor, of: Tensor) -> float:
    return float((found[of] == named[of]).float().mean())


if __name__ == "__main__":
    main()
