"""Articles as XML, in the form that PMC gives them since 2026 and in the older one.

Source: JATS 1.4 archiving tag set; the two forms differ in the ids, in `<graphic>` and in the custom metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sample import prose
from pipeline.sample.figure import SampleFigure
from pipeline.sample.grammar import plain
from pipeline.sample.plan import ArticlePlan
from pipeline.sample.study import Study

JOURNAL = "Journal of Invented Research"
_XLINK = "http://www.w3.org/1999/xlink"
_NAMESPACES = (
    'xmlns:ali="http://www.niso.org/schemas/ali/1.0/" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:mml="http://www.w3.org/1998/Math/MathML"'
)
_NEW_DOCTYPE = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD with MathML3 v1.4 '
    '20241031//EN" "JATS-archivearticle1-4-mathml3.dtd">\n'
)
_OLD_DOCTYPE = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.1 20151215//EN" '
    '"JATS-archivearticle1.dtd">\n'
)
_LICENSES = {
    "CC BY": ("ccbylicense", "https://creativecommons.org/licenses/by/4.0/", "Creative Commons Attribution 4.0"),
    "CC0": ("cc0license", "https://creativecommons.org/publicdomain/zero/1.0/", "Creative Commons Zero 1.0"),
    "CC BY-SA": (
        "ccbysalicense",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        "Creative Commons Attribution-ShareAlike 4.0",
    ),
    "CC BY-NC": (
        "ccbynclicense",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        "Creative Commons Attribution-NonCommercial 4.0",
    ),
    "CC BY-NC-ND": (
        "ccbyncndlicense",
        "https://creativecommons.org/licenses/by-nc-nd/4.0/",
        "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0",
    ),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A figure in its place in the article."""

    figure: SampleFigure
    id: str
    label: str | None
    shape: str
    """How its XML is built: plain, fig_group, several_graphics, alternatives, graphical_abstract or appendix."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of each `<fig>`: one, or one per file in a group."""
        n = len(self.figure.files)
        return tuple(f"{self.id}{chr(97 + i)}" for i in range(n)) if self.shape == "fig_group" else (self.id,)


def article_xml(plan: ArticlePlan, study: Study, version: int, placed: Sequence[Placed], note: str | None) -> str:
    """The whole file; `note` is a sentence that this version adds to the results."""
    root = _root(plan, study)
    body = _body(plan, study, placed, note)
    floats = "".join(figure_xml(p, plan) for p in _main(placed)) if plan.shape == "floats_group" else ""
    back = f"<back>{_appendix(plan, placed)}{prose.references(study)}</back>"
    article = f"{root}{_front(plan, study, version, placed)}<body>{body}</body>{back}"
    article += (f"<floats-group>{floats}</floats-group>" if floats else "") + "</article>"
    if plan.is_wrapped:
        return f'<?xml version="1.0" ?>\n<!DOCTYPE pmc-articleset>\n<pmc-articleset>{article}</pmc-articleset>\n'
    return (_OLD_DOCTYPE if plan.is_old_style else _NEW_DOCTYPE) + article + "\n"


def _root(plan: ArticlePlan, study: Study) -> str:
    kind = study.family.article_type
    if plan.is_old_style:
        return f'<article {_NAMESPACES} article-type="{kind}" dtd-version="1.1"><?properties open_access?>'
    return (
        f'<article {_NAMESPACES} article-type="{kind}" dtd-version="1.4" xml:lang="en"><processing-meta '
        'base-tagset="archiving" '
        'mathml-version="3.0" table-model="xhtml" tagset-family="jats"><restricted-by>pmc</restricted-by>'
        "</processing-meta>"
    )


def _main(placed: Sequence[Placed]) -> list[Placed]:
    return [p for p in placed if p.shape not in ("graphical_abstract", "appendix")]


