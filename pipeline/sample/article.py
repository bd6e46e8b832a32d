"""One article of the sample: its figures with what was planted in them, and where it was planted."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass

from PIL import Image

from pipeline.sample.captions import Caption
from pipeline.sample.compound import Layout, compose
from pipeline.sample.encode import Format, cut_in_half, encode, huge_tiff
from pipeline.sample.figure import ImageFile, SampleFigure, draw_figure, draw_in_files, suits
from pipeline.sample.jats import Placed
from pipeline.sample.plan import DONORS, ArticlePlan, plan_article
from pipeline.sample.scene import Scene
from pipeline.sample.study import Study, draft_figure, make_study
from pipeline.sample.truth import Fault

FAULTY = 1
"""The figure, from 0, in which a fault of one figure is planted."""

GERMAN = Caption(
    "<p>Übersicht über die untersuchten Proben nach der Behandlung. Die Messwerte sind als Mittelwerte mit "
    "Standardabweichung angegeben, und die Unterschiede zwischen den Gruppen waren nach sieben Tagen deutlich zu "
    "erkennen.</p>",
    (),
)
PLACEHOLDER = Caption("<p>See text.</p>", ())


@dataclass(frozen=True, slots=True)
class Article:
    """An article before it is written."""

    plan: ArticlePlan
    study: Study
    placed: tuple[Placed, ...]
    supplements: tuple[ImageFile, ...]


def make_article(seed: int, plan: ArticlePlan) -> Article:
    """The article with all its figures drawn."""
    study = make_study(seed, plan.index)
    n, split = len(study.figures), _split_number(plan, study)
    placed = [
        Placed(_figure(plan, study, k), f"fig{k + 1}", _label(plan, k + 1, n), _shape(plan, k, split, n))
        for k in range(n)
    ]
    if plan.index in DONORS:
        placed.append(Placed(_borrowed(seed, plan, n + 1), f"fig{n + 1}", _label(plan, n + 1, n), "plain"))
    if plan.shape == "graphical_abstract":
        placed.append(_graphical_abstract(plan, study))
    return Article(plan, study, tuple(placed), _supplements(plan))


def _split_number(plan: ArticlePlan, study: Study) -> int | None:
    """The figure whose panels are files of their own: the first of two to four panels, else the first of several."""
    if plan.shape not in ("fig_group", "several_graphics"):
        return None
    sizes = [len(draft_figure(study, k).scenes) for k in range(len(study.figures))]
    return next((k for k, n in enumerate(sizes) if 2 <= n <= 4), next(k for k, n in enumerate(sizes) if n > 1))


def _special_number(plan: ArticlePlan, study: Study) -> int | None:
    """The figure that has the article's special format: the first that suits it, else the first."""
    if plan.format is None:
        return None
    return next((k for k in range(len(study.figures)) if suits(study, k, plan.format)), 0)


def _figure(plan: ArticlePlan, study: Study, number: int) -> SampleFigure:
    if number == _split_number(plan, study):
        return draw_in_files(study, number, _stem(plan, number + 1))
    return _planted(plan, study, number, plan.format if number == _special_number(plan, study) else None)


def _stem(plan: ArticlePlan, number: int) -> str:
    """A file name in one of the styles of publishers."""
    styles = (
        f"jir-{plan.index + 1:02d}-00{plan.index + 100}-g{number:03d}",
        f"jinv.{plan.index + 1:07d}.g{number:03d}",
        f"9{plan.index + 1:04d}_2026_Fig{number}_HTML",
        f"gr{number}_{plan.index + 1}",
    )
    return styles[plan.index % len(styles)]


def _label(plan: ArticlePlan, number: int, n: int) -> str:
    if plan.shape == "appendix" and number == n:
        return "Figure A1."
    return (f"Figure {number}", f"Fig. {number}", f"FIGURE {number}.", f"Figure {number}.")[plan.index % 4]


def _shape(plan: ArticlePlan, number: int, split: int | None, n: int) -> str:
    if number == split:
        return plan.shape
    if plan.shape == "appendix" and number == n - 1:
        return "appendix"
    return "alternatives" if plan.shape == "alternatives" and number == 0 else "plain"


