"""That the machine learns from real figures: trained on some articles of a release, tried on the others.

    python tests/benchmarks/train_real.py ROOT/releases/latest /tmp/real

1. The pairs of the release are dealt by article: three quarters train, one quarter is held out.
2. A small model trains from random weights, EPOCHS passes. The loss on held-out pairs is taken along the way; nothing
   is chosen by it. Sizes, crops, dropout and EPOCHS were chosen by three folds of the training articles.
3. Retrieval among the held-out pairs of the model at the end, beside chance.
4. The same weights and batches go through open_clip's model and loss for COMPARED steps, without dropout, which neither
   would draw alike: the curves beside each other.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.tar import TarWriter, read_slice
from pipeline.train.data import ShardDataset, batches
from pipeline.train.evaluate.embed import Encoder, encode_split
from pipeline.train.evaluate.retrieval import ranks, retrieval_metrics
from pipeline.train.export import bert_config, open_clip_config
from pipeline.train.group import ALONE
from pipeline.train.log import read_log
from pipeline.train.loop import Reports, train
from pipeline.train.model import new_model, normalised
from pipeline.train.names import to_open_clip
from pipeline.train.optim import learning_rate, limit_scale, new_optimizer, set_learning_rate
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable, prepare
from pipeline.train.presets import TINY, ModelConfig, Recipe, TextConfig, VisionConfig, recipe_from_json
from pipeline.train.run import Job
from pipeline.train.shards import find_shards, read_samples
from pipeline.train.step import Stepper
from pipeline.train.tokens import tokenizer_from_json

EPOCHS, COMPARED = 36, 120
SIDE = 32
"""Width of both towers: with hundreds of pairs, wider ones learn by heart sooner and retrieve no better."""

MODEL = ModelConfig(
    VisionConfig(None, image_size=96, width=SIDE, layers=2, heads=1, mlp_ratio=3),
    TextConfig(context=128, vocab_size=1000, width=SIDE, layers=1, heads=1, max_positions=128, hub=None),
    embed_dim=64,
)
RECIPE = dataclasses.replace(
    TINY, model=MODEL, epochs=EPOCHS, lr=1e-3, warmup_steps=30, text_dropout=0.2, min_crop=0.4, weight_decay=1.0
)
RESAMPLES = 2000


def is_held_out(pmcid: str) -> bool:
    # Not the fold 0, on which it was seen that 400 pairs are learnt by heart in 40 passes.
    return int(hashlib.sha256(pmcid.encode()).hexdigest(), 16) % 4 == 1


def deal(release: Path, folder: Path) -> dict[str, int]:
    """Writes two shards by article; returns how many pairs each has."""
    folder.mkdir(parents=True)
    counts = {"train": 0, "validation": 0}
    tars = {split: TarWriter(folder / f"{split}-00000.tar") for split in counts}
    for old in ("train", "validation", "test"):
        for shard in find_shards(release, old) if list(release.glob(f"{old}-*.tar")) else ():
            for sample in read_samples(shard):
                split = "validation" if is_held_out(sample.about["pmcid"]) else "train"
                picture = read_slice(shard.path, sample.offset, sample.n_bytes)
                about = json.dumps(sample.about).encode()
                for suffix, data in (("jpg", picture), ("json", about), ("txt", sample.text.encode())):
                    tars[split].add(f"{sample.key}.{suffix}", data)
                counts[split] += 1
    for tar in tars.values():
        tar.close()
    return counts


def learn(shards: Path, run: Path) -> None:
    job = Job(RECIPE, shards, run, init="random", checkpoint_every=1000, validate_every=30)
    train(job, Reports(print, lambda record: None))
    for record in read_log(run):
        if "validation_loss" in record:
            print({name: round(value, 4) for name, value in record.items()}, flush=True)


def try_held_out(shards: Path, run: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pairs = encode_split(Encoder(run), shards, "validation", Path(folder), 0, None)
    n = len(pairs.images)
    metrics = retrieval_metrics(pairs.images, pairs.texts)
    articles = [key.split("_")[0] for key in pairs.keys]
    print(f"held out: {n} pairs of {len(set(articles))} articles")
    both = ranks(pairs.images, pairs.texts)
    for name, found in (("text_retrieval", both.image_to_text), ("image_retrieval", both.text_to_image)):
        for k in (1, 5, 10):
            share = metrics[f"{name}_recall@{k}"]
            low, high = metrics[f"{name}_recall@{k}_ci95"]
            print(f"{name} R@{k}: {share:.3f} ({low:.3f} to {high:.3f}), {share / (k / n):.1f} x chance")
        print(f"{name} median rank {metrics[f'{name}_median_rank']:.0f} of {n}; chance {n / 2:.0f}")
        better = 1 - found.double().numpy() / (n - 1)
        low, high = interval(better, articles)
        print(
            f"{name} ranks the right one above {better.mean():.3f} ({low:.3f} to {high:.3f}) of the others; chance 0.5"
        )


def interval(values: np.ndarray, articles: list[str]) -> tuple[float, float]:
    """A 95 % interval of the mean, by drawing whole articles: pairs of one are not independent."""
    names = sorted(set(articles))
    sums = np.array([[values[[a == name for a in articles]].sum(), articles.count(name)] for name in names])
    drawn = sums[np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))].sum(1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(low), float(high)


def compare(shards: Path, run: Path, steps: int) -> None:
    import open_clip

    recipe: Recipe = recipe_from_json(json.loads((run / "recipe.json").read_text()))
    recipe = dataclasses.replace(recipe, text_dropout=0.0)
    tokenizer = tokenizer_from_json((run / "tokenizer.json").read_text(), recipe.model.text.context)
    tables = prepare(find_shards(shards, "train"), tokenizer, run / "prepared").tables
    order = Order([len(SampleTable(*table)) for table in tables], recipe.seed)
    data = ShardDataset(tables, recipe.model.vision.image_size, order, min_area=recipe.min_crop)
    mine = new_model(recipe).train()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(
            json.dumps({**bert_config(recipe.model.text), "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0})
        )
        config = open_clip_config(recipe.model, folder)["model_cfg"]
        config["text_cfg"]["hf_model_pretrained"] = False
        theirs = open_clip.CustomTextCLIP(config["embed_dim"], config["vision_cfg"], config["text_cfg"])
    theirs.load_state_dict(to_open_clip(mine.state_dict(), recipe.model))
    theirs.train()
    device = torch.device("cpu")
    optimizers = [new_optimizer(model, recipe, device) for model in (mine, theirs)]
    stepper, loss_of = Stepper(mine, recipe, ALONE, device), open_clip.ClipLoss()
    largest = 0.0
    for i, batch in enumerate(batches(data, 0, steps, recipe.batch_size)):
        ids = torch.zeros(len(batch.texts), recipe.model.text.context, dtype=torch.int64)
        for row, text in zip(ids, batch.texts, strict=True):
            row[: len(text)] = text
        for optimizer in optimizers:
            optimizer.zero_grad()
            set_learning_rate(optimizer, learning_rate(i, EPOCHS * order.n_samples // recipe.batch_size, recipe))
        loss = stepper.gradients(batch, i).item()
        other = loss_of(*theirs(normalised(batch.images), ids))
        other.backward()
        for optimizer in optimizers:
            optimizer.step()
        limit_scale(mine)
        limit_scale(theirs)
        largest = max(largest, abs(loss / other.item() - 1))
        if i % 10 == 9 or i == 0:
            print(f"step {i + 1}: ours {loss:.5f}, open_clip {other.item():.5f}", flush=True)
    print(f"largest relative difference in {steps} steps: {largest:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    shutil.rmtree(args.out, ignore_errors=True)
    print(deal(args.release, args.out / "shards"), flush=True)
    learn(args.out / "shards", args.out / "run")
    try_held_out(args.out / "shards", args.out / "run")
    compare(args.out / "shards", args.out / "run", COMPARED)


if __name__ == "__main__":
    main()
