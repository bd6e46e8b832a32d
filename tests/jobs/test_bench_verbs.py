from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from jobs.cli import main


def test_captions_are_scored_and_predictions_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, out = tmp_path / "truth.jsonl", tmp_path / "out.jsonl"
    lines = [
        ("(A) Normal liver. (B) Steatotic liver.", {"A": "Normal liver.", "B": "Steatotic liver."}),
        ("Growth of cells.", {"A": "wrong on purpose", "B": "so that the score is not full"}),
    ]
    rows = [{"pmcid": "PMC1", "fig_id": f"f{n}", "caption": c, "subcaptions": s} for n, (c, s) in enumerate(lines)]
    truth.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["bench", "captions", "--truth", str(truth), "--predictions", str(out), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["label_precision"], scores["label_recall"], scores["exact_label_sets"]) == (1.0, 0.5, 0.5)
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert written[0]["subcaptions"] == lines[0][1] and written[1]["subcaptions"] == {}


@pytest.mark.corpus
def test_panels_are_scored_on_real_figures(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    truth = corpus / "panels.jsonl"
    arguments = ["--truth", str(truth), "--images", str(corpus), "--predictions", str(out), "--json"]
    assert main(["bench", "panels", *arguments]) == 0
    scores = json.loads(capsys.readouterr().out)
    # A 40-line X-Y cut has .661, .809, .741 and .075 on this set.
    assert scores["map_50"] > 0.90 and scores["f1_50"] > 0.93
    assert scores["exact_count"] > 0.90 and scores["false_splits"] <= 0.02
    assert len(out.read_text().splitlines()) == scores["n_figures"] == 321


def drawn_figure(folder: Path) -> Path:
    """A labelled set of one figure of two lettered pictures, with its caption in the line."""
    sheet = Image.new("RGB", (640, 300), "white")
    noise = np.random.default_rng(1)
    for letter, x in (("A", 10), ("B", 330)):
        sheet.paste(Image.fromarray(noise.integers(60, 160, (250, 300, 3), dtype=np.uint8)), (x, 40))
        ImageDraw.Draw(sheet).text((x, 8), letter, fill="black", font=ImageFont.load_default(28))
    sheet.save(folder / "two.png")
    panels = [{"x": x, "y": 10, "w": 300, "h": 280, "label": label} for label, x in (("A", 10), ("B", 330))]
    line = {"pmcid": "PMC1", "fig_id": "f1", "file": "two.png", "compound": True, "panels": panels}
    truth = folder / "panels.jsonl"
    truth.write_text(json.dumps({**line, "caption": "Noise. (A) First sort. (B) Second sort."}) + "\n")
    return truth


def test_pairs_are_scored_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, captions, out = drawn_figure(tmp_path), tmp_path / "captions.jsonl", tmp_path / "out.jsonl"
    texts = {"A": "First sort.", "B": "Third kind."}
    captions.write_text(json.dumps({"pmcid": "PMC1", "fig_id": "f1", "subcaptions": texts}) + "\n")
    sets = ["--truth", str(truth), "--captions", str(captions), "--images", str(tmp_path)]
    assert main(["bench", "pairs", *sets, "--predictions", str(out), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["n_emitted"], scores["n_placed"], scores["n_right"]) == (2, 2, 1)
    (line,) = [json.loads(text) for text in out.read_text().splitlines()]
    assert [(pair["label"], pair["text"]) for pair in line["pairs"]] == [("A", "First sort."), ("B", "Second sort.")]


def test_a_caption_may_come_from_the_labelled_captions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, captions = drawn_figure(tmp_path), tmp_path / "captions.jsonl"
    figure = json.loads(truth.read_text())
    caption = {"caption": figure.pop("caption"), "subcaptions": {"A": "First sort.", "B": "Second sort."}}
    truth.write_text(json.dumps(figure) + "\n")
    captions.write_text(json.dumps({"pmcid": "PMC1", "fig_id": "f1", **caption}) + "\n")
    sets = ["--truth", str(truth), "--captions", str(captions), "--images", str(tmp_path)]
    assert main(["bench", "pairs", *sets, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_right"] == 2


@pytest.mark.parametrize("without", [[], ["--without", "letters"], ["--without", "letters", "--without", "detector"]])
def test_parts_of_the_splitter_can_be_left_out(
    without: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, out = drawn_figure(tmp_path), tmp_path / "out.jsonl"
    sets = ["--truth", str(truth), "--images", str(tmp_path), "--predictions", str(out), "--json"]
    assert main(["bench", "panels", *sets, *without]) == 0
    assert json.loads(capsys.readouterr().out)["f1_50"] == 1.0
    (line,) = [json.loads(text) for text in out.read_text().splitlines()]
    assert [panel["label"] for panel in line["panels"]] == ["A", "B"]


def test_without_the_caption_only_what_is_evident_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets = ["--truth", str(drawn_figure(tmp_path)), "--images", str(tmp_path), "--without", "captions", "--json"]
    assert main(["bench", "panels", *sets]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["n_captions_read"], scores["f1_50"], scores["letters_right"]) == (0, 1.0, 1.0)


def test_the_worst_figures_are_shown_on_a_sheet(tmp_path: Path) -> None:
    truth, out = drawn_figure(tmp_path), tmp_path / "sheet.png"
    sets = ["--truth", str(truth), "--images", str(tmp_path), "--sheet", str(out), "--json"]
    assert main(["bench", "panels", *sets]) == 0
    assert Image.open(out).size == (1500, 268)


@pytest.mark.parametrize("text", ["", "not json\n", "[]\n"])
def test_a_truth_that_cannot_be_read_is_one_clear_line(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text(text)
    assert main(["bench", "captions", "--truth", str(truth)]) == 2
    assert str(truth) in capfd.readouterr().err