def _planted(plan: ArticlePlan, study: Study, number: int, format_: Format | None) -> SampleFigure:
    """A figure of the article, with the article's fault where it is one of figures."""
    figure, picture = draw_figure(study, number, _stem(plan, number + 1), format_)
    if plan.shape == "alternatives" and number == 0:
        small = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
        file = ImageFile(f"{_stem(plan, 1)}-lr.jpg", encode(small, "jpg"))
        return dataclasses.replace(figure, files=(*figure.files, file))
    if number != FAULTY:
        return figure
    blank = Image.new("RGB", picture.size, (255, 255, 255))
    if plan.fault is Fault.TRUNCATED_IMAGE:
        return figure.replaced(cut_in_half(encode(picture, "jpg")), "jpg")
    if plan.fault is Fault.BLANK_IMAGE:
        return figure.replaced(encode(blank, "jpg"), "jpg")
    if plan.fault is Fault.TINY_IMAGE:
        return figure.replaced(encode(picture.resize((24, 18)), "jpg"), "jpg")
    if plan.fault is Fault.HUGE_TIFF:
        return figure.replaced(huge_tiff(), "tif")
    if plan.fault in (Fault.GERMAN_CAPTION, Fault.PLACEHOLDER_CAPTION):
        caption = GERMAN if plan.fault is Fault.GERMAN_CAPTION else PLACEHOLDER
        panels = tuple(dataclasses.replace(p, subcaption=None, caption_label=None) for p in figure.panels)
        return dataclasses.replace(figure, caption=caption, panels=panels)
    return figure


def _borrowed(seed: int, plan: ArticlePlan, number: int) -> SampleFigure:
    """A figure of another article: byte for byte, or resized and compressed again."""
    donor_plan = plan_article(DONORS[plan.index])
    donor = make_study(seed, donor_plan.index)
    taken = {_split_number(donor_plan, donor), _special_number(donor_plan, donor)}
    free = [k for k in range(len(donor.figures)) if k not in taken]
    # The one with the most to see: a pale drawing is too flat for a perceptual hash, so its copy would go unnoticed.
    figure = _figure(donor_plan, donor, max(free, key=lambda k: (len(draft_figure(donor, k).scenes), k)))
    if plan.fault is Fault.EXACT_DUPLICATE:
        return figure.renamed(_stem(plan, number))
    picture = Image.open(io.BytesIO(figure.files[0].data)).convert("RGB")
    size = (round(picture.width * 0.8), round(picture.height * 0.8))
    copy = encode(picture.resize(size, Image.Resampling.LANCZOS), "jpg", quality=62)
    scaled = tuple(
        dataclasses.replace(
            p,
            box=_scaled(p.box),
            drawing_box=_scaled(p.drawing_box),
            label_box=_scaled(p.label_box) if p.label_box else None,
        )
        for p in figure.panels
    )
    return dataclasses.replace(figure.replaced(copy, "jpg"), panels=scaled).renamed(_stem(plan, number))


def _scaled(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v * 0.8) for v in box)
    return x0, y0, x1, y1


def _graphical_abstract(plan: ArticlePlan, study: Study) -> Placed:
    words = study.slots
    names = ("RTK", words.get("protein", "Target"), words.get("pathway", "ERK"), "MYC")
    scenes = [
        Scene(kind="plate", text="", variant=1),
        Scene(kind="pathway", text="", y=words.get("drug", "Signal"), palette=study.palette, groups=names),
        Scene(kind="survival", text="", x="Days", y="Survival", palette=study.palette, groups=study.groups),
    ]
    streams = [study.stream(77, k) for k in range(len(scenes))]
    picture, _ = compose(scenes, [None] * len(scenes), streams, Layout((3,), 1200, 26, "none", 20))
    file = ImageFile(f"{_stem(plan, 0)}.jpg", encode(picture, "jpg"))
    caption = Caption(f"<p>The study at a glance: {study.title}.</p>", (None,))
    return Placed(
        SampleFigure("Graphical abstract", False, (), (), caption, (file,), ()), "ga1", None, "graphical_abstract"
    )


def _supplements(plan: ArticlePlan) -> tuple[ImageFile, ...]:
    if plan.fault is not Fault.NON_IMAGE_SUPPLEMENT:
        return ()
    rows = "".join(f"S{k:02d},{0.8 + 0.13 * k:.2f}\n" for k in range(1, 25))
    return (ImageFile(f"{_stem(plan, 1)[:-4]}s001.csv", ("sample,value\n" + rows).encode()),)
