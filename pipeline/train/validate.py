"""How good a model is on pairs that it does not train on: the loss, and how often the own pair ranks first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from pipeline.train.data import Batch, Chunk, ShardDataset, Span, load
from pipeline.train.evaluate.retrieval import first_hits
from pipeline.train.group import ALONE
from pipeline.train.log import Record
from pipeline.train.loss import contrastive_loss
from pipeline.train.model import Clip
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable
from pipeline.train.presets import Recipe
from pipeline.train.step import Features, Stepper

_CHUNK = 64


class Validation:
    """Pairs of a split, in the order in which they lie, the middle of each picture.

    Args:
        tables: shards and their tables.
        recipe: of the model.
        most: pairs at most.
        n_workers: processes that read.
    """

    def __init__(self, tables: Sequence[tuple[Path, Path]], recipe: Recipe, most: int | None, n_workers: int) -> None:
        sizes = [len(SampleTable(*table)) for table in tables]
        order = Order(sizes, shuffle=False)
        self.n = min(most or order.n_samples, order.n_samples)
        self._recipe, self._n_workers = recipe, n_workers
        self._dataset = ShardDataset(tables, recipe.model.vision.image_size, order)

    def features(self, model: Clip, device: torch.device) -> tuple[Features, list[str]]:
        """The features of all pairs, on the device, and the keys of those that could not be read."""
        stepper = Stepper(model, self._recipe, ALONE, device)
        spans = [Span(i, min(_CHUNK, self.n - i)) for i in range(0, self.n, _CHUNK)]
        was_training = model.training
        model.eval()
        images, texts, bad = [], [], []
        for chunk in load(self._dataset, spans, self._n_workers):
            found = stepper.encode(_batch(chunk, device))
            images.append(found.images)
            texts.append(found.texts)
            bad += chunk.bad
        model.train(was_training)
        return Features(torch.cat(images), torch.cat(texts)), bad

    def record(self, model: Clip, device: torch.device) -> Record:
        """Loss over batches of the recipe's size at most, and R@1 among all pairs, both ways."""
        features, _ = self.features(model, device)
        hits = first_hits(features.images, features.texts)
        return {
            "validation_loss": self._loss(model, features),
            "image_to_text_r1": hits.image_to_text,
            "text_to_image_r1": hits.text_to_image,
            "n_validation": self.n,
        }

    @torch.no_grad()
    def _loss(self, model: Clip, features: Features) -> float:
        loss = contrastive_loss(self._recipe.loss, ALONE, self._recipe.loss_tile)
        parts: list[tuple[Tensor, Tensor]] = list(
            zip(*(part.split(self._recipe.batch_size) for part in features), strict=True)
        )
        losses = [float(loss(x, y, model.logit_scale.exp(), model.logit_bias)) * len(x) for x, y in parts]
        return sum(losses) / self.n


def _batch(chunk: Chunk, device: torch.device) -> Batch:
    return Batch(chunk.images.to(device), list(chunk.tokens.split(chunk.lengths.tolist())), chunk.bad)
