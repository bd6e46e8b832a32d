"""The caption splitter: forms of labels, layouts, what is no label, and what holds for every text."""

from __future__ import annotations

import hashlib
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.split.captions import Abstention, CaptionSplit, common_text, panel_spans, render, split_caption
from pipeline.split.score_captions import score_captions
from schemas.figures import Mark

Kind = Literal["title", "paragraph", "bold", "italic", "list_item"]


def text_of(caption: str, split: CaptionSplit, label: str, policy: str) -> str:
    return render(caption, panel_spans(split, label), policy)


def own(caption: str, *bold: str) -> dict[str, str]:
    split = split_caption(caption, bold_marks(caption, bold))
    return {label: text_of(caption, split, label, "own") for label in split.labels}


def bold_marks(caption: str, pieces: tuple[str, ...]) -> list[Mark]:
    marks, at = [], 0
    for piece in pieces:
        at = caption.index(piece, at)
        marks.append(Mark(start=at, end=at + len(piece), kind="bold"))
        at += len(piece)
    return marks


@pytest.mark.parametrize(
    "caption",
    [
        "Liver. (A) Control. (B) Treated.",
        "Liver. A) Control. B) Treated.",
        "Liver. (A). Control. (B). Treated.",
        "Liver. [A] Control. [B] Treated.",
        "Liver. A. Control. B. Treated.",
        "Liver. A: Control. B: Treated.",
        "Liver. A, Control. B, Treated.",
        "Liver. Panel A: Control. Panel B: Treated.",
        "Liver: (A) Control; (B) Treated.",
        "Liver (A) Control. (B) Treated.",
    ],
)
def test_forms_of_leading_labels(caption: str) -> None:
    split = split_caption(caption)
    assert split.labels == ("A", "B")
    assert [text_of(caption, split, label, "own").rstrip(".") for label in split.labels] == ["Control", "Treated"]
    assert common_text(caption, split).rstrip(".") == "Liver"


def test_bare_lower_case_labels_open_sentences() -> None:
    assert own("Liver. a Control mice. b Treated mice. c Count.") == {
        "a": "Control mice.",
        "b": "Treated mice.",
        "c": "Count.",
    }


def test_bold_tells_labels_in_mid_sentence() -> None:
    caption = "Sequences of a young leaves and b old leaves"
    assert own(caption, " a ", " b ") == {"a": "young leaves", "b": "old leaves"}
    assert own(caption) == {}


def test_touching_bold_runs_are_one_list() -> None:
    caption = "Liver. a, b Size in mice. c Count."
    assert own(caption, "a", "b", "c") == {"a": "Size in mice.", "b": "Size in mice.", "c": "Count."}


def test_ranges_and_lists_give_their_words_to_each() -> None:
    parts = own("Liver. (A, C–E) Cells. (B) Bones. (F) and (G) Fat.")
    assert parts == {
        "A": "Cells.",
        "B": "Bones.",
        "C": "Cells.",
        "D": "Cells.",
        "E": "Cells.",
        "F": "Fat.",
        "G": "Fat.",
    }


def test_labels_after_their_words() -> None:
    assert own("Effect of volume on recovery (a) and yield (b) in mice.") == {"a": "recovery", "b": "yield"}
    assert own("Sections of control (a), treated (b), and old (c) mice.") == {
        "a": "control",
        "b": "treated",
        "c": "old",
    }


def test_labels_after_and_before_in_one_caption() -> None:
    parts = own("Growth. (a) Seedlings on plates. Length of shoots in wild type (b) and mutants (c, d).")
    assert parts == {
        "a": "Seedlings on plates.",
        "b": "Length of shoots in wild type",
        "c": "Length of shoots in mutants",
        "d": "Length of shoots in mutants",
    }


def test_a_range_frames_the_labels_inside_it() -> None:
    parts = own("Pollen. (A–B) Anthers of the WT (A) and ko (B) plants. (C, D) Seeds of the WT (C) and ko (D) plants.")
    assert parts["A"] == "Anthers of the WT plants."
    assert parts["D"] == "Seeds of ko plants."


