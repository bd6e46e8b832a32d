"""The truth about an article, and the names of what can be wrong with a caption."""

from __future__ import annotations

import pytest

from pipeline.jats.score import FigureFacts, Quality, caption_damage, true_facts

XML = b"""<article><front><article-meta><article-id pub-id-type="pmcid">PMC12</article-id></article-meta></front><body>
<p>See <xref rid="f1 f2">Figs 1, 2</xref>.</p>
<fig id="f1"><caption><title>One</title><p>a<italic>b</italic></p></caption></fig><fig id="f2"/></body></article>"""


def figure(caption: str | None, *around: str) -> FigureFacts:
    return FigureFacts("f1", caption, (), 0, around)


@pytest.mark.parametrize(
    ("true", "given", "damage"),
    [
        ("a b", "a  b\n", None),
        (None, None, None),
        (None, "of another", "borrowed"),
        ("a b", None, "characters lost"),
        ("a b", "a", "characters lost"),
        ("a b", "a b b", "characters added"),
        ("a b", "ab", "words glued or split"),
    ],
)
def test_the_damage_has_a_name(true: str | None, given: str | None, damage: str | None) -> None:
    assert caption_damage(figure(true), given) == damage


def test_an_inherited_caption_is_not_borrowed() -> None:
    assert caption_damage(figure(None, "of the group"), "of the group") is None


def test_the_truth() -> None:
    facts = true_facts(XML)
    assert facts is not None
    assert facts.ids == {"pmcid": "12"}
    assert [(f.xml_id, f.caption, f.n_mentions) for f in facts.figures] == [("f1", "One ab", 1), ("f2", None, 1)]
    assert true_facts(b"<article>") is None
    assert true_facts(b"<book/>") is None


def test_a_lost_article_counts_its_figures() -> None:
    facts, quality = true_facts(XML), Quality()
    assert facts is not None
    quality.lose(facts)
    assert quality.counts["articles lost"] == 1
    assert quality.counts["figures"] == 2
    assert quality.counts["figures found"] == 0
