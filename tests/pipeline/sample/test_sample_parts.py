"""The parts that make up a sample: grammar, captions, rows, drawings, files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sample.captions import STYLES, write_caption
from pipeline.sample.compound import Layout, choose_rows, place_cells
from pipeline.sample.drawings import PAINTERS, paint
from pipeline.sample.encode import cut_in_half, huge_tiff
from pipeline.sample.grammar import capitalized, expand, plain, sentence
from pipeline.sample.plan import plan_article
from pipeline.sample.scene import Scene
from pipeline.sample.study import make_study
from pipeline.sample.truth import Fault

WORDS = st.lists(
    st.sampled_from(["growth of cells", "<italic>TP53</italic> in tissue", "10<sup>6</sup> copies", "p53 level"]),
    min_size=2,
    max_size=9,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_choice_slot_and_number_are_filled_in():
    text = expand("[one|two] {gene} #10-20# and #0.10-0.90#", {"gene": "<italic>X</italic>"}, rng())
    first, gene, count, _, share = text.split()
    assert first in ("one", "two")
    assert gene == "<italic>X</italic>"
    assert 10 <= int(count) <= 20
    assert 0.1 <= float(share) <= 0.9
    assert len(share) == 4


def test_nested_choice():
    seen = {expand("a[ b[c|d]|]", {}, rng(seed)) for seed in range(40)}
    assert seen == {"a bc", "a bd", "a"}


def test_unknown_slot_is_an_error():
    with pytest.raises(KeyError):
        expand("{nothing}", {}, rng())


def test_capitals_keep_symbols():
    assert capitalized("growth of cells") == "Growth of cells"
    assert capitalized("<bold>growth</bold>") == "<bold>Growth</bold>"
    assert capitalized("p53 level") == "p53 level"
    assert sentence("a test") == "A test."
    assert plain("a &lt; <i>b</i>\n c") == "a < b c"


@given(WORDS, st.sampled_from(STYLES), st.integers(0, 1000))
def test_subcaptions_are_pieces_of_any_caption(texts, style, seed):
    caption = write_caption("a title of the figure", texts, "Scale bars, 10 µm.", style, rng(seed))
    assert len(caption.subcaptions) == len(texts)
    assert all(s and s in caption.text for s in caption.subcaptions)
    assert caption.text.endswith("Scale bars, 10 µm.")


@given(
    st.lists(st.floats(0.7, 1.6), min_size=1, max_size=9),
    st.integers(400, 1500),
    st.integers(0, 40),
    st.sampled_from(["inside", "above", "below", "none"]),
    st.integers(0, 100),
)
def test_cells_keep_their_gutter_and_width(aspects, width, gutter, place, seed):
    rows = choose_rows(len(aspects), rng(seed))
    cells = place_cells(aspects, Layout(rows, width, gutter, place, 20))
    assert sum(rows) == len(cells) == len(aspects)
    assert all(0 < x0 < x1 <= width and 0 < y0 < y1 for x0, y0, x1, y1 in cells)
    for i, (a0, b0, a1, b1) in enumerate(cells):
        for c0, d0, c1, d1 in cells[:i]:
            assert max(c0 - a1, a0 - c1, d0 - b1, b0 - d1) >= min(gutter, 1) * gutter


@pytest.mark.parametrize("kind", sorted(PAINTERS))
def test_every_drawing_fills_any_size_and_repeats(kind):
    for size in ((230, 180), (500, 410)):
        for variant in range(5):
            scene = Scene(
                kind=kind,
                text="",
                x="Time (h)",
                y="A|B" if kind == "blot" else "Level",
                groups=("One", "Two", "Three"),
                variant=variant,
                palette=((30, 90, 150), (200, 80, 50), (70, 150, 90)),
            )
            picture = paint(scene, rng(3), size)
            assert picture.size == size
            assert picture.mode == "RGB"
            assert np.asarray(picture).std() > 8
        assert paint(scene, rng(3), size).tobytes() == picture.tobytes()
        assert kind in ("section",) or paint(scene, rng(4), size).tobytes() != picture.tobytes()


def test_studies_differ_between_neighbours_and_repeat_for_a_seed():
    studies = [make_study(15, i) for i in range(28)]
    assert len({s.title for s in studies}) == 28
    assert studies == [make_study(15, i) for i in range(28)]
    assert all(3 <= len(s.figures) <= 6 for s in studies)
    assert make_study(16, 3).slots != studies[3].slots or make_study(16, 3).figures != studies[3].figures


def test_plans_hold_each_fault_once():
    faults = [plan_article(i).fault for i in range(200)]
    assert sorted(f for f in faults if f) == sorted(Fault)
    assert all(f is None for f in faults[24:])


def test_broken_files():
    assert cut_in_half(b"12345678") == b"1234"
    assert huge_tiff()[:4] == b"II*\x00"