def test_two_crossed_groups_meet_in_each_panel() -> None:
    caption = "Curves of flag leaves (A,B) and second leaves (C,D) under control (A,C) and salt-stress (B,D)."
    assert own(caption) == {
        "A": "flag leaves control",
        "B": "flag leaves salt-stress",
        "C": "second leaves control",
        "D": "second leaves salt-stress",
    }


@pytest.mark.parametrize(
    ("caption", "last", "common"),
    [
        ("Modulus by (a) PR, (b) SVM (with kernel), and (c) NN with measured values.", "NN", "with measured values."),
        ("Maps based on (a) linkage and (b) sequence are presented.", "sequence", "are presented."),
        ("Images of (a) roots and (b) shoots treated with salt for days.", "shoots", "treated with salt for days."),
        ("Lists of (a) E genes, (b) NS3 genes, and sorted into groups.", "NS3 genes", "sorted into groups."),
    ],
)
def test_the_last_of_several_phrases_ends_where_words_about_all_begin(caption: str, last: str, common: str) -> None:
    split = split_caption(caption)
    assert text_of(caption, split, split.labels[-1], "own") == last
    assert common_text(caption, split).endswith(common)


def test_words_after_the_last_of_several_leading_labels_belong_to_all() -> None:
    assert own("Mice. (a) Water intake and (b) body mass, when salt was offered for days. (c) Sex.") == {
        "a": "Water intake when salt was offered for days.",
        "b": "body mass when salt was offered for days.",
        "c": "Sex.",
    }
    apart = own("Mice. (a) Intake is low, whereas (b) body mass is high in mice of both sexes.")
    assert apart["b"] == "body mass is high in mice of both sexes."


def test_a_tail_that_tells_two_phrases_apart_is_no_tail() -> None:
    parts = own("Curves of (a) healthy wheat and (b) wheat infected by yellow rust.")
    assert parts == {"a": "healthy wheat", "b": "wheat infected by yellow rust."}


def test_labels_before_the_same_word_come_first() -> None:
    parts = own("Light over the day for all crops (A) per unit leaf area and (B) per unit ground area.")
    assert parts == {"A": "per unit leaf area", "B": "per unit ground area."}


def test_words_of_time_are_told_apart() -> None:
    assert own("Scans of the brain before (a) and after (b) treatment.") == {"a": "before", "b": "after"}


def test_a_noun_after_a_label_belongs_to_all_labels_before_it() -> None:
    parts = own("The abundance of mcrA (A) and pmoA (B) genes and their ratio (C) at all stages.")
    assert parts == {"A": "mcrA genes", "B": "pmoA genes", "C": "their ratio"}


def test_verbs_after_labels_part_clauses() -> None:
    parts = own("The levels in kidney (a) were detected by ELISA and the uranium content (b) was measured by MS.")
    assert parts == {
        "a": "The levels in kidney were detected by ELISA",
        "b": "the uranium content was measured by MS.",
    }


def test_initials_in_brackets_are_no_labels() -> None:
    caption = "Fresh weight (A) and dry matter (B) of plants of wheat (W) and barley (B) cultivars."
    assert own(caption) == {"A": "Fresh weight", "B": "dry matter"}


def test_a_count_is_no_label() -> None:
    caption = " ".join(f"({letter}) Mice (n = 3)." for letter in "abcdefghijklmo")
    assert "n" not in split_caption(caption).labels


def test_a_closing_bracket_on_other_panels_is_theirs() -> None:
    caption = "A nodule. (a) CT shows it. (b) MRI shows a pattern (red arrows in a, b)."
    assert own(caption) == {"a": "CT shows it.", "b": "MRI shows a pattern"}


