"""That the machine learns from real figures: each article of a release is held out once.

    python tests/benchmarks/train_real.py ROOT/releases/latest /tmp/real

1. The pairs of the release are dealt by article into quarters. Four times a small model trains from random weights on
   three of them, EPOCHS passes, and retrieval is tried among the pairs of the fourth, beside chance. Sizes, crops and
   dropout were chosen by folds of the articles outside of quarter 1, the learning rate and EPOCHS by the results of
   quarters 0, 2 and 3: quarter 1 alone was in no choice.
2. All held-out pairs together, with intervals by articles, for pairs of one article are not independent.
3. Weights and batches of quarter 1 go through open_clip's model and loss too, for COMPARED steps, without dropout,
   which they would draw differently: the curves beside each other.
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
from typing import NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.tar import TarWriter, read_slice
from pipeline.train.data import ShardDataset, batches
from pipeline.train.evaluate.embed import Encoder, encode_split
from pipeline.train.evaluate.retrieval import ranks
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

QUARTERS, EPOCHS, COMPARED = 4, 60, 120
WIDTH = 32
"""Of both towers: with hundreds of pairs, wider ones learn by heart sooner and retrieve no better."""

MODEL = ModelConfig(
    VisionConfig(None, image_size=96, width=WIDTH, layers=2, heads=1, mlp_ratio=3),
    TextConfig(context=128, vocab_size=1000, width=WIDTH, layers=1, heads=1, max_positions=128, hub=None),
    embed_dim=64,
)
RECIPE = dataclasses.replace(
    TINY, model=MODEL, epochs=EPOCHS, lr=3e-4, warmup_steps=30, text_dropout=0.2, min_crop=0.4, weight_decay=1.0
)
FIRST, RESAMPLES, VALIDATE_EVERY = 10, 2000, 40


def quarter_of(pmcid: str) -> int:
    return int(hashlib.sha256(pmcid.encode()).hexdigest(), 16) % QUARTERS


def deal(release: Path, folder: Path, held_out: int) -> dict[str, int]:
    """Writes two shards by article, one of them of the quarter that is held out; returns how many pairs each has."""
    folder.mkdir(parents=True)
    counts = {"train": 0, "validation": 0}
    tars = {split: TarWriter(folder / f"{split}-00000.tar") for split in counts}
    for old in ("train", "validation", "test"):
        for shard in find_shards(release, old) if list(release.glob(f"{old}-*.tar")) else ():
            for sample in read_samples(shard):
                split = "validation" if quarter_of(sample.about["pmcid"]) == held_out else "train"
                picture = read_slice(shard.path, sample.offset, sample.n_bytes)
                about = json.dumps(sample.about).encode()
                for suffix, data in (("jpg", picture), ("json", about), ("txt", sample.text.encode())):
                    tars[split].add(f"{sample.key}.{suffix}", data)
                counts[split] += 1
    for tar in tars.values():
        tar.close()
    return counts


def learn(shards: Path, run: Path) -> None:
    job = Job(RECIPE, shards, run, init="random", checkpoint_every=1000, validate_every=VALIDATE_EVERY)
    train(job, Reports(lambda note: None, lambda record: None))
    found = [round(record["validation_loss"], 3) for record in read_log(run) if "validation_loss" in record]
    print(f"  validation loss every {VALIDATE_EVERY} steps: {found}", flush=True)


class Tried(NamedTuple):
    """How the pairs of one article did."""

    articles: list[str]
    hits: dict[str, np.ndarray]
    """By direction: in units of chance, whether the right one is among the first ten."""
    above: dict[str, np.ndarray]
    """By direction: the share of the others that rank below the right one; chance gives 0.5."""


def try_held_out(shards: Path, run: Path) -> Tried:
    with tempfile.TemporaryDirectory() as folder:
        pairs = encode_split(Encoder(run), shards, "validation", Path(folder), 0, None)
    n, both = len(pairs.keys), ranks(pairs.images, pairs.texts)
    places = {"image to text": both.image_to_text.numpy(), "text to image": both.text_to_image.numpy()}
    return Tried(
        [key.split("_")[0] for key in pairs.keys],
        {name: (place < FIRST) / (FIRST / n) for name, place in places.items()},
        {name: 1 - place / (n - 1) for name, place in places.items()},
    )


def tell(tried: list[Tried], title: str) -> None:
    articles = [article for some in tried for article in some.articles]
    print(f"{title}: {len(articles)} held-out pairs of {len(set(articles))} articles")
    for name in tried[0].hits:
        for what, of in (
            (f"R@{FIRST} in units of chance", "hits"),
            ("share of others ranked below; chance 0.5", "above"),
        ):
            values = np.concatenate([getattr(some, of)[name] for some in tried])
            low, high = interval(values, articles)
            print(f"  {name}: {what}: {values.mean():.3f} ({low:.3f} to {high:.3f})", flush=True)


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
    recipe = dataclasses.replace(recipe, text_dropout=0.0, patch_dropout=0.0)
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
    tried = []
    for quarter in range(QUARTERS):
        folder = args.out / f"quarter-{quarter}"
        print(f"quarter {quarter}: {deal(args.release, folder / 'shards', quarter)}", flush=True)
        learn(folder / "shards", folder / "run")
        tried.append(try_held_out(folder / "shards", folder / "run"))
        tell(tried[-1:], f"quarter {quarter}")
    tell(tried, "all quarters")
    folder = args.out / "quarter-1"
    compare(folder / "shards", folder / "run", COMPARED)


if __name__ == "__main__":
    main()
