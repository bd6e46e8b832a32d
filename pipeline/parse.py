"""parse: the XML of an article becomes its figures, with captions, mentions, rights, and the image each one names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.attribution import attribution
from pipeline.ids import figure_id
from pipeline.jats import JatsError, ParsedArticle, ParsedFigure, ParsedGraphic, read_article, resolve_media
from pipeline.licenses import allowed_licenses
from pipeline.sources import MediaObject, normalise_license
from pipeline.stage import Context, Function, Outcome, Stage
from schemas.articles import Article
from schemas.figures import Figure
from schemas.record import Record
from schemas.reject import Reason, Reject
from schemas.versions import ArticleVersion

_reject = partial(Reject, stage="parse")


def _start(context: Context) -> Function:
    license_class = context.config.catalog.license
    licenses = allowed_licenses(license_class)

    def parse(version: ArticleVersion, xml: bytes) -> Iterator[Outcome]:
        try:
            article = read_article(xml, version.pmcid)
        except JatsError as error:
            yield _reject(record_id=version.id, reason=error.reason, detail=error.detail)
            return
        yield from _article_outcomes(version, article, licenses, keeps_reserved=license_class == "all")

    return parse


def _wants(version: ArticleVersion) -> MediaObject:
    return MediaObject(name=version.xml.name, url=version.xml.url, md5=version.xml.md5)


def _article_outcomes(
    version: ArticleVersion, article: ParsedArticle, licenses: frozenset[str | None], *, keeps_reserved: bool
) -> Iterator[Outcome]:
    if conflict := _license_conflict(version, article):
        yield _reject(record_id=version.id, reason=Reason.LICENSE_CONFLICT, detail=conflict)
        return
    if not article.figures:
        yield _reject(record_id=version.id, reason=Reason.NO_FIGURES, detail="no <fig> in the XML")
        return
    row = _article(version, article)
    yield row
    for figure in article.figures:
        for outcome in _figure_outcomes(version, row.license, figure):
            yield _within_rights(outcome, figure, licenses, keeps_reserved=keeps_reserved)


def _license_conflict(version: ArticleVersion, article: ParsedArticle) -> str | None:
    """How the places that state the licence disagree, or None. A place that states none does not disagree."""
    stated = article.license
    claims = {
        "JSON license_code": version.license,
        "pmc-license-ref": normalise_license(stated.pmc_license_ref),
        "licence link": None if stated.found_in == "custom-meta" else stated.code,
    }
    if len({code for code in claims.values() if code}) < 2:
        return None
    return ", ".join(f"{place} says {code}" for place, code in claims.items() if code)


def _article(version: ArticleVersion, article: ParsedArticle) -> Article:
    code = version.license or normalise_license(article.license.pmc_license_ref) or article.license.code
    title = article.title or version.title
    doi = version.doi or article.doi
    credit = attribution(article, pmcid=version.pmcid, title=title, doi=doi, license_code=code)
    return Article(
        article_id=version.article_id,
        pmcid=version.pmcid,
        version=version.version,
        pmid=version.pmid or article.pmid,
        doi=doi,
        title=title,
        journal=article.journal,
        year=article.year,
        article_type=article.article_type,
        language=article.language,
        authors=list(article.authors),
        license=code,
        license_url=article.license.url,
        copyright=article.copyright,
        attribution=credit,
        is_retracted=version.is_retracted,
        is_manuscript=version.is_manuscript,
        keywords=list(article.keywords),
        subjects=list(article.subjects),
        mesh=list(article.mesh),
        n_figures=len(article.figures),
        n_graphics=article.n_graphics,
        source_etag=version.source_etag,
    )


def _figure_outcomes(version: ArticleVersion, license_code: str | None, figure: ParsedFigure) -> Iterator[Record]:
    n_graphics = len(figure.graphics)
    if not figure.graphics:
        whole = figure_id(version.id, figure.number, 1, 1)
        yield _reject(record_id=whole, reason=Reason.NO_GRAPHIC, detail=f"fig {figure.xml_id} names no image")
    seen: set[str] = set()
    for graphic in figure.graphics:
        record_id = figure_id(version.id, figure.number, graphic.number, n_graphics)
        refusal, name = _image_name(version, figure, graphic)
        if name in seen:
            refusal = Reason.DUPLICATE_GRAPHIC, f"{name} is named by an earlier graphic of this figure"
        if refusal:
            yield _reject(record_id=record_id, reason=refusal[0], detail=refusal[1])
        else:
            seen.add(name)
            yield _figure(version, license_code, figure, graphic, record_id, name)


def _image_name(
    version: ArticleVersion, figure: ParsedFigure, graphic: ParsedGraphic
) -> tuple[tuple[Reason, str] | None, str]:
    """The name of the image file, or why the graphic gives no figure."""
    if not graphic.is_chosen:
        return (Reason.ALTERNATIVE, f"another rendering than {graphic.href} was chosen"), ""
    if figure.caption is None:
        return (Reason.NO_CAPTION, f"fig {figure.xml_id} has no caption"), ""
    if graphic.href is None:
        return (Reason.UNRESOLVED_IMAGE, "graphic without xlink:href"), ""
    names = [media.name for media in version.media]
    found = (resolve_media(href, names) for href in (graphic.href, *graphic.other_hrefs))
    if name := next((name for name in found if name), None):
        return None, name
    looked_for = ", ".join((graphic.href, *graphic.other_hrefs))
    return (Reason.UNRESOLVED_IMAGE, f"{looked_for}: not among the {len(names)} media files of the article"), ""


def _figure(
    version: ArticleVersion,
    license_code: str | None,
    figure: ParsedFigure,
    graphic: ParsedGraphic,
    record_id: str,
    name: str,
) -> Figure:
    media = next(media for media in version.media if media.name == name)
    assert figure.caption is not None and graphic.href is not None  # _image_name saw to it
    return Figure(
        figure_id=record_id,
        article_id=version.article_id,
        pmcid=version.pmcid,
        version=version.version,
        fig_xml_id=figure.xml_id,
        number=figure.number,
        graphic_number=graphic.number,
        n_graphics=len(figure.graphics),
        label=figure.label,
        caption_title=figure.caption_title,
        caption=figure.caption,
        caption_is_inherited=figure.caption_is_inherited,
        label_is_inherited=figure.label_is_inherited,
        marks=list(figure.marks),
        graphic_href=graphic.href,
        image_name=name,
        image_url=media.url,
        image_md5=media.md5,
        license=figure.license_code or license_code,
        rights_note=figure.rights_note,
        mentions=list(figure.mentions),
        container=figure.container,
        figure_type=figure.figure_type,
    )


def _within_rights(
    outcome: Record, figure: ParsedFigure, licenses: frozenset[str | None], *, keeps_reserved: bool
) -> Record:
    """The figure, or its reject where its own rights contradict the licence class that was asked for."""
    if isinstance(outcome, Reject):
        return outcome
    if figure.rights_reserved and not keeps_reserved:
        detail = figure.rights_note or "rights reserved"
        return _reject(record_id=outcome.id, reason=Reason.RIGHTS_RESERVED, detail=detail)
    if figure.license_code and figure.license_code not in licenses:
        detail = f"the figure's own licence is {figure.license_code}"
        return _reject(record_id=outcome.id, reason=Reason.LICENSE_CLASS, detail=detail)
    return outcome


STAGE = Stage("parse", (ArticleVersion,), (Figure, Article), revision=3, start=_start, wants=_wants)