def test_sentences_that_refer_back_stay_with_the_last_panel() -> None:
    caption = "Genes. (A) Counts. (B) Heat map of samples. The heat map is sorted. Scale bar, 5 mm."
    assert own(caption)["B"] == "Heat map of samples. The heat map is sorted."


def test_a_label_inside_a_clause_owns_both_sides() -> None:
    parts = own("Aneurysms. The right kidney (a) has many; the left kidney (b) has few.")
    assert parts == {"a": "The right kidney has many", "b": "the left kidney has few."}


def test_words_inside_the_brackets_of_a_label_are_its_own() -> None:
    parts = own("Reduction in richness (A, Chao index) and diversity (B, Shannon index) in soil.")
    assert parts == {"A": "richness Chao index", "B": "diversity Shannon index"}


def test_digits_roman_numbers_and_numbered_letters() -> None:
    assert list(own("Liver. (1) Fat. (2) Bile.")) == ["1", "2"]
    assert list(own("Liver. (i) Fat. (ii) Bile. (iii) Blood.")) == ["i", "ii", "iii"]
    assert list(own("Liver. (A1) Fat. (A2) Bile. (B1) Blood.")) == ["A1", "A2", "B1"]
    assert list(own("Liver. (g) Fat. (h) Bile. (i) Blood.")) == ["g", "h", "i"]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Expression of A) p53, B) Rb and C) myc.", {"A": "p53", "B": "Rb", "C": "myc."}),
        (
            "(A)Control group; (B)Model group;(C)Drug group.",
            {"A": "Control group", "B": "Model group", "C": "Drug group."},
        ),
        ("Cells: A = control, B = low, C = high", {"A": "control", "B": "low", "C": "high"}),
        ("Liver stained (A: control; B: treated; C: old).", {"A": "control", "B": "treated", "C": "old"}),
        ("a: Control (×100) b: Model (×100) c: Drug", {"a": "Control (×100)", "b": "Model (×100)", "c": "Drug"}),
        (
            "MRI. a T1-weighted, b T2-weighted, c FLAIR image",
            {"a": "T1-weighted", "b": "T2-weighted", "c": "FLAIR image"},
        ),
        ("Liver. a Size in mice. b Height and c weight of rats. d Age.", {"b": "Height", "c": "weight of rats."}),
        ("Liver. a Size, b age. Weight of (c) mice and (d) rats.", {"c": "Weight of mice", "d": "Weight of rats."}),
        ("Panel A shows the liver and panel B shows the bile.", {"A": "shows the liver", "B": "shows the bile."}),
    ],
)
def test_looser_forms_count_when_the_run_is_complete(caption: str, expected: dict[str, str]) -> None:
    assert expected.items() <= own(caption).items()


def test_places_name_panels_where_no_letters_do() -> None:
    assert own("Growth. Left: control mice. Right: treated mice.") == {
        "left": "control mice.",
        "right": "treated mice.",
    }
    assert own("Cells in control (top row) and treated (bottom row) mice.") == {"top": "control", "bottom": "treated"}
    assert list(own("Time in milk (left panel) and (A) fat, (B) bile in blood (right panel).")) == ["A", "B"]


@pytest.mark.parametrize(
    "caption",
    [
        "Time in milk (left) of mice.",
        "Density (left axis) and mass (right axis) over time.",
        "Stimulation of the right (left) side and of the left (right) side.",
        "Venn diagrams in mice (left) and rats (right). (B) Clusters of both.",
    ],
)
def test_places_that_do_not_name_panels(caption: str) -> None:
    assert own(caption) == {}


