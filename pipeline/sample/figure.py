"""A figure of an article: drawn, captioned and encoded, with its ground truth."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from PIL import Image

from pipeline.sample.canvas import Rng
from pipeline.sample.captions import STYLES, Caption, write_caption
from pipeline.sample.compound import DrawnPanel, Layout, LetterPlace, choose_rows, compose
from pipeline.sample.drawings import GREY_KINDS, PHOTOGRAPHS
from pipeline.sample.encode import EXTENSION, Format, encode
from pipeline.sample.grammar import pick
from pipeline.sample.study import Draft, Study, draft_figure
from pipeline.sample.truth import PanelTruth


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of an article."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class SampleFigure:
    """One figure with its files; `panels` name the file in which each lies."""

    title: str
    is_statement: bool
    """The title is a whole sentence, not the name of a thing."""
    letters: tuple[str, ...]
    """Letters that the text cites, as the caption writes them; empty where there are no panels."""
    topics: tuple[str, ...]
    """What each panel shows, as XML fragments, for the text that cites it."""
    caption: Caption
    files: tuple[ImageFile, ...]
    panels: tuple[PanelTruth, ...]

    def replaced(self, data: bytes, extension: str | None = None) -> SampleFigure:
        """The same figure with other bytes in its first file, which then has no panels to find."""
        name = self.files[0].name if extension is None else self.files[0].name.rpartition(".")[0] + "." + extension
        return dataclasses.replace(self, files=(ImageFile(name, data), *self.files[1:]), panels=())

    def renamed(self, stem: str) -> SampleFigure:
        """The same figure, of one file, under another name."""
        name = f"{stem}.{self.files[0].name.rpartition('.')[2]}"
        panels = tuple(dataclasses.replace(p, file=name) for p in self.panels)
        return dataclasses.replace(self, files=(ImageFile(name, self.files[0].data),), panels=panels)


def draw_figure(
    study: Study, number: int, stem: str, format_: Format | None = None
) -> tuple[SampleFigure, Image.Image]:
    """The figure with this number, from 0, as one file; and the picture before it was encoded."""
    draft = draft_figure(study, number)
    rng = study.stream(number, 1)
    caption, style = _caption(draft, rng)
    layout = _layout(draft, rng)
    marks = _marks(len(draft.scenes), style, rng)
    picture, drawn = compose(draft.scenes, marks, _streams(study, draft, number), layout)
    chosen = format_ or _format(draft, rng)
    file = ImageFile(f"{stem}.{EXTENSION[chosen]}", encode(picture, chosen, quality=int(rng.integers(80, 91))))
    panels = tuple(_panel(draft, caption, style, i, d, file.name) for i, d in enumerate(drawn))
    return _figure(draft, caption, style, (file,), panels), picture


def draw_in_files(study: Study, number: int, stem: str) -> SampleFigure:
    """The figure with this number, each panel in a file of its own (`…a.jpg`, `…b.jpg`) without a letter."""
    draft = draft_figure(study, number)
    rng = study.stream(number, 1)
    caption, style = _caption(draft, rng)
    layout = Layout((1,), int(rng.integers(600, 760)), 0, "none", 20)
    files, panels = [], []
    for i, (scene, stream) in enumerate(zip(draft.scenes, _streams(study, draft, number), strict=True)):
        picture, drawn = compose([scene], [None], [stream], layout)
        files.append(ImageFile(f"{stem}{chr(97 + i)}.jpg", encode(picture, "jpg")))
        panels.append(_panel(draft, caption, style, i, drawn[0], files[-1].name))
    return _figure(draft, caption, style, tuple(files), tuple(panels))


def suits(study: Study, number: int, format_: Format) -> bool:
    """Whether a figure looks right in a format: 16 bits are for grey pictures, palettes for drawings."""
    kinds = {scene.kind for scene in draft_figure(study, number).scenes}
    if format_ == "tif16":
        return kinds <= GREY_KINDS
    return not kinds & PHOTOGRAPHS if format_ in ("gif", "palette", "rgba") else True


def _figure(
    draft: Draft, caption: Caption, style: str, files: tuple[ImageFile, ...], panels: tuple[PanelTruth, ...]
) -> SampleFigure:
    n = len(draft.scenes)
    letters = tuple(_caption_letter(style, i) for i in range(n)) if n > 1 else ()
    return SampleFigure(
        draft.title, draft.is_statement, letters, tuple(s.text for s in draft.scenes), caption, files, panels
    )


def _caption(draft: Draft, rng: Rng) -> tuple[Caption, str]:
    n = len(draft.scenes)
    fitting = [s for s in STYLES if (s != "range" or n >= 3) and (s != "trailing" or n <= 4)]
    style = pick(rng, fitting)
    return write_caption(draft.title, [s.text for s in draft.scenes], draft.tail, style, rng), style


def _caption_letter(style: str, i: int) -> str:
    return chr((65 if "upper" in style or style in ("range", "colon") else 97) + i)


def _marks(n: int, style: str, rng: Rng) -> list[str | None]:
    """Letters as printed: mostly in the case of the caption, sometimes in the other."""
    if n == 1:
        return [None]
    is_other = rng.random() < 0.15
    letters = [_caption_letter(style, i) for i in range(n)]
    frame = pick(rng, ["{}", "{}", "{}", "({})", "{})"])
    return [frame.format(k.swapcase() if is_other else k) for k in letters]


def _layout(draft: Draft, rng: Rng) -> Layout:
    n = len(draft.scenes)
    n_same = sum(field is not None for field in draft.fields)
    # Channels of one field of view stand in one row, equally large, or they would not match.
    rows = tuple(k for k in (n_same, n - n_same) if k) if n_same else choose_rows(n, rng)
    width = (
        int(rng.integers(600, 900))
        if n == 1
        else int(rng.integers(760, 1100))
        if max(rows) <= 2
        else int(rng.integers(980, 1280))
        if max(rows) == 3
        else int(rng.integers(1280, 1500))
    )
    is_photos = {s.kind for s in draft.scenes} <= PHOTOGRAPHS
    gutters = [0, 2, 6, 10, 18] if is_photos else [12, 18, 26, 34]
    places: list[LetterPlace] = ["inside", "inside", "above", "below"] if is_photos else ["inside", "inside", "above"]
    gutter = gutters[int(rng.integers(len(gutters)))]
    # Letters above or below need white between the rows; panels that touch have theirs inside.
    place = "inside" if gutter < 6 else places[int(rng.integers(len(places)))]
    if n == 1:
        place = "none"
    return Layout(rows, width, gutter, place, int(rng.integers(19, 28)))


def _format(draft: Draft, rng: Rng) -> Format:
    is_drawn = not {s.kind for s in draft.scenes} & PHOTOGRAPHS
    return "png" if is_drawn and rng.random() < 0.3 else "jpg"


def _streams(study: Study, draft: Draft, number: int) -> list[Rng]:
    """One generator per panel; panels of one field of view have equal ones."""
    return [study.stream(number, 2, i if field is None else 100 + field) for i, field in enumerate(draft.fields)]


def _panel(draft: Draft, caption: Caption, style: str, i: int, drawn: DrawnPanel, file: str) -> PanelTruth:
    return PanelTruth(
        file=file,
        kind=draft.scenes[i].kind,
        label=drawn.label,
        box=drawn.box,
        drawing_box=drawn.drawing_box,
        caption_label=_caption_letter(style, i) if len(draft.scenes) > 1 else None,
        label_box=drawn.label_box,
        subcaption=caption.subcaptions[i],
    )