def _front(plan: ArticlePlan, study: Study, version: int, placed: Sequence[Placed]) -> str:
    graphical = "".join(
        f'<abstract abstract-type="graphical"><title>Graphical abstract</title><p>{figure_xml(p, plan)}</p></abstract>'
        for p in placed
        if p.shape == "graphical_abstract"
    )
    words = "".join(f"<kwd>{word}</kwd>" for word in prose.keywords(study))
    return (
        '<front><journal-meta><journal-id journal-id-type="nlm-ta">J Invent Res</journal-id><journal-title-group>'
        "<journal-title>"
        f'{JOURNAL}</journal-title></journal-title-group><issn pub-type="epub">0000-0000</issn><publisher>'
        "<publisher-name>Invented for "
        f"tests of pmc15m</publisher-name></publisher></journal-meta><article-meta>{_ids(plan, version)}<title-group>"
        "<article-title>"
        f"{study.title}</article-title></title-group>{_contributors(study)}{_dates(plan)}{_permissions(plan)}<abstract>"
        f'{prose.abstract(study, [p.figure for p in placed])}</abstract>{graphical}<kwd-group kwd-group-type="author">'
        f"{words}</kwd-group>"
        f"{_custom_meta(plan)}</article-meta></front>"
    )


def _ids(plan: ArticlePlan, version: int) -> str:
    digits = plan.pmcid.removeprefix("PMC")
    doi = f'<article-id pub-id-type="doi">{doi_of(plan)}</article-id>'
    if plan.is_old_style:
        return f'<article-id pub-id-type="pmc">{digits}</article-id>{doi}'
    return (
        f'<article-id pub-id-type="pmcid">{plan.pmcid}</article-id><article-id pub-id-type="pmcid-ver">'
        f"{plan.pmcid}.{version}"
        f'</article-id><article-id pub-id-type="pmcaid">{digits}</article-id><article-id pub-id-type="pmcaiid">{digits}'
        f"</article-id>{doi}"
    )


def doi_of(plan: ArticlePlan) -> str:
    """A DOI under the prefix that is reserved for tests."""
    return f"10.5555/invented.{plan.index + 1:04d}"


def _contributors(study: Study) -> str:
    people = "".join(
        f'<contrib contrib-type="author"><name><surname>{s}</surname><given-names>{g}</given-names></name>'
        f'<xref ref-type="aff" rid="aff1"><sup>1</sup></xref></contrib>'
        for s, g in prose.authors(study)
    )
    place = '<aff id="aff1"><label>1</label>Institute for Invented Results, Nowhere</aff>'
    return f"<contrib-group>{people}</contrib-group>{place}"


def _dates(plan: ArticlePlan) -> str:
    return (
        f'<pub-date pub-type="epub"><day>{plan.index % 27 + 1}</day><month>{plan.index % 12 + 1}</month><year>'
        "2026</year></pub-date>"
        f"<volume>{1 + plan.index // 12}</volume><elocation-id>{100 + plan.index}</elocation-id>"
    )


def _permissions(plan: ArticlePlan) -> str:
    if plan.xml_license not in _LICENSES:
        return "<permissions><license><license-p>See the terms of the publisher.</license-p></license></permissions>"
    kind, url, name = _LICENSES[plan.xml_license]
    link = f'<ext-link ext-link-type="uri" xlink:href="{url}">{name}</ext-link>'
    words = f"This is an open access article under the {link} licence."
    reference = (
        ""
        if plan.is_old_style
        else (f'<ali:license_ref specific-use="textmining" content-type="{kind}">{url}</ali:license_ref>')
    )
    attribute = f' xlink:href="{url}"' if plan.is_old_style else ""
    return (
        "<permissions><copyright-statement>© 2026 The Authors.</copyright-statement><copyright-year>"
        "2026</copyright-year>"
        f"<license{attribute}>{reference}<license-p>{words}</license-p></license></permissions>"
    )


