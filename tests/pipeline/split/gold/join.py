"""Joins the committed spans with the captions of the articles: a truth file per half, for `pmc15m bench captions`.

python tests/pipeline/split/gold/join.py CORPUS/jats-xml.tar.gz OUT    # writes OUT/fit.jsonl and OUT/score.jsonl
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

from pipeline.jats import ParsedFigure, read_article

SPANS = Path(__file__).with_name("captions.jsonl")
SECOND = Path(__file__).with_name("second.jsonl")

Subcaptions = dict[str, list[list[int]]]
"""Spans by label."""


def joined(articles: Path) -> dict[str, list[dict[str, Any]]]:
    """The truth by half, `fit` and `score`: a line per caption as in `captions.jsonl` of the corpus, with its marks.

    Where a second reader split the caption too, `second` has that reader's subcaptions.

    Raises:
        ValueError: a caption is not the one that was read, so its spans would point at other words.
    """
    lines = _lines(SPANS)
    second = {(line["pmcid"], line["number"]): line["subcaptions"] for line in _lines(SECOND)}
    figures = _figures(articles, {line["pmcid"] for line in lines})
    halves: dict[str, list[dict[str, Any]]] = {"fit": [], "score": []}
    for line in lines:
        place = line["pmcid"], line["number"]
        halves[line["half"]].append(_truth(line, figures[place], second.get(place)))
    return halves


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _figures(articles: Path, wanted: set[str]) -> dict[tuple[str, int], ParsedFigure]:
    found: dict[tuple[str, int], ParsedFigure] = {}
    with tarfile.open(articles) as archive:
        for member in archive:
            pmcid = Path(member.name).stem
            if pmcid in wanted and (file := archive.extractfile(member)):
                found.update(((pmcid, figure.number), figure) for figure in read_article(file.read()).figures)
    return found


def _truth(line: dict[str, Any], figure: ParsedFigure, second: Subcaptions | None) -> dict[str, Any]:
    caption = figure.caption or ""
    if hashlib.sha256(caption.encode()).hexdigest() != line["sha256"]:
        raise ValueError(f"{line['pmcid']} figure {line['number']}: not the caption that was read")
    truth = {
        "pmcid": line["pmcid"],
        "fig_id": line["xml_id"],
        "draw": line["draw"],
        "caption": caption,
        "marks": [[mark.start, mark.end, mark.kind] for mark in figure.marks],
        "subcaptions": _texts(caption, line["subcaptions"]),
        "common": _text(caption, line["common"]),
    }
    return truth if second is None else {**truth, "second": _texts(caption, second)}


def _texts(caption: str, subcaptions: Subcaptions) -> dict[str, str]:
    return {label: _text(caption, spans) for label, spans in subcaptions.items()}


def _text(caption: str, spans: list[list[int]]) -> str:
    return " ".join(caption[start:end] for start, end in spans)


def main(articles: str, out: str) -> None:
    Path(out).mkdir(parents=True, exist_ok=True)
    for half, lines in joined(Path(articles)).items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (Path(out) / f"{half}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
