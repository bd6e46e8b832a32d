"""The captions split by a reader: their spans are whole; the splitter is scored on the half `score`."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.config import SplitConfig
from pipeline.split.captions import split_caption
from pipeline.split.score_captions import score_captions
from schemas.figures import Mark

GOLD = Path(__file__).parent / "gold"


@pytest.fixture(scope="module")
def join() -> ModuleType:
    spec = importlib.util.spec_from_file_location("join", GOLD / "join.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "n_lines"), [("captions.jsonl", 2185), ("second.jsonl", 329)])
def test_spans_are_sorted_and_do_not_overlap(name: str, n_lines: int) -> None:
    lines = [json.loads(line) for line in (GOLD / name).read_text().splitlines()]
    assert len({(line["pmcid"], line["number"]) for line in lines}) == len(lines) == n_lines
    for line in lines:
        for spans in (*line["subcaptions"].values(), line["common"]):
            ends = [end for span in spans for end in span]
            assert ends == sorted(ends) and all(start < end for start, end in spans), line["pmcid"]


def test_a_caption_that_has_changed_is_refused(join: ModuleType) -> None:
    line = {"pmcid": "PMC1", "number": 1, "sha256": "0" * 64}
    figure = type("Figure", (), {"caption": "Another text.", "marks": ()})
    with pytest.raises(ValueError, match="PMC1 figure 1"):
        join._truth(line, figure, None)


@pytest.mark.corpus
def test_scores_on_the_half_score(corpus: Path, join: ModuleType, tmp_path: Path) -> None:
    join.main(str(corpus / "jats-xml.tar.gz"), str(tmp_path))
    truth = [json.loads(line) for line in (tmp_path / "score.jsonl").read_text().splitlines()]
    assert len(truth) == 734
    marks = {line["caption"]: [Mark(start=s, end=e, kind=kind) for s, e, kind in line["marks"]] for line in truth}
    least = SplitConfig().min_text_confidence
    scores = score_captions(truth, lambda line: split_caption(line["caption"], marks[line["caption"]]), least)
    assert scores.label_f1 >= 0.95
    assert scores.distinct_token_f1 >= 0.82
    assert scores.words_right >= 0.95 and scores.n_told > 500


@pytest.mark.corpus
def test_two_readers_agree(corpus: Path, join: ModuleType) -> None:
    truth = [line for lines in join.joined(corpus / "jats-xml.tar.gz").values() for line in lines if "second" in line]
    scores = score_captions(truth, lambda line: {"subcaptions": line["second"]})
    assert scores.label_f1 >= 0.98 and scores.words_right >= 0.95
