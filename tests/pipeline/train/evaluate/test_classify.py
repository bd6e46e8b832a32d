"""Zero-shot and linear probes on pictures that are easy to tell apart; figures against scikit's definitions by hand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image

from pipeline.train.evaluate.bootstrap import interval, share_interval
from pipeline.train.evaluate.classify import (
    auroc,
    class_vectors,
    classification_metrics,
    probe,
    probe_metrics,
    shots,
    zero_shot_metrics,
)
from pipeline.train.evaluate.datasets import TASKS, DatasetError, Task, read_split
from pipeline.train.evaluate.embed import Encoder, encode_split
from pipeline.train.evaluate.results import result, write_result
from pipeline.train.evaluate.tally import TYPES, TallyError, add_column, count, figure_types
from pipeline.train.evaluate.vqa import asked, read_questions, vqa_metrics
from pipeline.train.export import export
from pipeline.train.model import Clip
from pipeline.train.presets import ModelConfig
from pipeline.train.shards import find_shards, read_samples
from pipeline.train.tokens import train_tokenizer


@pytest.fixture(scope="module")
def model(
    shards: Path, make_model: Callable[..., Clip], tiny: ModelConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    if tiny.text.kind == "gpt":
        pytest.skip("one tower is enough here")
    texts = [s.text for f in find_shards(shards, "train") for s in read_samples(f)]
    tokenizer = train_tokenizer([*texts, *TYPES], 300, tiny.text.context)
    config = dataclasses.replace(tiny, text=dataclasses.replace(tiny.text, vocab_size=tokenizer.vocab_size))
    folder = tmp_path_factory.mktemp("model")
    export(make_model(config).state_dict(), config, tokenizer, folder)
    return folder


def test_accuracy_and_mean_recall() -> None:
    scores = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2, 0]]
    found = classification_metrics(scores, np.array([0, 0, 0, 1, 2, 2]), binary=False)
    assert found["acc1"] == pytest.approx(4 / 6)
    assert found["mean_per_class_recall"] == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)


@pytest.mark.parametrize(
    ("scores", "labels", "wanted"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([3, 2, 1], [1, 0, 0], 1.0),
    ],
)
def test_area_under_the_curve(scores: list[float], labels: list[int], wanted: float) -> None:
    assert auroc(np.array(scores, np.float32), np.array(labels)) == pytest.approx(wanted)


def test_intervals_cover_what_theory_says() -> None:
    low, high = share_interval(0.3, 1000)
    assert (low, high) == pytest.approx((0.272, 0.328), abs=0.004)
    hits = np.arange(1000) < 300
    assert interval(lambda rows: float(hits[rows].mean()), 1000) == pytest.approx((low, high), abs=0.006)


def test_prompts_are_those_of_the_papers_table() -> None:
    assert TASKS["pcam"].templates == ("this is an image of {}", "{} presented in image")
    assert TASKS["rsna"].classes == ("normal lung", "pneumonia")
    assert TASKS["tcga-til"].binary


def test_a_class_is_the_mean_of_its_prompts(model: Path) -> None:
    encoder = Encoder(model)
    task = Task(("a", "b"), ("red square", "blue square"), ("a {}", "the {}"))
    vectors = class_vectors(encoder, task)
    wanted = F.normalize(encoder.texts(["a blue square", "the blue square"]).mean(0), dim=-1)
    assert torch.allclose(vectors[1], wanted, atol=1e-6)
    assert zero_shot_metrics(vectors, np.array([0, 1]), vectors)["acc1"] == 1


def coloured(colour: tuple[int, int, int], number: int) -> Image.Image:
    rng = np.random.default_rng(number)
    return Image.fromarray(np.clip(np.array(colour) + rng.integers(-30, 30, (40, 50, 3)), 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("colon")
    for split, n in (("train", 20), ("test", 10)):
        for name, colour in (("colon_aca", (200, 60, 60)), ("colon_n", (60, 60, 200))):
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(n):
                coloured(colour, 100 * (split == "test") + i).save(folder / f"{i}.png")
    return root


def test_folders_and_arrays_are_read_alike(folders: Path, tmp_path: Path) -> None:
    task = TASKS["lc25000-colon"]
    found = read_split(folders, "test", task)
    assert found.labels.tolist() == [0] * 10 + [1] * 10
    arrays = np.stack([np.asarray(Image.open(path)) for path in found.pictures])
    np.savez(tmp_path / "set.npz", test_images=arrays, test_labels=found.labels[:, None])
    again = read_split(tmp_path / "set.npz", "test", task)
    for a, b in zip(found.squares(32), again.squares(32), strict=True):
        assert np.array_equal(a, b)
    with pytest.raises(DatasetError, match="it needs train_images and train_labels"):
        read_split(tmp_path / "set.npz", "train", task)
    with pytest.raises(DatasetError, match="has no folder train; training and test on the same pictures"):
        read_split(folders / "test", "train", task)
    with pytest.raises(DatasetError, match="holds no pictures; the classes are 0, 1"):
        read_split(folders, "test", TASKS["pcam"])


def test_a_probe_learns_what_is_easy_to_tell(folders: Path, model: Path) -> None:
    task, encoder = TASKS["lc25000-colon"], Encoder(model)
    train, test = (
        (encoder.images(found.squares(encoder.image_size)), found.labels)
        for found in (read_split(folders, split, task) for split in ("train", "test"))
    )
    metrics = probe_metrics(train, test, (0.1, 1.0), binary=False)
    assert metrics["acc1@100%"] == 1
    assert metrics["n_train@10%"] == 4
    assert metrics["n_train@100%"] == 40


def test_a_probe_is_the_best_linear_layer() -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(400, 5, generator=generator)
    labels = (vectors @ torch.tensor([1.0, -2, 0.5, 0, 0]) > 0).long().numpy()
    scores = probe((vectors[:300], labels[:300]), vectors[300:], 2)
    assert (scores.argmax(1) == labels[300:]).mean() > 0.97


def test_shares_have_all_classes_and_differ_by_seed() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 5])
    rows = shots(labels, 0.01, seed=0)
    assert np.bincount(labels[rows]).tolist() == [10, 1, 1]
    assert not np.array_equal(rows, shots(labels, 0.01, seed=1))
    assert np.array_equal(shots(labels, 1.0, seed=0), np.arange(1105))


def test_pairs_of_shards_keep_their_order(model: Path, shards: Path, tmp_path: Path) -> None:
    encoder = Encoder(model)
    pairs = encode_split(encoder, shards, "validation", tmp_path, 0, None)
    samples = [s for f in find_shards(shards, "validation") for s in read_samples(f)]
    assert pairs.keys == [s.key for s in samples]
    assert torch.allclose(pairs.texts, encoder.texts([s.text for s in samples]), atol=1e-5)
    data = find_shards(shards, "validation")[0].path.read_bytes()
    from pipeline.train.pictures import evaluation_square

    squares = [evaluation_square(data[s.offset : s.offset + s.n_bytes], encoder.image_size) for s in samples]
    assert torch.allclose(pairs.images, encoder.images(squares), atol=1e-5)


def test_the_tally_names_the_nearest_kind_of_each_picture(model: Path, shards: Path, tmp_path: Path) -> None:
    encoder = Encoder(model)
    pairs = encode_split(encoder, shards, "validation", tmp_path, 0, None)
    types = figure_types(encoder, pairs)
    assert types.column_names == ["pair_id", "figure_type", "figure_type_similarity"]
    assert types["pair_id"].to_pylist() == pairs.keys
    assert sum(count(types).values()) == 8
    kinds = encoder.texts([f"this is an image of {kind}" for kind in TYPES])
    assert types["figure_type"][0].as_py() == TYPES[int((pairs.images[0] @ kinds.T).argmax())]


def test_kinds_become_a_column_of_a_copy_of_the_pairs(tmp_path: Path) -> None:
    types = pa.table({"pair_id": ["b", "a"], "figure_type": ["x", "y"], "figure_type_similarity": [0.5, 0.25]})
    schema = pa.schema([pa.field("pair_id", pa.string(), metadata={"doc": "its id"}), ("text", pa.string())])
    for part, ids in (("part-0", ["a", "c"]), ("part-1", ["b"])):
        (tmp_path / "pairs" / part).mkdir(parents=True)
        rows = pa.table({"pair_id": ids, "text": [f"text of {i}" for i in ids]}, schema=schema)
        pq.write_table(rows, tmp_path / "pairs" / part / "pairs.parquet")
        pq.write_table(rows, tmp_path / "pairs" / part / "rejects.parquet")
    before = (tmp_path / "pairs" / "part-0" / "pairs.parquet").read_bytes()
    assert add_column(types, tmp_path / "pairs", tmp_path / "out") == 2
    assert [str(path.relative_to(tmp_path / "out")) for path in sorted((tmp_path / "out").rglob("*.parquet"))] == [
        "part-0/pairs.parquet",
        "part-1/pairs.parquet",
    ]
    found = pq.read_table(tmp_path / "out" / "part-0" / "pairs.parquet")
    assert found.to_pylist() == [
        {"pair_id": "a", "text": "text of a", "figure_type": "y", "figure_type_similarity": 0.25},
        {"pair_id": "c", "text": "text of c", "figure_type": None, "figure_type_similarity": None},
    ]
    assert found.schema.field("pair_id").metadata[b"doc"] == b"its id"
    assert (tmp_path / "pairs" / "part-0" / "pairs.parquet").read_bytes() == before
    with pytest.raises(TallyError, match="is there already"):
        add_column(types, tmp_path / "pairs", tmp_path / "out")
    with pytest.raises(TallyError, match="neither a Parquet file nor a folder"):
        add_column(types, tmp_path / "nothing", tmp_path / "other")


def questions(folder: Path, form: str) -> None:
    images = folder / ("imgs" if form == "slake" else "VQA_RAD Image Folder")
    images.mkdir()
    rows = []
    for i in range(40):
        name, red = f"{i}.jpg", i % 2 == 0
        coloured((200, 50, 50) if red else (50, 50, 200), i).save(images / name)
        row = {"question": "Is it red?", "answer": "Yes " if red else "no", "answer_type": "CLOSED "}
        if i % 4 == 3:
            row = {"question": "Which colour?", "answer": "Blue", "answer_type": "OPEN"}
        extra = {"img_name": name, "q_lang": "en"} if form == "slake" else {"image_name": name}
        rows.append({**row, **extra, "phrase_type": "test_freeform" if i >= 28 else "freeform"})
    if form == "slake":
        rows.append({**rows[0], "q_lang": "zh"})
        (folder / "train.json").write_text(json.dumps([*rows[:28], rows[-1]]))
        (folder / "test.json").write_text(json.dumps(rows[28:40]))
    else:
        (folder / "VQA_RAD Dataset Public.json").write_text(json.dumps(rows))


@pytest.mark.parametrize("form", ["slake", "vqa-rad"])
def test_questions_are_answered_from_pictures(model: Path, tmp_path: Path, form: str) -> None:
    questions(tmp_path, form)
    train, test = read_questions(tmp_path)
    assert (len(train), len(test)) == (28, 12)
    encoder = Encoder(model)
    metrics = vqa_metrics(asked(encoder, train), asked(encoder, test))
    assert metrics["accuracy_closed"] == 1
    assert metrics["accuracy_open"] == 1
    assert metrics["n_answers"] == 3


def test_an_answer_never_seen_is_wrong(model: Path, tmp_path: Path) -> None:
    questions(tmp_path, "slake")
    train, test = read_questions(tmp_path)
    other = [dataclasses.replace(q, answer="purple") for q in test]
    encoder = Encoder(model)
    assert vqa_metrics(asked(encoder, train), asked(encoder, other))["accuracy_overall"] == 0
    with pytest.raises(DatasetError, match=r"holds neither SLAKE's train\.json"):
        read_questions(tmp_path / "imgs")


def test_results_have_clip_benchmarks_form(tmp_path: Path) -> None:
    write_result(
        result("pcam", "m", "zeroshot_classification", {"acc1": 0.5, "acc1_ci95": share_interval(0.5, 10)}),
        tmp_path / "a" / "r.json",
    )
    found = json.loads((tmp_path / "a" / "r.json").read_text())
    assert {"dataset", "model", "pretrained", "task", "metrics"} <= found.keys()
    assert found["metrics"]["acc1"] == 0.5
    assert len(found["metrics"]["acc1_ci95"]) == 2
