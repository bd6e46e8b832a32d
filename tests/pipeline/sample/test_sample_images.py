"""The pictures: formats, planted faults, and the truth about panels."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from pipeline.sample import Fault

BROKEN = {Fault.TRUNCATED_IMAGE, Fault.HUGE_TIFF, Fault.MISSING_MEDIA}


def folder(sample, figure):
    return sample.bucket / f"{figure.pmcid}.{figure.version}"


def good_figures(sample):
    return [f for f in sample.truth.figures if not BROKEN & set(f.faults) and Fault.MANUSCRIPT not in f.faults]


@pytest.fixture(scope="module")
def pictures(sample):
    """Every good picture as (format, mode, RGB)."""
    found = {}
    for figure in good_figures(sample):
        for name in figure.files:
            with Image.open(folder(sample, figure) / name) as image:
                grey = image.mode == "I;16"
                rgb = image.point(lambda v: v / 256).convert("L") if grey else image
                found[f"{figure.pmcid}.{figure.version}", name] = (image.format, image.mode, rgb.convert("RGB"))
    return found


def test_all_pictures_decode_in_the_wanted_formats(pictures):
    formats = Counter((format_, mode) for format_, mode, _ in pictures.values())
    for wanted in (
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("WEBP", "RGB"),
        ("TIFF", "I;16"),
        ("GIF", "P"),
    ):
        assert formats[wanted] >= 1, wanted


def test_pictures_are_as_wide_as_real_ones(sample, pictures):
    tiny = sample.faulty_file(Fault.TINY_IMAGE).name
    for (_, name), (_, _, picture) in pictures.items():
        if name != tiny and "-lr." not in name:
            assert 380 <= picture.width <= 1500, name


def test_truncated_image_fits_its_md5_and_breaks_at_its_end(sample):
    path = sample.faulty_file(Fault.TRUNCATED_IMAGE)
    with Image.open(path) as image, pytest.raises(OSError, match="truncated"):
        image.load()


def test_huge_tiff_declares_its_size_in_a_tiny_file(sample):
    path = sample.faulty_file(Fault.HUGE_TIFF)
    assert path.stat().st_size < 1000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                assert image.size == (20_000, 20_000)
        except Image.DecompressionBombError as error:
            assert "400000000 pixels" in str(error)


def test_blank_and_tiny_images(sample):
    with Image.open(sample.faulty_file(Fault.BLANK_IMAGE)) as image:
        assert np.asarray(image).min() == 255
        assert min(image.size) > 200
    with Image.open(sample.faulty_file(Fault.TINY_IMAGE)) as image:
        assert image.size == (24, 18)


def figure_of(sample, fault):
    (found,) = [f for f in sample.truth.figures if fault in f.faults]
    return found


def twins(sample, fault):
    copy = figure_of(sample, fault)
    others = [f for f in sample.truth.figures if f.caption == copy.caption and f.pmcid != copy.pmcid]
    assert len(others) == 1
    return copy, others[0]


def test_exact_duplicate_has_the_same_bytes_and_caption(sample):
    copy, other = twins(sample, Fault.EXACT_DUPLICATE)
    assert (folder(sample, copy) / copy.files[0]).read_bytes() == (folder(sample, other) / other.files[0]).read_bytes()


def test_near_duplicate_is_smaller_and_looks_the_same(sample, pictures):
    copy, other = twins(sample, Fault.NEAR_DUPLICATE)
    small, large = (pictures[f"{f.pmcid}.{f.version}", f.files[0]][2] for f in (copy, other))
    assert small.width < large.width
    a, b = (np.asarray(p.convert("L").resize((64, 64)), dtype=float) for p in (small, large))
    assert np.abs(a - b).mean() < 4


def test_no_other_two_files_are_equal(sample):
    seen = Counter()
    for path in sample.bucket.rglob("*"):
        if path.parent.name.endswith(".1") and path.suffix not in (".json", ".xml", ".txt"):
            seen[path.read_bytes()] += 1
    assert sorted(seen.values())[-2:] == [1, 2]


def test_no_other_caption_is_shared_by_two_articles(sample):
    owners = {}
    for figure in sample.truth.figures:
        owners.setdefault(figure.caption, set()).add(figure.pmcid)
    shared = {caption for caption, pmcids in owners.items() if len(pmcids) > 1}
    assert shared == {figure_of(sample, f).caption for f in (Fault.EXACT_DUPLICATE, Fault.NEAR_DUPLICATE)}


def test_channels_of_one_field_have_one_size(sample):
    for figure in good_figures(sample):
        if "blue" in figure.caption and "green" in figure.caption:
            sizes = {
                (x1 - x0, y1 - y0)
                for p in figure.panels
                if p.kind == "fluorescence"
                for x0, y0, x1, y1 in [p.drawing_box]
            }
            assert len(sizes) <= 1 or "section" in figure.caption


def test_captions_german_and_placeholder(sample):
    assert "Übersicht" in figure_of(sample, Fault.GERMAN_CAPTION).caption
    assert figure_of(sample, Fault.PLACEHOLDER_CAPTION).caption == "See text."


def test_each_fault_is_planted_once(sample):
    assert Counter(f.fault for f in sample.truth.faults) == dict.fromkeys(Fault, 1)


def test_flags_of_retracted_and_manuscript(sample):
    for fault, flag in ((Fault.RETRACTED, "is_retracted"), (Fault.MANUSCRIPT, "is_manuscript")):
        planted = sample.fault(fault)
        flagged = [p for p, fields in sample.metadata.items() if fields[flag]]
        assert flagged == [f"{planted.pmcid}.1"]
    manuscript = sample.metadata[f"{sample.fault(Fault.MANUSCRIPT).pmcid}.1"]
    assert not manuscript["is_pmc_openaccess"]
    assert "media_urls" not in manuscript


def test_two_versions_differ_in_text_only(sample):
    pmcid = sample.fault(Fault.TWO_VERSIONS).pmcid
    first, second = sample.bucket / f"{pmcid}.1", sample.bucket / f"{pmcid}.2"
    assert (first / f"{pmcid}.1.txt").read_bytes() != (second / f"{pmcid}.2.txt").read_bytes()
    media = [p.name for p in first.iterdir() if not p.name.startswith("PMC")]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in media)


def test_panels_lie_inside_and_hold_ink(sample, pictures):
    n = 0
    for figure in good_figures(sample):
        for panel in figure.panels:
            picture = np.asarray(pictures[f"{figure.pmcid}.{figure.version}", panel.file][2].convert("L"))
            x0, y0, x1, y1 = panel.drawing_box
            assert 0 <= x0 < x1 <= picture.shape[1]
            assert 0 <= y0 < y1 <= picture.shape[0]
            assert picture[y0:y1, x0:x1].std() > 2
            n += 1
    assert n > 300


def test_drawings_do_not_overlap(sample):
    for figure in good_figures(sample):
        boxes = [(p.file, p.drawing_box) for p in figure.panels]
        for i, (file, (a0, b0, a1, b1)) in enumerate(boxes):
            for other, (c0, d0, c1, d1) in boxes[:i]:
                assert file != other or min(a1, c1) <= max(a0, c0) or min(b1, d1) <= max(b0, d0)


def test_outside_the_panels_and_letters_all_is_white(sample, pictures):
    for figure in good_figures(sample):
        if len(figure.files) > 1 or not figure.panels or not figure.files[0].endswith(".png"):
            continue
        left = np.array(pictures[f"{figure.pmcid}.{figure.version}", figure.files[0]][2].convert("L"))
        for panel in figure.panels:
            for x0, y0, x1, y1 in filter(None, (panel.box, panel.label_box)):
                left[y0:y1, x0:x1] = 255
        assert left.min() > 230


def test_compound_figures_have_two_to_nine_panels_in_many_styles(sample):
    compound = [f for f in sample.truth.figures if f.is_compound]
    sizes = {len(f.panels) for f in compound}
    assert {2, 3, 4, 5, 6} <= sizes
    assert max(sizes) <= 9
    labels = {p.label for f in compound for p in f.panels}
    assert {"A", "a", "(a)", "(A)"} <= labels
    below = [p for f in compound for p in f.panels if p.label_box and p.label_box[1] >= p.drawing_box[3]]
    above = [p for f in compound for p in f.panels if p.label_box and p.label_box[3] <= p.drawing_box[1]]
    inside = [
        p for f in compound for p in f.panels if p.label_box and p.drawing_box[1] < p.label_box[1] < p.drawing_box[3]
    ]
    assert below
    assert above
    assert inside


def test_subcaptions_are_exact_pieces_of_the_caption(sample):
    said = [(f, p) for f in sample.truth.figures for p in f.panels if p.subcaption is not None]
    assert len(said) > 250
    for figure, panel in said:
        assert panel.subcaption in figure.caption
        assert panel.caption_label is not None
