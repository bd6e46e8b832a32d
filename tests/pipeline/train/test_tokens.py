"""Ids against those of transformers and of open_clip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.train.tokens import (
    CaptionTokenizer,
    TokenizerError,
    clean,
    load_tokenizer,
    train_byte_pairs,
    train_tokenizer,
)

CAPTIONS = [
    "Figure 1. Immunohistochemistry of p53 (×400); scale bar, 20 µm.",
    "CT scan of the  chest\nshowing a 3.2-cm mass &amp; effusion",
    "Na\u00efve CD4+ T cells, *p* < 0.05; ﬁbrosis “quoted”",
    "α-Synuclein 中文 " + "long caption " * 40,
    "",
]


@pytest.fixture(scope="module")
def tokenizer() -> CaptionTokenizer:
    return train_tokenizer(CAPTIONS * 3, 400, 32)


def test_ids_equal_those_of_open_clips_tokenizer(tokenizer: CaptionTokenizer, tmp_path: Path) -> None:
    open_clip = pytest.importorskip("open_clip")
    tokenizer.save(tmp_path)
    theirs = open_clip.tokenizer.HFTokenizer(str(tmp_path), context_length=32)(CAPTIONS)
    for row, ids in zip(theirs.tolist(), tokenizer.encode(CAPTIONS), strict=True):
        assert row == ids.tolist() + [0] * (32 - len(ids))


def test_a_vocabulary_is_the_same_each_time(tokenizer: CaptionTokenizer) -> None:
    assert {train_tokenizer(CAPTIONS * 3, 400, 32).digest for _ in range(5)} == {tokenizer.digest}


def test_a_text_begins_and_ends_with_its_marks_and_fits_the_context(tokenizer: CaptionTokenizer) -> None:
    for ids in tokenizer.encode(CAPTIONS):
        assert (ids[0], ids[-1]) == (2, 3)
        assert len(ids) <= 32
    assert len(tokenizer.encode([CAPTIONS[3]])[0]) == 32


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.txt", ""])
def test_what_was_saved_gives_the_same_ids(tokenizer: CaptionTokenizer, tmp_path: Path, name: str) -> None:
    tokenizer.save(tmp_path)
    again = load_tokenizer(str(tmp_path / name), 32)
    assert [ids.tolist() for ids in again.encode(CAPTIONS)] == [ids.tolist() for ids in tokenizer.encode(CAPTIONS)]


def test_a_vocabulary_of_berts_own_order_is_read(tmp_path: Path) -> None:
    words = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cell", "##s"]
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    assert load_tokenizer(str(tmp_path), 16).encode(["Cells zzz"])[0].tolist() == [101, 104, 105, 100, 102]


def test_a_vocabulary_in_the_hubs_cache_is_found_without_a_network(
    tokenizer: CaptionTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    repository = tmp_path / "models--org--bert"
    snapshot = repository / "snapshots" / "0123456789abcdef"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123456789abcdef")
    tokenizer.save(snapshot)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load_tokenizer("org/bert", 32).encode(CAPTIONS[:1])[0].tolist() == tokenizer.encode(CAPTIONS[:1])[0].tolist()
    with pytest.raises(TokenizerError, match="org/other"):
        load_tokenizer("org/other", 32)


def test_byte_pairs_are_the_same_each_time_and_end_with_the_largest_id() -> None:
    found, again = (train_byte_pairs(CAPTIONS * 3, 300, 12) for _ in range(2))
    assert found.digest == again.digest
    assert found.vocab_size <= 300
    for ids in found.encode([*CAPTIONS, "Größe: 5 µm → 37 °C", "word " * 40, ""]):
        assert len(ids) <= 12
        assert ids.argmax() == len(ids) - 1 == list(ids).index(found.vocab_size - 1)
        assert (ids == found.vocab_size - 2).nonzero()[0].tolist() == [0]


def test_what_is_no_vocabulary_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"holds neither tokenizer.json nor vocab.txt"):
        load_tokenizer(str(tmp_path), 16)
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(TokenizerError, match=r"\[PAD\] is missing"):
        load_tokenizer(str(tmp_path), 16)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"no": "tokenizer"}))
    with pytest.raises(TokenizerError):
        load_tokenizer(str(tmp_path / "tokenizer.json"), 16)


def test_cleaning_undoes_entities_and_blanks() -> None:
    assert clean("a &amp;amp; b\n\t c ") == "a & b c"
