from __future__ import annotations

import json
from pathlib import Path

import pytest

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
    assert scores["map_50"] > 0.70 and scores["f1_50"] > 0.84
    assert scores["exact_count"] > 0.85 and scores["false_splits"] <= 0.02
    assert len(out.read_text().splitlines()) == scores["n_figures"] == 321


@pytest.mark.parametrize("text", ["", "not json\n", "[]\n"])
def test_a_truth_that_cannot_be_read_is_one_clear_line(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text(text)
    assert main(["bench", "captions", "--truth", str(truth)]) == 2
    assert str(truth) in capfd.readouterr().err
