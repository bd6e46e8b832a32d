"""Captions in the styles that journals use, with the words of each panel kept apart as ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sample.canvas import Rng
from pipeline.sample.grammar import capitalized, pick, plain, sentence

STYLES = (
    "paren_upper",
    "paren_lower",
    "bold_lower",
    "bold_upper",
    "comma_lower",
    "paragraphs",
    "trailing",
    "range",
    "colon",
)


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption as XML and as what it says of each panel."""

    xml: str
    """Content of `<caption>`."""
    subcaptions: tuple[str | None, ...]
    """For each panel its words as plain text, an exact piece of the caption; None where it names no panels."""

    @property
    def text(self) -> str:
        """The caption as plain text: title and paragraphs joined by one blank."""
        return plain(self.xml.replace("</title>", "</title> ").replace("</p>", "</p> "))


def write_caption(title: str, texts: Sequence[str], tail: str, style: str, rng: Rng) -> Caption:
    """A caption for a figure with a title, one text per panel and a tail for all of them."""
    if len(texts) == 1:
        return _single(title, texts[0], tail, rng)
    letters = [chr((65 if "upper" in style or style in ("range", "colon") else 97) + i) for i in range(len(texts))]
    body, said = _panels(letters, texts, style)
    return Caption(_wrapped(title, body, tail, style, rng), tuple(plain(s) for s in said))


def _single(title: str, text: str, tail: str, rng: Rng) -> Caption:
    shape = pick(rng, ["title", "one", "sentences"])
    if shape == "title":
        return Caption(f"<title>{sentence(title)}</title><p>{_joined(sentence(capitalized(text)), tail)}</p>", (None,))
    if shape == "one":
        return Caption(f"<p>{_joined(capitalized(title) + ': ' + text + '.', tail)}</p>", (None,))
    return Caption(f"<p>{_joined(sentence(title), sentence(capitalized(text)), tail)}</p>", (None,))


def _panels(letters: Sequence[str], texts: Sequence[str], style: str) -> tuple[list[str], list[str]]:
    """The pieces of the caption, one per panel or group of panels, and the words that each panel is given."""
    first = [capitalized(t) for t in texts]
    if style == "range":
        return _range(letters, texts)
    if style == "trailing":
        return [f"{t} ({k})" for k, t in zip(letters, texts, strict=True)], list(texts)
    lead = {
        "paren_upper": "({})",
        "paren_lower": "({})",
        "bold_lower": "<bold>{}</bold>",
        "bold_upper": "<bold>{}.</bold>",
        "comma_lower": "<bold>{}</bold>,",
        "paragraphs": "<bold>({})</bold>",
        "colon": "{}:",
    }[style]
    return [f"{lead.format(k)} {t}." for k, t in zip(letters, first, strict=True)], [f"{t}." for t in first]


def _range(letters: Sequence[str], texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The first panels share one piece, such as (A–C); the last stands alone."""
    shared = "; ".join([capitalized(texts[0]), *texts[1:-1]]) + "."
    last = f"{capitalized(texts[-1])}."
    label = f"({letters[0]}–{letters[-2]})" if len(letters) > 3 else f"({', '.join(letters[:-1])})"
    pieces = [f"{label} {shared}", f"({letters[-1]}) {last}"]
    return pieces, [shared] * (len(letters) - 1) + [last]


def _wrapped(title: str, body: list[str], tail: str, style: str, rng: Rng) -> str:
    if style == "paragraphs":
        paragraphs = "".join(f"<p>{piece}</p>" for piece in body)
        return f"<title>{sentence(title)}</title>{paragraphs}" + (f"<p>{tail}</p>" if tail else "")
    text = ", ".join(body[:-1]) + " and " + body[-1] + "." if style == "trailing" else " ".join(body)
    if style == "trailing":
        return f"<p>{_joined(capitalized(title) + ': ' + text, tail)}</p>"
    if rng.random() < 0.45:
        return f"<title>{sentence(title)}</title><p>{_joined(text, tail)}</p>"
    opening = sentence(title) if style != "comma_lower" else f"<bold>{sentence(title)}</bold>"
    return f"<p>{_joined(opening, text, tail)}</p>"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
