"""The text of an article: abstract, sections, references, all drawn from the words of its study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.sample.canvas import Rng
from pipeline.sample.figure import SampleFigure
from pipeline.sample.grammar import capitalized, expand, pick, plain, sentence
from pipeline.sample.study import Study

_FINDINGS = (
    "[The effect was|This was] seen in all [repeats|experiments], with a median change of #12-68#%",
    "[Differences|Changes] of more than #1.2-2.9#-fold were rare",
    "[No such change|Nothing comparable] was seen in the [controls|reference group]",
    "[Agreement|Concordance] between the two readings was good (r = #0.71-0.96#)",
    "The [difference|effect] remained after correction for multiple testing (<italic>q</italic> = #0.001-0.049#)",
    "[Values|Readings] ranged from #1.1-4.9# to #6-19# and did not depend on the [batch|order of measurement]",
    "[One|A single] outlier was kept, since leaving it out did not [alter|change] the result",
    "The 95% confidence interval ran from #0.31-0.74# to #0.81-1.48#",
)
_LEADS = (
    "[We next looked at|The next step concerned] {what} ({cite})",
    "{cite} [shows|summarises|presents] {what}",
    "[To go further|In a second step], we [recorded|examined] {what} ({cite})",
    "[As seen in|According to] {cite}, the data on {what} were consistent across [repeats|observers]",
    "[Turning to|As for] {what}, [a clear pattern emerged|the picture was uniform] ({cite})",
)
_MATH = (
    '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML" display="block"><mml:mi>{base}</mml:mi><mml:mo>=</mml:mo>'
    "<mml:msub><mml:mi>{base}</mml:mi><mml:mn>0</mml:mn></mml:msub><mml:mo>+</mml:mo><mml:mfrac><mml:msub>"
    "<mml:mi>{base}</mml:mi><mml:mi>max</mml:mi></mml:msub><mml:mrow><mml:mn>1</mml:mn><mml:mo>+</mml:mo><mml:msup>"
    "<mml:mi>x</mml:mi><mml:mi>h</mml:mi></mml:msup></mml:mrow></mml:mfrac></mml:math>"
)
_SURNAMES = (
    "Almquist",
    "Barreto",
    "Chowdry",
    "Dimitrov",
    "Eklund",
    "Farouk",
    "Grunewald",
    "Hosseini",
    "Ibarra",
    "Jankowska",
    "Kobayashi",
    "Lindqvist",
    "Moreau",
    "Nkemelu",
    "Oyelaran",
    "Petrosyan",
    "Quintero",
    "Rasmussen",
    "Sandoval",
    "Tanaka",
    "Uzun",
    "Varga",
    "Wexler",
    "Yamoah",
    "Zielinski",
)
_GIVEN = (
    "Ada",
    "Bram",
    "Carla",
    "Deniz",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Keiko",
    "Lars",
    "Mina",
    "Nadir",
    "Olga",
    "Pavel",
    "Rosa",
    "Samir",
    "Thea",
    "Yusuf",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the body: a heading and blocks, each an XML element."""

    title: str
    blocks: tuple[str, ...]


def authors(study: Study) -> list[tuple[str, str]]:
    """Surnames and given names of people who do not exist."""
    rng = study.stream(900)
    n = int(rng.integers(3, 7))
    surnames = rng.permutation(len(_SURNAMES))[:n]
    return [(_SURNAMES[int(k)], pick(rng, _GIVEN)) for k in surnames]


def abstract(study: Study, figures: Sequence[SampleFigure]) -> str:
    """The abstract as one `<p>`."""
    rng = study.stream(901)
    lines = [_plain_cite(_words(study, study.family.background[i], rng)) for i in (0, len(study.family.background) - 1)]
    lines += [_words(study, study.family.methods[0], rng), f"The series comprises {len(figures)} sets of observations"]
    lines += [expand(pick(rng, _FINDINGS), study.slots, rng), _words(study, study.family.discussion[0], rng)]
    return f"<p>{' '.join(sentence(_plain_cite(line)) for line in lines)}</p>"


