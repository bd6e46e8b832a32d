"""The sections of the report that count: key figures, attrition, reasons, plots and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipeline.report.attrition import Example, Passage, Rejects, units
from pipeline.report.charts import histogram, share_bar
from pipeline.report.facts import GROUPS, KINDS, Facts, PairFacts
from pipeline.report.markup import Html, element, join, number, table
from pipeline.report.tally import Bins, Counts, binned, quantiles
from schemas.dictionary import reason_docs

WORDS = Bins(tuple(range(0, 400, 10)))
SIDES = Bins((0, 64, 90, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4096))
"""In px; two bins to a doubling."""
PANELS = Bins(tuple(range(17)))
FIGURES = Bins(tuple(range(21)))

_SPLITS = ("train", "validation", "test")
_MOST_LANGUAGES = 12
_MOST_DETAIL = 140


def section(name: str, title: str, *content: str | None) -> Html:
    """A section with its heading, reachable by its name."""
    return element("section", element("h2", title, id=name), *content, aria_labelledby=name)


def note(text: str) -> Html:
    """A sentence or two about what follows."""
    return element("p", text, class_="soft")


def key_figures(facts: Facts, n_bytes: int) -> Html:
    """The handful of numbers that one asks for first."""
    kinds, splits = facts.pairs.by(GROUPS.index("kind")), facts.pairs.by(GROUPS.index("split"))
    shown = {
        "pairs": number(facts.pairs.n_pairs),
        "whole figures": number(kinds["whole"]),
        "panels": number(kinds["panel"]),
        "articles with pairs": number(facts.pairs.n_articles),
        **{f"pairs in {split}": number(splits[split]) for split in _SPLITS},
        "shards": size_text(n_bytes),
    }
    return element(
        "dl", join(element("div", element("dt", k), element("dd", v)) for k, v in shown.items()), class_="key"
    )


def size_text(n_bytes: int) -> str:
    """A size in decimal units."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB")):
        if n_bytes >= 10**power:
            return f"{n_bytes / 10**power:.1f} {unit}"
    return f"{n_bytes / 1000:.1f} kB"


def attrition(found: list[Passage]) -> Html:
    """From article versions to pairs: a table of bars for each unit that is counted."""
    return element("div", join(_unit(unit, rows) for unit, rows in units(found).items()), class_="flow")


def _unit(unit: str, rows: list[Passage]) -> Html:
    names = ("step", "in", "kept and turned away", "kept", "turned away, by reason")
    largest = max(row.n_in for row in rows)
    cells = ([row.step, number(row.n_in), share_bar(row.n_kept, row.n_in - row.n_kept, largest),
              number(row.n_kept), _reasons(row)] for row in rows)  # fmt: skip
    return table(unit.capitalize(), names, cells, numbers=("in", "kept"))


def _reasons(row: Passage) -> str:
    return ", ".join(f"{number(n)} {reason}" for reason, n in row.rejects.items()) or "none"


