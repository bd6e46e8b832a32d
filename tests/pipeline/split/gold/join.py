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


def joined(articles: Path) -> dict[str, list[dict[str, Any]]]:
    """The truth by half, `fit` and `score`: a line per caption as in `captions.jsonl` of the corpus, with its marks.

    Raises:
        ValueError: a caption is not the one that was read, so its spans would point at other words.
    """
    lines = [json.loads(line) for line in SPANS.read_text(encoding="utf-8").splitlines()]
    figures = _figures(articles, {line["pmcid"] for line in lines})
    halves: dict[str, list[dict[str, Any]]] = {"fit": [], "score": []}
    for line in lines:
        halves[line["half"]].append(_truth(line, figures[line["pmcid"], line["number"]]))
    return halves


def _figures(articles: Path, wanted: set[str]) -> dict[tuple[str, int], ParsedFigure]:
    found: dict[tuple[str, int], ParsedFigure] = {}
    with tarfile.open(articles) as archive:
        for member in archive:
            pmcid = Path(member.name).stem
            if pmcid in wanted and (file := archive.extractfile(member)):
                found.update(((pmcid, figure.number), figure) for figure in read_article(file.read()).figures)
    return found


def _truth(line: dict[str, Any], figure: ParsedFigure) -> dict[str, Any]:
    caption = figure.caption or ""
    if hashlib.sha256(caption.encode()).hexdigest() != line["sha256"]:
        raise ValueError(f"{line['pmcid']} figure {line['number']}: not the caption that was read")
    return {
        "pmcid": line["pmcid"],
        "fig_id": line["xml_id"],
        "draw": line["draw"],
        "caption": caption,
        "marks": [[mark.start, mark.end, mark.kind] for mark in figure.marks],
        "subcaptions": {label: _text(caption, spans) for label, spans in line["subcaptions"].items()},
        "common": _text(caption, line["common"]),
    }


def _text(caption: str, spans: list[list[int]]) -> str:
    return " ".join(caption[start:end] for start, end in spans)


def main(articles: str, out: str) -> None:
    Path(out).mkdir(parents=True, exist_ok=True)
    for half, lines in joined(Path(articles)).items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (Path(out) / f"{half}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
