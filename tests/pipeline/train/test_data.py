"""From shards to batches: what is verified, what is skipped, and that workers and devices change nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.train.data import DataError, ShardDataset, Span, batches, load
from pipeline.train.group import Group
from pipeline.train.order import Order
from pipeline.train.prepare import Prepared, SampleTable, prepare
from pipeline.train.shards import ShardError, find_shards, read_samples
from pipeline.train.tokens import CaptionTokenizer, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer(shards: Path) -> CaptionTokenizer:
    return train_tokenizer((s.text for f in find_shards(shards, "train") for s in read_samples(f)), 300, 16)


@pytest.fixture
def prepared(shards: Path, tokenizer: CaptionTokenizer, tmp_path: Path) -> Prepared:
    return prepare(find_shards(shards, "train"), tokenizer, tmp_path / "prepared")


def dataset(prepared: Prepared, **options) -> ShardDataset:
    sizes = [len(SampleTable(*table)) for table in prepared.tables]
    return ShardDataset(prepared.tables, 32, Order(sizes, seed=1), **options)


@pytest.fixture
def copied(shards: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shards, tmp_path / "copy"))


def test_tokens_are_those_of_the_captions(shards: Path, prepared: Prepared, tokenizer: CaptionTokenizer) -> None:
    shard = find_shards(shards, "train")[1]
    samples = list(read_samples(shard))
    table = SampleTable(*prepared.tables[1])
    assert len(table) == 17
    for row, ids in enumerate(tokenizer.encode([s.text for s in samples])):
        assert np.array_equal(table.tokens(row), ids)
        assert table.key(row) == samples[row].key
    assert table.column("pmcid")[0] == "PMC20"


def test_prepared_tables_are_made_once_and_again_for_another_vocabulary(
    shards: Path, prepared: Prepared, tokenizer: CaptionTokenizer
) -> None:
    folder = prepared.tables[0][1].parent
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    prepare(find_shards(shards, "train"), tokenizer, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    prepare(find_shards(shards, "train"), train_tokenizer(["a b c"], 50, 16), folder)
    assert len(list(folder.iterdir())) == 6


def test_an_exports_manifest_names_shards_without_suffix(copied: Path) -> None:
    rows = json.loads((copied / "manifest.json").read_text())["shards"]
    renamed = [{**row, "name": row["file"].removesuffix(".tar")} for row in rows]
    (copied / "manifest.json").write_text(
        json.dumps({"shards": [{k: v for k, v in r.items() if k != "file"} for r in renamed]})
    )
    assert [shard.path.name for shard in find_shards(copied, "validation")] == ["validation-00000.tar"]


def test_a_folder_without_manifest_will_do(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    assert [shard.sha256 for shard in find_shards(copied, "train")] == [None] * 3


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", ["flipped", "cut", "gone"])
def test_a_corrupt_shard_is_skipped_and_named(
    copied: Path, tokenizer: CaptionTokenizer, tmp_path: Path, harm: str
) -> None:
    victim = copied / "train-00001.tar"
    if harm == "flipped":
        flip(victim, 3000)
    elif harm == "cut":
        victim.write_bytes(victim.read_bytes()[:20_000])
    else:
        victim.unlink()
    found = prepare(find_shards(copied, "train"), tokenizer, tmp_path / "prepared")
    assert [shard.name for shard, _ in found.tables] == ["train-00000.tar", "train-00002.tar"]
    assert len(found.skipped) == 1
    assert found.skipped[0].startswith("train-00001.tar: ")


def test_a_cut_shard_is_found_without_a_manifest(copied: Path, tokenizer: CaptionTokenizer, tmp_path: Path) -> None:
    (copied / "manifest.json").unlink()
    victim = copied / "train-00001.tar"
    victim.write_bytes(victim.read_bytes()[:20_000])
    assert len(prepare(find_shards(copied, "train"), tokenizer, tmp_path / "prepared").skipped) == 1


def test_no_usable_shard_is_an_error(tokenizer: CaptionTokenizer, copied: Path, tmp_path: Path) -> None:
    for path in copied.glob("train-*.tar"):
        path.write_bytes(b"no tar")
    with pytest.raises(ShardError, match="no shard can be used"):
        prepare(find_shards(copied, "train"), tokenizer, tmp_path / "prepared")
    with pytest.raises(ShardError, match="holds no shards of the split 'test'"):
        find_shards(copied, "test")


def stream(prepared: Prepared, **options) -> list[tuple[bytes, list[int]]]:
    found = batches(dataset(prepared, min_area=0.9, seed=5), 2, 4, 30, **options)
    return [
        (image.numpy().tobytes(), text.tolist())
        for batch in found
        for image, text in zip(batch.images, batch.texts, strict=True)
    ]


def test_the_number_of_workers_changes_nothing(prepared: Prepared) -> None:
    assert stream(prepared, n_workers=0) == stream(prepared, n_workers=1) == stream(prepared, n_workers=3)


def test_devices_share_a_batch(prepared: Prepared) -> None:
    whole = stream(prepared)
    parts = [stream(prepared, group=Group(rank, 3)) for rank in range(3)]
    together = [sample for i in range(4) for part in parts for sample in part[10 * i : 10 * i + 10]]
    assert together == whole


def test_an_epoch_has_each_picture_once(prepared: Prepared) -> None:
    data = dataset(prepared)
    chunks = list(load(data, [Span(0, 20), Span(20, 20), Span(40, 10)], 2))
    pictures = {image.numpy().tobytes() for chunk in chunks for image in chunk.images}
    assert len(pictures) == 50


def harm_picture(shard: Path, table: Path, row: int) -> str:
    samples = SampleTable(shard, table)
    offset, _ = samples.place(row)
    data = bytearray(shard.read_bytes())
    data[offset : offset + 400] = bytes(400)
    shard.write_bytes(bytes(data))
    return samples.key(row)


def test_a_picture_that_cannot_be_read_is_named_and_a_neighbour_stands_in(
    copied: Path, tokenizer: CaptionTokenizer, tmp_path: Path
) -> None:
    found = prepare(find_shards(copied, "train"), tokenizer, tmp_path / "prepared")
    key = harm_picture(*found.tables[0], row=4)
    chunk = dataset(found)[Span(0, 50)]
    assert chunk.bad == [key]
    assert len(chunk.images) == len(chunk.lengths) == 50
    assert len({image.numpy().tobytes() for image in chunk.images}) == 49


def test_when_no_picture_can_be_read_the_error_is_one_line(
    copied: Path, tokenizer: CaptionTokenizer, tmp_path: Path
) -> None:
    found = prepare(find_shards(copied, "train"), tokenizer, tmp_path / "prepared")
    for shard, _ in found.tables:
        shard.write_bytes(bytes(shard.stat().st_size))
    for n_workers in (0, 1):
        with pytest.raises(DataError, match=r"^none of 5 pictures can be read: PMC\w+ and those after it$"):
            list(load(dataset(found), [Span(0, 5)], n_workers))


def test_tokens_survive_the_join_of_chunks(prepared: Prepared) -> None:
    (batch,) = batches(dataset(prepared), 0, 1, 150)
    assert batch.images.shape == (150, 32, 32, 3)
    assert batch.images.dtype == torch.uint8
    assert len(batch.texts) == 150
    assert all(text[0] == 2 and text[-1] == 3 for text in batch.texts)  # [CLS] and [SEP]
