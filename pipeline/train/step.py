"""One step's gradient: exactly that of the whole batch, whatever part of it fits into memory.

Features of all pairs are needed before the loss of any. So the batch goes through the towers in micro-batches; of the
last few the activations are kept, of the others only the features. The loss then says what each feature's gradient is,
and that gradient goes back through the kept activations and, for the others, through activations made a second time.

Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", where all are made
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.train.data import Batch
from pipeline.train.group import Group
from pipeline.train.loss import contrastive_loss
from pipeline.train.model import Clip, Texts, packed_texts, padded_texts
from pipeline.train.presets import Recipe

_WIDTH_STEP = 16
"""Texts are padded to a multiple of this: matrix units want it, and a compiled block meets fewer shapes."""


class Features(NamedTuple):
    """What the towers made of a batch."""

    images: Tensor
    """(B, E) float32 unit vectors."""
    texts: Tensor
    """(B, E) float32 unit vectors."""


@dataclass(slots=True, eq=False)
class _Part:
    """A micro-batch of one tower."""

    rows: Tensor
    """(b,) int64, whose features these are in the batch."""
    encode: Callable[[], Tensor]
    seed: int
    """Of dropout; the second time through the tower must drop what the first did."""
    features: Tensor | None = None
    """(b, E), with their graph where activations are kept."""


class Stepper:
    """Computes gradients of a model as a recipe wants it.

    Args:
        model: on the device.
        recipe: micro-batches, layout of text, loss, precision.
        group: the devices.
        device: this one.
    """

    def __init__(self, model: Clip, recipe: Recipe, group: Group, device: torch.device) -> None:
        self._model, self._recipe, self._group, self._device = model, recipe, group, device
        self._loss = contrastive_loss(recipe.loss, group, recipe.loss_tile)

    def gradients(self, batch: Batch, step: int) -> Tensor:
        """Adds the gradient of the loss over all devices' pairs to the weights'; returns the loss ().

        Of the gradient each device has a part; their sum is the whole.
        """
        images, texts = self._image_parts(batch.images, step), self._text_parts(batch.texts, step)
        inputs = Features(self._features(images).requires_grad_(), self._features(texts).requires_grad_())
        loss = self.loss(inputs)
        loss.backward()
        for parts, gradient in ((images, inputs.images.grad), (texts, inputs.texts.grad)):
            assert gradient is not None
            self._backward(parts, gradient)
        return loss.detach()

    @torch.no_grad()
    def encode(self, batch: Batch) -> Features:
        """The features of a batch."""
        images, texts = self._image_parts(batch.images, 0), self._text_parts(batch.texts, 0)
        return Features(self._features(images), self._features(texts))

    def loss(self, features: Features) -> Tensor:
        """The loss () of all devices' features."""
        model = self._model
        return self._loss(features.images, features.texts, model.logit_scale.exp(), model.logit_bias)

    def _image_parts(self, images: Tensor, step: int) -> list[_Part]:
        rows = torch.arange(len(images), device=self._device).split(self._recipe.micro_batch)
        pieces = images.split(self._recipe.micro_batch)
        seeds = self._seeds(step, tower=0)
        return [
            _Part(part, lambda piece=piece: self._model.encode_images(piece), seed)  # type: ignore[misc]
            for part, piece, seed in zip(rows, pieces, seeds, strict=False)
        ]

    def _text_parts(self, texts: Sequence[Tensor], step: int) -> list[_Part]:
        order = list(range(len(texts)))
        if self._recipe.text_layout == "sorted":
            order.sort(key=lambda i: len(texts[i]))
        parts = torch.tensor(order).split(self._recipe.micro_batch)
        seeds = self._seeds(step, tower=1)
        return [
            self._text_part([texts[i] for i in rows.tolist()], rows.to(self._device), seed)
            for rows, seed in zip(parts, seeds, strict=False)
        ]

    def _text_part(self, texts: Sequence[Tensor], rows: Tensor, seed: int) -> _Part:
        laid_out = self._laid_out(texts)
        return _Part(rows, lambda: self._model.encode_texts(laid_out), seed)

    def _laid_out(self, texts: Sequence[Tensor]) -> Texts:
        causal = self._model.text.causal
        if self._recipe.text_layout == "packed":
            return packed_texts(texts, self._device, causal=causal)
        width = context = self._recipe.model.text.context
        if self._recipe.text_layout == "sorted":
            width = min(context, -(-max(map(len, texts)) // _WIDTH_STEP) * _WIDTH_STEP)
        return padded_texts(texts, self._device, to=width, causal=causal)

    def _seeds(self, step: int, tower: int) -> Iterator[int]:
        """Seeds of dropout: functions of the step, so that a resumed run drops what an undisturbed one would."""
        part = 0
        while True:
            yield hash((self._recipe.seed, step, self._group.rank, tower, part)) & 0x7FFFFFFFFFFFFFFF
            part += 1

    def _features(self, parts: Sequence[_Part]) -> Tensor:
        """The features of all parts (B, E), in the order of the batch, cut off from their graphs."""
        n_live = self._recipe.live_micro_batches
        for i, part in enumerate(parts):
            kept = torch.is_grad_enabled() and i >= len(parts) - n_live
            with torch.set_grad_enabled(kept):
                part.features = self._forward(part)
        rows = torch.cat([part.rows for part in parts])
        features = torch.cat([part.features.detach() for part in parts if part.features is not None])
        return torch.empty_like(features).index_copy_(0, rows, features)

    def _forward(self, part: _Part) -> Tensor:
        torch.manual_seed(part.seed)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.precision == "bf16"):
            return part.encode()

    def _backward(self, parts: Sequence[_Part], gradient: Tensor) -> None:
        # The kept ones first: each gives its memory back before one is made again.
        for part in reversed(parts):
            features = part.features
            if features is None or not features.requires_grad:
                features = self._forward(part)
            part.features = None
            features.backward(gradient[part.rows])
