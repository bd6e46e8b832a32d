"""Trains the panel detector and writes it as ONNX: `python -m pipeline.split.train_detector --out detector.onnx`."""

from __future__ import annotations

import argparse
import copy
import logging
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.split.detector import SIDE
from pipeline.split.train_detector.data import Example, make_examples, make_tiles, varied
from pipeline.split.train_detector.loss import assign, detection_loss
from pipeline.split.train_detector.model import Detector, point_grid

log = logging.getLogger(__name__)

_RATE = 3e-3
_DECAY = 0.02
_MEAN_DECAY = 0.998
"""Of the running mean of the weights, which is what is kept."""

_LOG_EVERY = 50
_SAVE_EVERY = 500


def train(examples: list[Example], steps: int, batch: int, side: int, seed: int, checkpoint: Path) -> Detector:
    """A detector trained on the examples; the running mean of its weights over the last few hundred steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 1])
    net = Detector().to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    points, strides = point_grid(side)
    began = time.monotonic()
    for step in range(steps):
        chosen = [examples[int(i)] for i in rng.integers(0, len(examples), batch)]
        loss = _step(net, chosen, points, strides, side, rng)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        _follow(mean, net, min(_MEAN_DECAY, (step + 1) / (step + 10)))
        if step % _LOG_EVERY == 0:
            log.info("step %d of %d, loss %.4f, %.0f s", step, steps, loss.item(), time.monotonic() - began)
        if step % _SAVE_EVERY == 0:
            torch.save(mean.state_dict(), checkpoint)
    torch.save(mean.state_dict(), checkpoint)
    return mean.eval()


def _rate(step: int, steps: int) -> float:
    """Share of the learning rate: a short rise, then a half cosine down to nothing."""
    rise = min(200, steps // 10 + 1)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _step(
    net: Detector, chosen: list[Example], points: Tensor, strides: Tensor, side: int, rng: np.random.Generator
) -> Tensor:
    seen = [varied(example, side, rng) for example in chosen]
    images = torch.from_numpy(np.stack([pixels for pixels, _ in seen])).permute(0, 3, 1, 2).float() / 255
    boxes = [torch.from_numpy(found) for _, found in seen]
    owners = torch.stack([assign(points, strides, found).owner for found in boxes])
    logits, sides = net(images)
    classes = [torch.from_numpy(example.classes) for example in chosen]
    class_loss, box_loss = detection_loss(logits, sides, points, owners, boxes, classes)
    return class_loss + box_loss


@torch.no_grad()
def _follow(mean: Detector, net: Detector, decay: float) -> None:
    for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def export(net: Detector, side: int, out: Path) -> None:
    """Writes the detector as ONNX: input `images` (1, 3, side, side) of 0 to 1, outputs `scores` and `boxes`."""
    torch.onnx.export(
        Exported(net, side).eval(),
        (torch.zeros(1, 3, side, side),),
        str(out),
        input_names=["images"],
        output_names=["scores", "boxes"],
        opset_version=18,
        dynamo=False,
    )


class Exported(torch.nn.Module):
    """The detector with scores of 0 to 1 and boxes in px of the square picture."""

    def __init__(self, net: Detector, side: int) -> None:
        super().__init__()
        self.net = net
        self.points: Tensor
        self.register_buffer("points", point_grid(side)[0])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, P, 2) scores and (B, P, 4) corners."""
        logits, sides = self.net(images)
        return logits.sigmoid(), torch.cat([self.points - sides[..., :2], self.points + sides[..., 2:]], 2)


def main() -> None:
    """Reads the command line, trains, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, help="real articles; single figures of their training half become tiles")
    parser.add_argument("--tiles", type=int, default=500)
    parser.add_argument("--figures", type=int, default=12000)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(args.threads)
    tiles = make_tiles(args.tiles, args.seed, args.corpus)
    log.info("%d drawn and %d real tiles", len(tiles.drawn), len(tiles.real))
    examples = make_examples(tiles, args.figures, args.seed, args.side)
    log.info("%d figures", len(examples))
    net = train(examples, args.steps, args.batch, args.side, args.seed, args.out.with_suffix(".pt"))
    export(net, args.side, args.out)


if __name__ == "__main__":
    main()
