"""The stage `split` on one figure: what becomes a pair, and what stays whole."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from pipeline.config import Config, SplitConfig
from pipeline.split.figure import STAGE
from pipeline.stage import Context, Outcome, Stored
from schemas.figures import Figure
from schemas.images import Image
from schemas.reject import Reason, Reject
from schemas.subfigures import Subfigure

CAPTION = "Cells. (a) Control. (b) Treated with salt."


def png(n_panels: int) -> bytes:
    """A row of textured pictures."""
    pixels = np.full((240, n_panels * 240, 3), 255, np.uint8)
    for k in range(n_panels):
        noise = np.random.default_rng(k).integers(60, 190, (200, 200, 1), dtype=np.uint8)
        pixels[20:220, 20 + k * 240 : 220 + k * 240] = noise
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def outcomes(root: Path, data: bytes, caption: str, graphic: tuple[int, int], least: float) -> list[Outcome]:
    """What becomes of a file that is the first or second graphic of so many."""
    (root / "images.tar").write_bytes(data)
    number, n_graphics = graphic
    ids = {"figure_id": "PMC1_v1_f001", "article_id": "PMC1_v1"}
    figure = Figure(
        **ids,
        pmcid="PMC1",
        version=1,
        fig_xml_id=None,
        number=1,
        graphic_number=number,
        n_graphics=n_graphics,
        label=None,
        caption_title=None,
        caption=caption,
        caption_is_inherited=False,
        marks=[],
        graphic_href="g004a",
        image_name="g004a.png",
        image_url="",
        image_md5=None,
        license="CC BY",
        rights_note=None,
        mentions=[],
        container="sec",
        figure_type=None,
    )
    image = Image(
        **ids,
        sha256="",
        md5="",
        format="PNG",
        width_px=480,
        height_px=240,
        mode="RGB",
        n_bytes=len(data),
        shard="images.tar",
        offset=0,
    )
    config = Config(split=SplitConfig(min_text_confidence=least))
    return list(STAGE.start(Context(config, root, ""))(image, figure))


def split(
    root: Path, data: bytes, *, caption: str = CAPTION, graphic: tuple[int, int] = (1, 1), least: float = 0.95
) -> list[Subfigure]:
    """The subfigures of a file."""
    found = outcomes(root, data, caption, graphic, least)
    return [outcome.record for outcome in found if isinstance(outcome, Stored)]


def test_panels_have_the_words_of_their_label(tmp_path: Path) -> None:
    whole, *panels = split(tmp_path, png(2))
    assert (whole.kind, whole.subcaption, whole.is_compound) == ("whole", CAPTION, True)
    assert [(p.panel_label, p.subcaption) for p in panels] == [("a", "Control."), ("b", "Treated with salt.")]
    assert panels[0].x1_px < panels[1].x0_px


@pytest.mark.parametrize(("number", "label", "words"), [(1, "a", "Control."), (2, "b", "Treated with salt.")])
def test_of_one_file_per_panel_each_is_the_panel_of_its_place(
    number: int, label: str, words: str, tmp_path: Path
) -> None:
    """`g004a.jpg` and `g004b.jpg`: the publisher has cut the figure already."""
    whole, panel = split(tmp_path, png(1), graphic=(number, 2))
    assert (panel.panel_label, panel.subcaption, panel.match) == (label, words, "order")
    box = (panel.x0_px, panel.y0_px, panel.x1_px, panel.y1_px)
    assert box == (whole.x0_px, whole.y0_px, whole.x1_px, whole.y1_px)


def test_files_that_the_labels_do_not_count_stay_whole(tmp_path: Path) -> None:
    assert [row.kind for row in split(tmp_path, png(1), graphic=(1, 3))] == ["whole"]


@pytest.mark.parametrize(("least", "labels"), [(0.95, [None]), (0.7, [None, "a"]), (0.5, [None, "a", "b"])])
def test_a_panel_whose_words_are_in_doubt_has_no_pair(least: float, labels: list[str | None], tmp_path: Path) -> None:
    caption = "Lignin (a) and cellulose (b) in roots."
    assert [row.panel_label for row in split(tmp_path, png(2), caption=caption, least=least)] == labels


def test_a_figure_without_sure_panels_says_why_it_stays_whole(tmp_path: Path) -> None:
    (whole,) = split(tmp_path, png(2), caption="Lignin (a) and cellulose (b) in roots.")
    assert (whole.match, whole.n_panels, whole.is_compound) == ("none", 2, True)
    assert whole.whole_reason == "which words speak of which panel is in doubt"


@pytest.mark.parametrize(
    ("caption", "reason", "detail"),
    [
        (CAPTION + " Bars, 5 mm.", Reason.PANEL_TEXT_IN_DOUBT, "confidence 0.65 in its words is under 0.9"),
        ("Cells. (a) Control. (b)", Reason.NO_PANEL_TEXT, "the caption says nothing of it alone"),
    ],
)
def test_a_panel_without_a_pair_has_a_reason(caption: str, reason: Reason, detail: str, tmp_path: Path) -> None:
    _, panel, turned_away = outcomes(tmp_path, png(2), caption, (1, 1), 0.9)
    assert isinstance(panel, Stored)
    assert turned_away == Reject(
        stage="split", record_id="PMC1_v1_f001_s02", reason=reason, detail=f"panel b: {detail}"
    )