def keywords(study: Study) -> list[str]:
    """Keywords as XML fragments."""
    return [expand(word, study.slots, study.stream(902)) for word in study.family.keywords]


def background(study: Study) -> Section:
    """The introduction."""
    rng = study.stream(903)
    lines = [_cited(_words(study, t, rng), rng) for t in study.family.background]
    middle = len(lines) // 2
    return Section("Introduction", (_paragraph(lines[:middle]), _paragraph(lines[middle:])))


def methods(study: Study) -> Section:
    """Methods or case presentation, with a formula and a list."""
    rng = study.stream(904)
    lines = [_cited(_words(study, t, rng), rng) for t in study.family.methods]
    is_case = study.family.article_type == "case-report"
    # A case is told in order; methods may stand in any.
    order = range(len(lines)) if is_case else rng.permutation(len(lines)).tolist()
    lines = [lines[k] for k in order]
    title = "Case presentation" if is_case else "Materials and methods"
    blocks = [_paragraph(lines[:3]), _paragraph(lines[3:])]
    if study.index % 2 == 0:
        blocks.append(_formula(study, rng))
    if study.index % 3 != 1:
        blocks.append(_list(study, rng))
    return Section(title, tuple(blocks))


def results(study: Study, figures: Sequence[SampleFigure], ids: Sequence[Sequence[str]]) -> list[str]:
    """Blocks of the results: for each figure a paragraph that cites it; `ids` has several ids for a group of "
    "figures."""
    rng = study.stream(905)
    leads, findings = rng.permutation(len(_LEADS)), rng.permutation(len(_FINDINGS))
    blocks = []
    for k, (figure, own) in enumerate(zip(figures, ids, strict=True)):
        lead = "{what} ({cite})" if figure.is_statement else _LEADS[int(leads[k % len(leads)])]
        cite = _cite_figure(own[0], k + 1, "", rng)
        lines = [expand(lead, {"what": _inside(figure), "cite": cite}, rng), *_parts(figure, own, k + 1, rng)]
        lines.append(expand(_FINDINGS[int(findings[k % len(findings)])], study.slots, rng))
        blocks.append(_paragraph(lines))
    if len(ids) >= 3:
        pair = f'<xref ref-type="fig" rid="{ids[0][0]}">1</xref> and <xref ref-type="fig" rid="{ids[2][0]}">3</xref>'
        span = f'<xref ref-type="fig" rid="{ids[0][0]}">1</xref>–<xref ref-type="fig" rid="{ids[2][0]}">3</xref>'
        both = pick(
            rng,
            [
                f"The patterns in Figures {pair} are thus in line with each other",
                f"Taken together, Figs. {span} point in one direction",
            ],
        )
        blocks.append(_paragraph([both]))
    return blocks


def discussion(study: Study, ids: Sequence[str]) -> Section:
    """The discussion, which cites a figure once more."""
    rng = study.stream(906)
    lines = [_cited(_words(study, t, rng), rng) for t in study.family.discussion]
    last = f"The strongest evidence is that of {_cite_figure(ids[-1], len(ids), '', rng)}"
    return Section("Discussion", (_paragraph(lines[:2]), _paragraph([last, *lines[2:]])))


def references(study: Study) -> str:
    """A `<ref-list>` of works that do not exist."""
    rng = study.stream(907)
    refs = []
    for k in range(1, 13):
        name, given = pick(rng, _SURNAMES), pick(rng, _GIVEN)
        title = capitalized(plain(expand(pick(rng, study.family.keywords), study.slots, rng)))
        refs.append(
            f'<ref id="B{k}"><label>{k}</label><element-citation publication-type="journal"><person-group '
            'person-group-type="author">'
            f"<name><surname>{name}</surname><given-names>{given[0]}</given-names></name></person-group>"
            f"<article-title>{title}: "
            f"{pick(rng, ['a study', 'methods and results', 'a review', 'new observations'])}</article-title><source>"
            "J Invent Res</source>"
            f"<year>{int(rng.integers(2004, 2025))}</year><volume>{int(rng.integers(3, 60))}</volume><fpage>"
            f"{int(rng.integers(10, 900))}"
            f"</fpage></element-citation></ref>"
        )
    return f"<ref-list><title>References</title>{''.join(refs)}</ref-list>"