def _custom_meta(plan: ArticlePlan) -> str:
    if plan.is_old_style:
        return ""
    pairs = [
        ("pmc-status-live", "yes"),
        ("pmc-prop-open-access", "no" if plan.is_manuscript else "yes"),
        ("pmc-prop-manuscript", "yes" if plan.is_manuscript else "no"),
    ]
    if plan.states_license and plan.xml_license:
        pairs.append(("pmc-license-ref", plan.xml_license))
    metas = "".join(
        f"<custom-meta><meta-name>{n}</meta-name><meta-value>{v}</meta-value></custom-meta>" for n, v in pairs
    )
    return f"<custom-meta-group>{metas}</custom-meta-group>"


def _body(plan: ArticlePlan, study: Study, placed: Sequence[Placed], note: str | None) -> str:
    main = _main(placed)
    ids = [p.ids for p in main]
    blocks = prose.results(study, [p.figure for p in main], ids)
    if plan.shape != "floats_group":
        figures = [figure_xml(p, plan) for p in main]
        blocks = [x for k, block in enumerate(blocks) for x in (block, figures[k] if k < len(figures) else "")]
    if note:
        blocks.append(f"<p>{note}</p>")
    results = prose.Section(
        "Results" if study.family.article_type != "case-report" else "Course and findings", tuple(blocks)
    )
    sections = [
        prose.background(study),
        prose.methods(study),
        results,
        prose.discussion(study, [own[0] for own in ids]),
    ]
    return "".join(
        f'<sec id="s{k}"><title>{k}. {s.title}</title>{"".join(s.blocks)}</sec>' for k, s in enumerate(sections, 1)
    )


def _appendix(plan: ArticlePlan, placed: Sequence[Placed]) -> str:
    inside = [p for p in placed if p.shape == "appendix"]
    if not inside:
        return ""
    cites = " and ".join(f'<xref ref-type="fig" rid="{p.id}">{(p.label or "").rstrip(".")}</xref>' for p in inside)
    figures = "".join(figure_xml(p, plan) for p in inside)
    text = f"<p>Further observations that support the main text are given in {cites}.</p>"
    return f'<app-group><app id="app1"><title>Appendix A</title>{text}{figures}</app></app-group>'


def figure_xml(placed: Placed, plan: ArticlePlan) -> str:
    """The XML of a figure."""
    caption = f"<caption>{placed.figure.caption.xml}</caption>" if placed.figure.caption.xml else ""
    label = f"<label>{placed.label}</label>" if placed.label else ""
    graphics = [_graphic(file.name, f"{placed.id}g{i}", plan) for i, file in enumerate(placed.figure.files)]
    if placed.shape == "fig_group":
        members = "".join(
            f'<fig id="{id_}" position="float"><label>{letter}</label>{graphic}</fig>'
            for id_, letter, graphic in zip(placed.ids, placed.figure.letters, graphics, strict=True)
        )
        return f'<fig-group id="{placed.id}" position="float">{label}{caption}{members}</fig-group>'
    inner = f"<alternatives>{''.join(graphics)}</alternatives>" if placed.shape == "alternatives" else "".join(graphics)
    return f'<fig id="{placed.id}" position="float" orientation="portrait">{label}{caption}{inner}</fig>'


def _graphic(name: str, id_: str, plan: ArticlePlan) -> str:
    if plan.is_old_style:
        return f'<graphic xlink:href="{href(name, plan)}"/>'
    return f'<graphic xmlns:xlink="{_XLINK}" id="{id_}" position="float" orientation="portrait" xlink:href="{name}"/>'


def href(name: str, plan: ArticlePlan) -> str:
    """What the XML writes for a file: its name, without extension in the old style."""
    return name.rpartition(".")[0] if plan.is_old_style else name


def article_text(study: Study, xml_text: str) -> str:
    """The plain text that PMC distributes beside the XML: title and paragraphs, one per line."""
    summary = xml_text.partition("<abstract>")[2].partition("</abstract>")[0]
    body = summary + "\n" + xml_text.partition("<body>")[2].partition("<ref-list>")[0]
    for tag in ("</p>", "</title>", "</label>"):
        body = body.replace(tag, tag + "\n")
    lines = [plain(line) for line in [study.title, *body.split("\n")]]
    return "\n".join(line for line in lines if line) + "\n"
