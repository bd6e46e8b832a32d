"""Forty real articles as the reader read them when the files were made: a change shows up as a difference.

To accept a change, run with PMC15M_UPDATE_GOLDEN=1 and read the difference. The XML itself is in the corpus; each file
names its article, authors and licence.
"""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.jats import ParsedArticle, ParsedFigure, read_article

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "jats"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))
UPDATE = os.environ.get("PMC15M_UPDATE_GOLDEN") == "1"


def figure_summary(figure: ParsedFigure) -> dict[str, Any]:
    """All that is read of a figure; of mentions the citation and its place, not the paragraph."""
    return {
        "id": figure.xml_id,
        "label": figure.label,
        "title": figure.caption_title,
        "caption": figure.caption,
        "inherited": figure.caption_is_inherited,
        "marks": " ".join(f"{m.kind}:{m.start}-{m.end}" for m in figure.marks),
        "notes": figure.notes,
        "container": figure.container,
        "type": figure.figure_type,
        "rights": [figure.rights_note, figure.rights_reserved, figure.license_code],
        "graphics": [[g.href, g.is_chosen] for g in figure.graphics],
        "mentions": [f"{m.section} | {m.cited} | {m.start} of {len(m.text)}" for m in figure.mentions],
    }


def summary(article: ParsedArticle) -> dict[str, Any]:
    """The golden form of an article."""
    return {
        "pmcid": article.pmcid,
        "pmid": article.pmid,
        "doi": article.doi,
        "title": article.title,
        "journal": article.journal,
        "year": article.year,
        "type": article.article_type,
        "authors": list(article.authors),
        "keywords": list(article.keywords),
        "subjects": list(article.subjects),
        "language": article.language,
        "license": [article.license.code, article.license.url, article.license.found_in],
        "copyright": article.copyright,
        "n_graphics": article.n_graphics,
        "figures": [figure_summary(figure) for figure in article.figures],
    }


@pytest.fixture(scope="module")
def sources(corpus: Path) -> dict[str, bytes]:
    """The XML of the golden articles."""
    found = {name: path.read_bytes() for name in NAMES for path in (corpus / "cloud").glob(f"{name}.1/*.xml")}
    with tarfile.open(corpus / "jats-xml.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if Path(member.name).stem in NAMES else None
            if file is not None:
                found.setdefault(Path(member.name).stem, file.read())
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("name", NAMES)
def test_the_article_reads_as_before(name: str, sources: dict[str, bytes]) -> None:
    now = summary(read_article(sources[name], name))
    path = GOLDEN / f"{name}.json"
    if UPDATE:
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert now == json.loads(path.read_text(encoding="utf-8"))


def test_there_are_forty_and_nothing_updates_them_by_default() -> None:
    assert len(NAMES) >= 40
    assert not UPDATE