def reasons(rejects: Rejects) -> Html:
    """Why records were turned away: counts, meanings and a few ids to look up."""
    counts: Counter[tuple[str, str]] = Counter()
    for (stage, _, reason), n in rejects.counts.items():
        counts[stage, reason] += n
    docs = reason_docs()
    names = ("reason", "step", "records", "meaning", "examples")
    cells = (
        [element("code", reason), stage, number(n), docs.get(reason, ""), _examples(rejects.examples[stage, reason])]
        for (stage, reason), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return element("div", table(None, names, cells, numbers=("records",)), class_="reasons")


def _examples(found: list[Example]) -> Html:
    return element("ul", join(element("li", element("code", e.record_id), " ", _cut(e.detail)) for e in found))


def _cut(detail: str) -> str:
    return detail if len(detail) <= _MOST_DETAIL else f"{detail[:_MOST_DETAIL]}…"


def plots(facts: Facts) -> Html:
    """Histograms of texts, pictures, figures and articles."""
    pairs = facts.pairs
    one = "one count per figure that was decoded"
    charts = (
        _by_kind("Words per text", "one count per pair", WORDS, pairs.n_words, "words"),
        _by_kind("Shorter side of the picture, px", "at the source", SIDES, pairs.short_side_px, "px"),
        _by_kind("Longer side of the picture, px", "at the source", SIDES, pairs.long_side_px, "px"),
        histogram("Panels cut per figure", one, PANELS, {"figures": binned(facts.panels, PANELS)}, ""),
        histogram(
            "Figures per article",
            "of articles that have figures",
            FIGURES,
            {"articles": binned(facts.figures_per_article, FIGURES)},
            f"{_middle(facts.figures_per_article, 'figures')}.",
        ),
    )
    return element("div", join(charts), class_="charts")


def _by_kind(title: str, unit: str, bins: Bins, counts: dict[str, Counts], of: str) -> Html:
    series = {kind: binned(counts[kind], bins) for kind in KINDS}
    middles = "; ".join(f"{kind} {_middle(counts[kind], of)}" for kind in KINDS if counts[kind].sum())
    return histogram(title, unit, bins, series, f"{middles}." if middles else "")


def _middle(counts: Counts, unit: str) -> str:
    found = quantiles(counts, (0.05, 0.5, 0.95))
    return f"median {found[1]:,} {unit} (5 % to 95 %: {found[0]:,} to {found[2]:,})" if found else "none"


def breakdowns(facts: Facts) -> Html:
    """Tables of licences, splits, languages, match, formats and compound figures."""
    formats = {key[0]: n for key, n in facts.formats.items()}
    shown = (
        _licenses(facts.pairs),
        _splits(facts.pairs),
        _counts("How picture and words were matched", "match", facts.pairs.by(GROUPS.index("match")), "pairs"),
        _counts("Language of the text", "language", facts.pairs.by(GROUPS.index("language")), "pairs"),
        _counts("Image formats, by their first bytes", "format", formats, "files"),
        _counts("Decoded figures", "figure", dict(_compound(facts)), "figures"),
    )
    return element("div", join(shown), class_="charts")


def _counts(caption: str, name: str, counts: dict[Any, int], of: str) -> Html:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    rows, rest = ordered[:_MOST_LANGUAGES], ordered[_MOST_LANGUAGES:]
    cells = [[str(key), number(n), _percent(n, sum(counts.values()))] for key, n in rows]
    if rest:
        n_rest = sum(n for _, n in rest)
        cells.append([f"{len(rest)} others", number(n_rest), _percent(n_rest, sum(counts.values()))])
    return table(caption, (name, of, "share"), cells, numbers=(of, "share"))


def _percent(n: int, total: int) -> str:
    return f"{n / total:.1%}".replace("%", " %") if total else ""


def _licenses(pairs: PairFacts) -> Html:
    return _crossed("Licence of the figure", "licence", pairs, GROUPS.index("license"))


def _splits(pairs: PairFacts) -> Html:
    return _crossed("Split", "split", pairs, GROUPS.index("split"))


def _crossed(caption: str, name: str, pairs: PairFacts, place: int) -> Html:
    total = pairs.by(place)
    ordered = sorted(total, key=lambda key: (-total[key], str(key)))
    cells = ([str(key or "none stated"), *(number(n) for n in _kinds(pairs, place, key)), number(total[key]),
              _percent(total[key], pairs.n_pairs)] for key in ordered)  # fmt: skip
    return table(caption, (name, *KINDS, "pairs", "share"), cells, numbers=(*KINDS, "pairs", "share"))


def _kinds(pairs: PairFacts, place: int, key: Any) -> list[int]:
    return [sum(n for group, n in pairs.groups.items() if group[place] == key and group[0] == kind) for kind in KINDS]


def _compound(facts: Facts) -> Iterator[tuple[str, int]]:
    single = cut = uncut = 0
    for (is_compound, reason), n in facts.compound.items():
        single += n if not is_compound else 0
        cut += n if is_compound and reason is None else 0
        uncut += n if is_compound and reason is not None else 0
    yield from (("single", single), ("compound, cut into panels", cut), ("compound, left whole", uncut))