def _inside(figure: SampleFigure) -> str:
    """The title of a figure as part of a sentence; names and symbols keep their capitals."""
    is_word = figure.title[1:2].islower() and not figure.is_statement
    return figure.title[0].lower() + figure.title[1:] if is_word else figure.title


def _parts(figure: SampleFigure, ids: Sequence[str], number: int, rng: Rng) -> list[str]:
    """Sentences on the panels: some listed in one, the others after it."""
    parts = [
        f"{topic} ({_cite_figure(ids[min(i, len(ids) - 1)], number, letter, rng)})"
        for i, (letter, topic) in enumerate(zip(figure.letters, figure.topics, strict=False))
    ]
    if len(parts) < 2:
        return []
    cut = len(parts) if len(parts) < 4 else int(rng.integers(2, 4))
    opening = pick(
        rng, ["The panels show", "Shown are", "The figure brings together", "We distinguish", "Its parts are"]
    )
    lines = [f"{opening} {_enumerated(parts[:cut])}"]
    if len(parts) - cut >= 2:
        lines.append(
            f"{pick(rng, ['Further panels give', 'To these we added', 'They are followed by'])} "
            f"{_enumerated(parts[cut:])}"
        )
    elif len(parts) > cut:
        lines.append(f"{pick(rng, ['The last panel gives', 'To this we added', 'It ends with'])} {parts[cut]}")
    return lines


def _enumerated(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def _cite_figure(id_: str, number: int, letter: str, rng: Rng) -> str:
    word = pick(rng, ["Fig. ", "Figure ", "Fig. "])
    if letter and rng.random() < 0.25:
        return f'<xref ref-type="fig" rid="{id_}">{word}{number}</xref>{letter}'
    return f'<xref ref-type="fig" rid="{id_}">{word}{number}{letter}</xref>'


def _cited(line: str, rng: Rng) -> str:
    number = int(rng.integers(1, 11))
    one = f'<xref ref-type="bibr" rid="B{number}">{number}</xref>'
    two = f'{one}, <xref ref-type="bibr" rid="B{number + 2}">{number + 2}</xref>'
    return line.replace("{cite}", f"[{pick(rng, [one, two])}]")


def _words(study: Study, template: str, rng: Rng) -> str:
    """The template filled in, its place for a reference left open."""
    return expand(template, {**study.slots, "cite": "{cite}"}, rng)


def _plain_cite(line: str) -> str:
    return line.replace(" {cite}", "")


def _paragraph(lines: Sequence[str]) -> str:
    return f"<p>{' '.join(sentence(line) for line in lines)}</p>"


def _formula(study: Study, rng: Rng) -> str:
    base = pick(rng, ["E", "C", "N", "R"])
    before = expand(
        "[The response|Growth of the signal|The relation] was [described by|fitted with|modelled as]", study.slots, rng
    )
    after = expand(
        "where <italic>h</italic> is the [slope|steepness], [here #0.8-2.9#|which was left free|set to #1-3#] for "
        "{topic}, and the index 0 marks the [value at rest|baseline]",
        {"topic": keywords(study)[0]},
        rng,
    )
    return f'<p>{before}<disp-formula id="eq1">{_MATH.format(base=base)}</disp-formula>{after}.</p>'


def _list(study: Study, rng: Rng) -> str:
    kind = pick(rng, ["bullet", "order"])
    items = "".join(f"<list-item><p>{capitalized(word)}</p></list-item>" for word in keywords(study)[:4])
    return f'<p>The following were recorded:</p><list list-type="{kind}">{items}</list>'