def test_notes_at_the_end_are_shared() -> None:
    caption = (
        "Liver. (A) Fat. Lipid is red. (B) Bile. Bars: 5 µm. Data are means ± SD, n = 3. GB: gallbladder; S: stomach."
    )
    split = split_caption(caption)
    assert text_of(caption, split, "B", "own") == "Bile."
    assert text_of(caption, split, "B", "prefix+own+abbreviations") == "Liver. Bile. GB: gallbladder; S: stomach."
    assert text_of(caption, split, "B", "prefix+own+suffix").endswith(
        "Bars: 5 µm. Data are means ± SD, n = 3. GB: gallbladder; S: stomach."
    )


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("own", "Normal."),
        ("prefix+own", "Liver. Normal."),
        ("prefix+own+abbreviations", "Liver. Normal. GB: gallbladder; S: stomach."),
        ("prefix+own+suffix", "Liver. Normal. Bar: 50 µm. GB: gallbladder; S: stomach."),
        ("full", "Liver. (A) Normal. (B) Steatotic. Bar: 50 µm. GB: gallbladder; S: stomach."),
    ],
)
def test_text_is_made_of_verbatim_pieces(policy: str, text: str) -> None:
    caption = "Liver. (A) Normal. (B) Steatotic. Bar: 50 µm. GB: gallbladder; S: stomach."
    assert text_of(caption, split_caption(caption), "A", policy) == text


def test_a_clause_about_all_after_the_last_phrase_is_shared_from_its_subject_on() -> None:
    parts = own("Effect of oil on (a) the growth of cells (b) the loss of water and; Values are means of three runs.")
    assert parts == {"a": "the growth of cells", "b": "the loss of water"}


def test_a_later_sentence_about_one_panel_goes_to_it() -> None:
    parts = own("Bone in dorsal (A) and ventral (B) view. The white arrow (B) points to the tendon.")
    assert parts == {"A": "dorsal", "B": "ventral The white arrow points to the tendon."}


@pytest.mark.parametrize(
    "caption",
    [
        "Yield of barley (B) and wheat (W) in two fields (n = 3).",
        "Synthesis of (R)-lactate and (S)-lactate by strain 4 (P < .05).",
        "Survival of mice as in Fig. 2A and Figure 3 (B); see also Table 1 (a, b).",
        "Different letters (a, b, c) indicate significant differences.",
        "The map of A. thaliana and B. napus. C. elegans was not used.",
        "A patient with fever. B cells were counted at 37 h and 4 h.",
        "Levels in serum. AN: available N; AP: available P. B: before sowing; R: reviving stage.",
        "Flow chart of the study.",
        "",
    ],
)
def test_what_is_no_label(caption: str) -> None:
    split = split_caption(caption)
    assert split.labels == ()
    assert split.abstained is not None
    assert common_text(caption, split) == caption


def test_keys_and_citations_beside_labels_are_not_labels() -> None:
    parts = own("Reflectance (a) and index (b) of barley (B) and wheat (W), as in Fig. 2C.")
    assert list(parts) == ["a", "b"]
    assert list(own("Mice. (A) Liver (see Fig. 3C). (B) Kidney (n = 3). Vitamin (C) was given.")) == ["A", "B"]


def test_abstains_with_a_reason() -> None:
    assert split_caption("Cells (C) and discs (E) of mice.").abstained is Abstention.INCOMPLETE_RUN
    assert split_caption("x" * 20_001).abstained is Abstention.TOO_LONG
    assert split_caption("(a) " * 1_000).abstained is Abstention.TOO_MANY_LABELS
    assert split_caption("(A, B) All of it.").abstained is Abstention.NO_OWN_WORDS
    nested = "Staining by dye (A) and enzyme (B), of cells at day 1 (a) and day 2 (b)."
    assert split_caption(nested).abstained is Abstention.AMBIGUOUS_ALPHABET


def test_the_outer_of_two_nested_alphabets_letters_the_panels() -> None:
    caption = "Growth. (A) Embryo, (a) day two, (b) day four. (B) Seeds, (a) dry, (b) wet."
    assert list(own(caption)) == ["A", "B"]


def test_an_unknown_label_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        panel_spans(split_caption("Liver."), "A")


