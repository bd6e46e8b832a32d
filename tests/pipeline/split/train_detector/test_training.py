"""A small configuration of the training: minutes on one core. The shipped weights come from `make detector`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from pipeline.split.boxes import Box  # noqa: E402
from pipeline.split.glyphs import find_glyphs  # noqa: E402
from pipeline.split.synthetic.figure import draw_figure  # noqa: E402
from pipeline.split.train_detector import letters  # noqa: E402
from pipeline.split.train_detector.__main__ import export, train  # noqa: E402
from pipeline.split.train_detector.data import (  # noqa: E402
    LETTER,
    PANEL,
    is_held_out,
    make_examples,
    make_tiles,
    training_figures,
    training_singles,
    varied,
)
from pipeline.split.train_detector.loss import as_boxes, assign, detection_loss  # noqa: E402
from pipeline.split.train_detector.model import STRIDES, point_grid  # noqa: E402

SIDE = 128
torch.set_num_threads(1)  # more threads than free cores are slower than one


def test_points_stand_in_the_middle_of_their_strides() -> None:
    points, strides = point_grid(SIDE)
    assert len(points) == sum((SIDE // stride) ** 2 for stride in STRIDES)
    assert points[0].tolist() == [4.0, 4.0] and points[-1].tolist() == [96.0, 96.0]
    assert strides[0] == 8 and strides[-1] == 64


def test_each_box_is_learned_and_the_smaller_one_where_two_lie() -> None:
    points, strides = point_grid(256)
    boxes = torch.tensor([[10.0, 10.0, 250.0, 250.0], [110.0, 110.0, 150.0, 150.0], [50.0, 50.0, 57.0, 57.0]])
    owners = assign(points, strides, boxes).owner
    assert set(owners.tolist()) == {-1, 0, 1, 2}
    assert strides[owners == 0].min() == 64 and strides[owners == 2].max() == 8


def test_right_boxes_cost_less_than_shifted_ones() -> None:
    points, strides = point_grid(256)
    box = torch.tensor([[20.0, 30.0, 200.0, 180.0]])
    owners = assign(points, strides, box).owner[None]
    right = torch.cat([points - box[:, :2], box[:, 2:] - points], 1).clamp(min=0)[None]
    logits = torch.full((1, len(points), 2), -6.0)
    logits[0, owners[0] >= 0, PANEL] = 6.0
    good = sum(detection_loss(logits, right, points, owners, [box], [torch.tensor([PANEL])]))
    bad = sum(detection_loss(logits, right + 20, points, owners, [box], [torch.tensor([PANEL])]))
    wrong_class = sum(detection_loss(logits, right, points, owners, [box], [torch.tensor([LETTER])]))
    assert good < 0.1 < bad and good < wrong_class
    inside = owners[0] >= 0
    assert torch.allclose(as_boxes(points[inside], right[0, inside]), box.expand(int(inside.sum()), 4))


def test_a_varied_figure_keeps_its_boxes_on_their_panels() -> None:
    tiles = make_tiles(20, 3, None)
    for number, example in enumerate(make_examples(tiles, 12, 4, SIDE)):
        square, boxes = varied(example, SIDE, np.random.default_rng(number))
        assert square.shape == (SIDE, SIDE, 3) and square.dtype == np.uint8
        assert (boxes >= -0.5).all() and (boxes <= SIDE + 0.5).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


@pytest.mark.corpus
def test_nothing_of_the_scored_half_is_trained_on(corpus: Path) -> None:
    paths = list(training_singles(corpus))
    assert paths and not any(is_held_out(path.parent.name.split(".")[0]) for path in paths)
    assert len(list(training_figures(corpus))) == 113


@pytest.mark.long
def test_a_small_detector_learns_and_runs_in_onnx_as_in_torch(tmp_path: Path) -> None:
    tiles = make_tiles(80, 3, None)
    examples = make_examples(tiles, 200, 4, SIDE)
    net = train(examples, 250, 8, SIDE, 5, tmp_path / "net.pt")
    export(net, SIDE, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession((tmp_path / "net.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    hits = n = 0
    for example in make_examples(tiles, 40, 6, SIDE):
        square, boxes = varied(example, SIDE, np.random.default_rng(1))
        image = square.transpose(2, 0, 1)[None].astype(np.float32) / 255
        scores, corners = session.run(None, {"images": image})
        with torch.no_grad():
            logits, _ = net(torch.from_numpy(image))
        assert np.abs(logits.sigmoid().numpy() - scores).max() < 1e-3
        best = Box(*(round(float(v)) for v in corners[0, scores[0, :, PANEL].argmax()]))
        panels = [Box(*(round(float(v)) for v in box)) for box in boxes[example.classes == PANEL]]
        hits, n = hits + any(best.iou(panel) >= 0.5 for panel in panels), n + 1
    assert hits / n > 0.6


@pytest.mark.long
def test_a_small_reader_learns_letters(tmp_path: Path) -> None:
    tiles = make_tiles(60, 3, None)
    figures = [draw_figure(tiles, np.random.default_rng([2, number])) for number in range(250)]
    patches, classes = letters.make_patches(figures, np.random.default_rng(1))
    net = letters.train_reader(patches, classes, 12, 5)
    letters.export(net, tmp_path / "letters.onnx")
    session = onnxruntime.InferenceSession((tmp_path / "letters.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    right = n = 0
    for number in range(60):
        figure = draw_figure(tiles, np.random.default_rng([3, number]))
        glyphs = find_glyphs(figure.pixels)
        true = letters.classes_of(glyphs, figure)
        if (true != letters.NONE).any():
            (found,) = session.run(None, {"patches": glyphs.patches[:, None]})
            is_letter = true != letters.NONE
            right, n = right + int((found.argmax(1) == true)[is_letter].sum()), n + int(is_letter.sum())
    assert n > 50 and right / n > 0.6
