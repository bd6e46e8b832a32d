"""A made-up bucket in the layout of the PMC Cloud Service, with the truth about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.sample.article import FAULTY, Article, make_article
from pipeline.sample.figure import ImageFile
from pipeline.sample.jats import Placed, article_text, article_xml, href
from pipeline.sample.metadata import inventory_objects, metadata_json, stated_md5s
from pipeline.sample.plan import DONORS, FIRST_ID, MIN_ARTICLES, plan_article
from pipeline.sample.truth import Fault, FigureTruth, PlantedFault, SampleTruth

BUCKET_FOLDER = "bucket"
TRUTH_FILE = "truth.json"

_README = """This bucket is INVENTED. It is a sample for trying out pmc15m.

Every article, author, number and picture in it was made up and drawn by a program, from a seed. No article describes
real research, no picture shows a real patient, cell or measurement, and none comes from PubMed Central. Names of genes
and diseases are real words; what is said of them is not true. Do not cite it, and do not train on it for use.

The layout is that of the PMC Article Datasets on AWS as of 2026: one prefix per article version, the same JSON again
under metadata/, and an inventory of the day. Ids from PMC90000001 upward belong to no real article. The licence codes
inside the articles are part of the make-believe: the whole sample is dedicated to the public domain under CC0 1.0
(https://creativecommons.org/publicdomain/zero/1.0/).
"""

_OF_ONE_FIGURE = frozenset(
    {
        Fault.WRONG_MD5,
        Fault.TRUNCATED_IMAGE,
        Fault.BLANK_IMAGE,
        Fault.TINY_IMAGE,
        Fault.MISSING_MEDIA,
        Fault.HUGE_TIFF,
        Fault.GERMAN_CAPTION,
        Fault.PLACEHOLDER_CAPTION,
    }
)
_DETAILS = {
    Fault.WRONG_MD5: "the JSON states the md5 of other bytes; the file is good",
    Fault.RETRACTED: "is_retracted is true",
    Fault.MANUSCRIPT: "an author manuscript: licence TDM, no media, is_pmc_openaccess false",
    Fault.TRUNCATED_IMAGE: "a JPEG cut in half; its md5 is that of the cut file",
    Fault.EXACT_DUPLICATE: "the last figure is byte for byte one of another article, with the same caption",
    Fault.NEAR_DUPLICATE: "the last figure is one of another article at 80 % of its size, recompressed, same caption",
    Fault.TWO_VERSIONS: "versions 1 and 2 of the same article",
    Fault.BLANK_IMAGE: "an image that is all white",
    Fault.TINY_IMAGE: "an image of 24 × 18 px",
    Fault.MISSING_MEDIA: "the JSON names a file that is not in the bucket",
    Fault.NON_IMAGE_SUPPLEMENT: "media_urls names a CSV",
    Fault.HUGE_TIFF: "a TIFF of a few bytes whose header declares 20,000 × 20,000 px",
    Fault.GERMAN_CAPTION: "a caption in German",
    Fault.PLACEHOLDER_CAPTION: "a caption that says nothing",
    Fault.LICENSE_CONFLICT: "the JSON says CC BY, the XML CC BY-NC",
    Fault.NO_DERIVATIVES: "licence CC BY-NC-ND: no panel may be cut out",
    Fault.NO_LICENSE_CODE: "license_code is null",
}


def write_sample(directory: Path, *, n_articles: int = 28, seed: int = 15) -> SampleTruth:
    """A bucket of invented articles in `directory/bucket` and the truth about it, also in `directory/truth.json`.

    The same seed gives the same bytes, with the same versions of Pillow and numpy. What lies in `directory` under the
    same names is overwritten; nothing is deleted.

    Args:
        directory: made where it does not exist.
        n_articles: at least 24, so that every planted fault has its place.
        seed: chooses words, figures and noise.

    Raises:
        ValueError: fewer than 24 articles.
        OSError: the folder cannot be written.
    """
    if n_articles < MIN_ARTICLES:
        raise ValueError(f"the sample needs at least {MIN_ARTICLES} articles to hold all its faults, not {n_articles}")
    bucket = directory / BUCKET_FOLDER
    figures: list[FigureTruth] = []
    faults: list[PlantedFault] = []
    jsons: dict[str, bytes] = {}
    for index in range(n_articles):
        article = make_article(seed, plan_article(index))
        for version in article.plan.versions:
            jsons[_metadata_key(article, version)] = _write_version(bucket, article, version)
            figures += _figure_truths(article, version)
        faults += _planted_faults(article)
    for key, data in {**jsons, **inventory_objects(seed, jsons), "README.txt": _README.encode()}.items():
        _write(bucket / key, data)
    prefixes = tuple(key.removeprefix("metadata/").removesuffix(".json") for key in jsons)
    truth = SampleTruth(
        seed=seed, n_articles=n_articles, articles=prefixes, figures=tuple(figures), faults=tuple(faults)
    )
    _write(directory / TRUTH_FILE, truth.to_json().encode())
    return truth


def _metadata_key(article: Article, version: int) -> str:
    return f"metadata/{article.plan.pmcid}.{version}.json"


def _write_version(bucket: Path, article: Article, version: int) -> bytes:
    """Writes the objects of an article version; returns its JSON."""
    plan, study = article.plan, article.study
    note = None if version == 1 else "In this version, the description of the statistics was corrected."
    xml = article_xml(plan, study, version, article.placed, note)
    texts = {"xml": xml.encode(), "txt": article_text(study, xml).encode()}
    files = list(_media(article))
    faulty = article.placed[FAULTY].figure.files[0].name
    wrong = faulty if plan.fault is Fault.WRONG_MD5 else None
    absent = faulty if plan.fault is Fault.MISSING_MEDIA else None
    data = metadata_json(plan, study, version, texts, stated_md5s(files, wrong))
    prefix = f"{plan.pmcid}.{version}"
    for file in files:
        if file.name != absent:
            _write(bucket / prefix / file.name, file.data)
    for extension, text in {**texts, "json": data}.items():
        _write(bucket / prefix / f"{prefix}.{extension}", text)
    return data


def _media(article: Article) -> Iterator[ImageFile]:
    """Every file that is distributed with the article."""
    if not article.plan.is_manuscript:
        for placed in article.placed:
            yield from placed.figure.files
        yield from article.supplements


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _figure_truths(article: Article, version: int) -> Iterator[FigureTruth]:
    for k, placed in enumerate(article.placed):
        yield from _truths_of(article, version, placed, _faults_of(article, k))


def _truths_of(article: Article, version: int, placed: Placed, faults: tuple[Fault, ...]) -> Iterator[FigureTruth]:
    """One truth per `<fig>`: a group of figures has several."""
    plan, figure = article.plan, placed.figure
    parts: Sequence[tuple[ImageFile, ...]] = (
        [(f,) for f in figure.files] if placed.shape == "fig_group" else [figure.files]
    )
    for fig_id, files in zip(placed.ids, parts, strict=True):
        names = tuple(f.name for f in files)
        panels = tuple(p for p in figure.panels if p.file in names)
        yield FigureTruth(
            pmcid=plan.pmcid,
            version=version,
            fig_id=fig_id,
            files=names,
            hrefs=tuple(href(n, plan) for n in names),
            license=plan.license,
            caption=figure.caption.text,
            is_compound=len(panels) > 1,
            panels=panels,
            faults=faults,
        )


def _faults_of(article: Article, number: int) -> tuple[Fault, ...]:
    fault, is_last = article.plan.fault, number == len(article.placed) - 1
    if fault is None:
        return ()
    if fault in _OF_ONE_FIGURE:
        return (fault,) if number == FAULTY else ()
    if fault in (Fault.EXACT_DUPLICATE, Fault.NEAR_DUPLICATE):
        return (fault,) if is_last else ()
    return () if fault in (Fault.NON_IMAGE_SUPPLEMENT, Fault.TWO_VERSIONS) else (fault,)


def _planted_faults(article: Article) -> Iterator[PlantedFault]:
    plan = article.plan
    if plan.fault is None:
        return
    where = next((k for k in range(len(article.placed)) if _faults_of(article, k)), None)
    is_figure = plan.fault in _OF_ONE_FIGURE or plan.fault in (Fault.EXACT_DUPLICATE, Fault.NEAR_DUPLICATE)
    placed = article.placed[where] if where is not None and is_figure else None
    file = placed.figure.files[0].name if placed else article.supplements[0].name if article.supplements else None
    other = f" (the other: PMC{FIRST_ID + DONORS[plan.index]})" if plan.index in DONORS else ""
    yield PlantedFault(
        fault=plan.fault,
        pmcid=plan.pmcid,
        version=plan.versions[-1],
        fig_id=placed.id if placed else None,
        file=file,
        detail=_DETAILS[plan.fault] + other,
    )