PIECES = st.sampled_from(
    [
        *(
            "(A)",
            "(B)",
            "(C)",
            "(a)",
            "(b)",
            "(A–C)",
            "(a, b)",
            "A.",
            "B.",
            "a",
            "b)",
            "(i)",
            "(ii)",
            "(1)",
            "[A]",
            "Panel",
        ),
        *(
            "A1",
            "A′",
            "(A,",
            ")",
            "(",
            ";",
            ":",
            ",",
            ".",
            "and",
            "of",
            "in",
            "liver",
            "Cells",
            "The",
            "n = 3",
            "(n=3)",
        ),
        *("Fig.", "2A", "Bars: 5 µm.", "𝒜", "é\u0301", "\n", ""),
    ]
)
CAPTIONS = st.one_of(st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map("".join), st.text())


KINDS: tuple[Kind, ...] = get_args(Kind)


@st.composite
def marked_captions(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    caption = draw(CAPTIONS)
    ends = st.integers(0, len(caption) + 2)
    kinds = st.sampled_from(KINDS)
    marks = [
        Mark(start=min(a, b), end=max(a, b), kind=kind)
        for a, b, kind in draw(st.lists(st.tuples(ends, ends, kinds), max_size=8))
    ]
    return caption, marks


@settings(max_examples=400, deadline=None)
@given(marked_captions())
def test_spans_are_verbatim_sorted_and_inside(marked: tuple[str, list[Mark]]) -> None:
    caption, marks = marked
    split = split_caption(caption, marks)
    assert bool(split.labels) == (split.abstained is None)
    assert len(split.own) == len(split.confidence) == len(split.labels) == len(set(split.labels))
    assert all(0 <= sure < 1 and (own or not sure) for sure, own in zip(split.confidence, split.own, strict=True))
    for spans in (*split.own, split.prefix, split.suffix):
        assert all(0 <= span.start < span.end <= len(caption) for span in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))
    for label in split.labels:
        for piece in split.own[split.labels.index(label)]:
            assert caption[piece.start : piece.end] in text_of(caption, split, label, "prefix+own+suffix")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.from_regex(r"[A-Z][a-z]{3,8} [a-z]{4,8}", fullmatch=True), min_size=2, max_size=8))
def test_own_words_never_hold_the_label_that_opens_them(parts: list[str]) -> None:
    labels = [chr(65 + number) for number in range(len(parts))]
    caption = "Title. " + " ".join(f"({label}) {part}." for label, part in zip(labels, parts, strict=True))
    found = own(caption)
    assert list(found) == labels
    assert [found[label] for label in labels] == [f"{part}." for part in parts]


HOSTILE = [
    "(a)",
    "(a) ",
    "a-i,",
    "A to ",
    "(((",
    "A) ",
    "x (A) y (B). ",
    "(a and ",
    "; ",
    "' ",
    "(A, ",
    "1.1.",
    "a b ",
    "\n",
    "(a) and ",
]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("length", [19_000, 100_000])
def test_hostile_text_ends(unit: str, length: int) -> None:
    caption = unit * (length // len(unit))
    marks = [Mark(start=at, end=at + 1, kind="bold") for at in range(0, 4_000, 2)]
    started = time.perf_counter()
    split_caption(caption, marks)
    assert time.perf_counter() - started < 20, "quadratic time would take minutes"


@pytest.mark.corpus
def test_scores_on_real_captions(corpus: Path) -> None:
    held_out = [figure for figure in read_truth(corpus) if is_held_out(figure)]
    scores = score_captions(held_out, lambda figure: split_caption(figure["caption"]))
    assert scores.n_figures == 48
    assert scores.label_f1 >= 0.97
    assert scores.distinct_token_f1 >= 0.85


def read_truth(corpus: Path) -> list[dict[str, Any]]:
    lines = (corpus / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def is_held_out(figure: dict[str, Any]) -> bool:
    """Rules were fitted on the articles with an even md5 and are scored on the odd ones."""
    return int(hashlib.md5(figure["pmcid"].encode()).hexdigest(), 16) % 2 == 1
