from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.config import SplitConfig
from pipeline.split.boxes import Box, reading_order
from pipeline.split.cut import cut_picture
from pipeline.split.match import match_panels
from pipeline.split.panels import Panel, find_panels

boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.integers(0, 50)] * 2, *[st.integers(1, 50)] * 2)


@given(boxes, boxes)
def test_iou_is_symmetric_and_one_only_for_equal_boxes(a: Box, b: Box) -> None:
    assert a.iou(b) == b.iou(a)
    assert (a.iou(b) == 1.0) == (a == b)
    assert 0.0 <= a.iou(b) <= 1.0


def test_iou_by_hand() -> None:
    assert Box(0, 0, 2, 2).iou(Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 1, 1).iou(Box(1, 1, 2, 2)) == 0.0


def test_reading_goes_row_by_row_also_where_rows_are_ragged() -> None:
    a, b, c = Box(0, 3, 40, 50), Box(50, 0, 90, 48), Box(0, 60, 90, 99)
    assert reading_order([c, b, a]) == [a, b, c]


def figure(n_rows: int, n_columns: int, gap: int, background: int = 255) -> tuple[np.ndarray, list[Box]]:
    """Textured panels on a grid, and their boxes."""
    rng = np.random.default_rng(7)
    side = 120
    height, width = n_rows * side + (n_rows + 1) * gap, n_columns * side + (n_columns + 1) * gap
    pixels = np.full((height, width, 3), background, dtype=np.uint8)
    found = []
    for row in range(n_rows):
        for column in range(n_columns):
            x, y = gap + column * (side + gap), gap + row * (side + gap)
            pixels[y : y + side, x : x + side] = rng.integers(60, 190, (side, side, 1), dtype=np.uint8)
            found.append(Box(x, y, x + side, y + side))
    return pixels, found


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(8, 40), st.sampled_from([255, 0]))
def test_a_grid_with_gutters_is_cut_where_the_caption_names_its_panels(
    n_rows: int, n_columns: int, gap: int, background: int
) -> None:
    assume(n_rows * n_columns > 1)
    pixels, truth = figure(n_rows, n_columns, gap, background)
    found = find_panels(pixels, len(truth))
    assert len(found) == len(truth)
    assert all(panel.box.iou(box) > 0.9 for panel, box in zip(found, truth, strict=True))


def plot(n_bars: int) -> np.ndarray:
    """A bar plot: axes, and bars with white space between them."""
    pixels = np.full((300, 400, 3), 255, dtype=np.uint8)
    pixels[20:280, 40:43] = 0
    pixels[277:280, 40:390] = 0
    width = 330 // n_bars
    for bar in range(n_bars):
        left = 60 + bar * width
        pixels[60 + 20 * bar : 277, left : left + width // 2] = (40, 90, 160)
    return pixels


@pytest.mark.parametrize("n_expected", [None, 0, 1])
@pytest.mark.parametrize("n_bars", [2, 3, 6])
def test_a_plot_is_not_cut_where_the_caption_names_no_panels(n_bars: int, n_expected: int | None) -> None:
    assert find_panels(plot(n_bars), n_expected) == (Panel(Box(0, 0, 400, 300), 1.0),)


def test_nothing_is_cut_where_the_number_does_not_fit() -> None:
    pixels, _ = figure(1, 3, 20)
    assert len(find_panels(pixels, 5)) == 1


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 80), st.integers(1, 80), st.just(3))),
    st.none() | st.integers(0, 30),
)
def test_any_picture_gives_boxes_inside_it(pixels: np.ndarray, n_expected: int | None) -> None:
    height, width = pixels.shape[:2]
    for panel in find_panels(pixels, n_expected):
        box = panel.box
        assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height
        assert 0.0 <= panel.score <= 1.0


ROW = [Panel(Box(x, 0, x + 10, 10), 1.0) for x in (0, 20, 40)]
GRID = [Panel(Box(x, y, x + 10, y + 10), 1.0) for y in (0, 20) for x in (0, 20)]


def test_a_row_is_safer_than_a_grid() -> None:
    row, grid = match_panels(ROW, "ABC", (50, 10)), match_panels(GRID, "abcd", (30, 30))
    assert row.method == grid.method == "order"
    assert row.confidence > 0.95 > grid.confidence
    assert [label for _, label in row.pairs] == ["A", "B", "C"]


@pytest.mark.parametrize("labels", ["A", "AB", "ABCD", "ACD", "BCD", "BAC"])
def test_a_figure_stays_whole_where_labels_and_panels_do_not_agree(labels: str) -> None:
    match = match_panels(ROW, labels, (50, 10))
    assert (match.pairs, match.method, match.confidence) == ((), "none", 0.0)
    assert match.reason


def test_labels_that_are_no_letters_are_taken_as_they_come() -> None:
    assert match_panels(ROW, ["i", "ii", "iii"], (50, 10)).method == "order"


@pytest.mark.corpus
def test_on_real_figures_what_is_cut_is_right(corpus) -> None:
    """Held-out half of the articles: nine of ten emitted boxes are true ones, and single figures stay whole."""
    import hashlib
    import json

    from pipeline.images import decode
    from pipeline.jats import read_article
    from pipeline.split.captions import split_caption

    emitted = right = split_singles = singles = 0
    figures = {}
    for line in (corpus / "panels.jsonl").read_text().splitlines():
        truth = json.loads(line)
        pmcid = truth["pmcid"]
        folder = next((f for f in sorted(corpus.glob(f"cloud*/{pmcid}.*")) if (f / truth["file"]).exists()), None)
        if folder is None or int(hashlib.md5(pmcid.encode()).hexdigest(), 16) % 2 == 0:
            continue
        if folder not in figures:
            article = read_article(next(folder.glob("*.xml")).read_bytes())
            figures[folder] = {figure.xml_id: figure for figure in article.figures}
        figure = figures[folder].get(truth["fig_id"])
        if figure is None or len(figure.graphics) > 1:
            continue
        pixels = decode((folder / truth["file"]).read_bytes(), 10**8)
        labels = split_caption(figure.caption or "", figure.marks).labels
        pairs = cut_picture(pixels, labels, SplitConfig()).pairs
        boxes = [Box(p["x"], p["y"], p["x"] + p["w"], p["y"] + p["h"]) for p in truth["panels"]]
        if truth["compound"]:
            emitted += len(pairs)
            right += sum(any(panel.box.iou(box) >= 0.5 for box in boxes) for panel, _ in pairs)
        else:
            singles += 1
            split_singles += bool(pairs)
    assert singles > 100 and emitted > 50
    assert right / emitted >= 0.95
    assert split_singles / singles <= 0.02
