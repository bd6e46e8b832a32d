"""Two towers into one space: a ViT for pictures, BERT or GPT for texts; equal to open_clip's `CustomTextCLIP`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from pipeline.train.layers import Block, Blocks, Dense, Layout, Packed
from pipeline.train.presets import ModelConfig, Recipe, TextConfig, VisionConfig

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's pictures, as the paper has them."""

INIT_LOGIT_SCALE = math.log(1 / 0.07)
MAX_LOGIT_SCALE = math.log(100)
SIGLIP_SCALE, SIGLIP_BIAS = math.log(10), -10.0
"""Source: Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training", section 3.2."""

_INIT_STD, _INIT_WIDTH = 0.02, 768
_LONGEST_STEP = 64
"""The longest text of a packed batch is told in such steps: a compiled block is made anew for each different one."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Tokens of some texts: (T,) int64 one after the other with a packed layout, else (B, L) padded with 0."""

    ids: Tensor
    positions: Tensor
    """(T,) or (L,) int64: the place of a token in its text."""
    layout: Layout


def padded_texts(texts: Sequence[Tensor], device: torch.device, *, to: int | None = None, causal: bool) -> Texts:
    """Texts in a rectangle.

    Args:
        texts: token ids (L,) of each text.
        device: where the towers are.
        to: width of the rectangle; by default the longest text.
        causal: the tower is a GPT.
    """
    ids = nn.utils.rnn.pad_sequence(list(texts), batch_first=True)
    ids = F.pad(ids, (0, (to or ids.shape[1]) - ids.shape[1])).to(device, torch.int64, non_blocking=True)
    lengths = torch.tensor([len(text) for text in texts]).to(device, non_blocking=True)
    return Texts(ids, torch.arange(ids.shape[1], device=device), Dense(lengths, causal))


def packed_texts(texts: Sequence[Tensor], device: torch.device, *, causal: bool) -> Texts:
    """Texts one after the other, without padding."""
    lengths = torch.tensor([len(text) for text in texts], dtype=torch.int32)
    starts = F.pad(lengths.cumsum(0, dtype=torch.int32), (1, 0))
    positions = torch.arange(int(starts[-1])) - starts[:-1].repeat_interleave(lengths)
    ids = torch.cat(list(texts)).to(device, torch.int64, non_blocking=True)
    longest = -(-int(lengths.max()) // _LONGEST_STEP) * _LONGEST_STEP
    layout = Packed(starts.to(device, non_blocking=True), longest, causal)
    return Texts(ids, positions.to(device, non_blocking=True), layout)


class VisionTower(nn.Module):
    """A ViT that pools its class token, and a linear head."""

    def __init__(self, config: VisionConfig, embed_dim: int, patch_dropout: float) -> None:
        super().__init__()
        self.patch_size, self.patch_dropout = config.patch_size, patch_dropout
        width = config.width
        self.patch = nn.Conv2d(3, width, config.patch_size, config.patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, config.n_tokens, width))
        hidden = config.mlp_ratio * width
        self.blocks = Blocks(
            config.layers, lambda: Block(width, config.heads, hidden, eps=1e-6, pre_norm=True, dropout=0)
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, embed_dim, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, E), not normalised, of images (B, 3, S, S) that were normalised with `MEAN` and `STD`."""
        return self.head(self.pooled(images))

    def pooled(self, images: Tensor) -> Tensor:
        """Features (B, D) before the head."""
        patches = self._patches(images) + self.positions[:, 1:]
        if self.training and self.patch_dropout:
            patches = self._dropped(patches)
        first = (self.cls_token + self.positions[:, :1]).expand(len(images), -1, -1)
        x = torch.cat([first.to(patches.dtype), patches], dim=1)
        return self.norm(self.blocks.pooled(x, Dense()))

    def _patches(self, images: Tensor) -> Tensor:
        """Patches (B, N, D): a convolution whose stride is its size is one matrix product."""
        p = self.patch_size
        rows = images.unfold(2, p, p).unfold(3, p, p).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
        return F.linear(rows, self.patch.weight.flatten(1), self.patch.bias)

    def _dropped(self, patches: Tensor) -> Tensor:
        """A random part of each picture's patches.

        Source: Li et al. 2023, "Scaling Language-Image Pre-training via Masking"; chosen as timm does.
        """
        n, n_tokens = patches.shape[:2]
        n_kept = max(1, int(n_tokens * (1 - self.patch_dropout)))
        kept = torch.rand(n, n_tokens, device=patches.device).argsort(dim=1)[:, :n_kept]
        return patches[torch.arange(n, device=patches.device)[:, None], kept]


class BertTower(nn.Module):
    """BERT without its pooler, and an MLP on its first token."""

    causal = False

    def __init__(self, config: TextConfig, embed_dim: int, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.words = nn.Embedding(config.vocab_size, width)
        self.places = nn.Embedding(config.n_positions, width)
        self.types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.drop = nn.Dropout(dropout)
        self.blocks = Blocks(
            config.layers, lambda: Block(width, config.heads, 4 * width, eps=1e-12, pre_norm=False, dropout=dropout)
        )
        hidden = (width + embed_dim) // 2
        self.head = nn.Sequential(
            nn.Linear(width, hidden, bias=False), nn.GELU(), nn.Linear(hidden, embed_dim, bias=False)
        )

    def forward(self, texts: Texts) -> Tensor:
        """Features (B, E), not normalised."""
        return self.head(self.pooled(texts))

    def pooled(self, texts: Texts) -> Tensor:
        """Features (B, D) before the head."""
        x = self.words(texts.ids) + self.types.weight[0] + self.places(texts.positions)
        return self.blocks.pooled(self.drop(self.norm(x)), texts.layout)


class GptTower(nn.Module):
    """CLIP's own text tower: causal, pooled at the end-of-text token, linear head."""

    causal = True

    def __init__(self, config: TextConfig, embed_dim: int, dropout: float) -> None:
        super().__init__()
        width = config.width
        self.words = nn.Embedding(config.vocab_size, width)
        self.places = nn.Parameter(torch.zeros(config.n_positions, width))
        self.drop = nn.Dropout(dropout)
        self.blocks = Blocks(
            config.layers, lambda: Block(width, config.heads, 4 * width, eps=1e-5, pre_norm=True, dropout=dropout)
        )
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.projection = nn.Parameter(torch.zeros(width, embed_dim))

    def forward(self, texts: Texts) -> Tensor:
        """Features (B, E), not normalised."""
        pooled = self.pooled(texts)
        return pooled @ self.projection.to(pooled.dtype)

    def pooled(self, texts: Texts) -> Tensor:
        """Features (B, D) before the projection."""
        x = self.words(texts.ids) + F.embedding(texts.positions, self.places)
        return self.norm(self.blocks.pooled(self.drop(x), texts.layout))


class Clip(nn.Module):
    """Both towers and the scale of their similarities."""

    def __init__(
        self, config: ModelConfig, *, text_dropout: float = 0.0, patch_dropout: float = 0.0, siglip: bool = False
    ) -> None:
        super().__init__()
        self.config = config
        self.visual = VisionTower(config.vision, config.embed_dim, patch_dropout)
        tower = BertTower if config.text.kind == "bert" else GptTower
        self.text = tower(config.text, config.embed_dim, text_dropout)
        self.logit_scale = nn.Parameter(torch.tensor(SIGLIP_SCALE if siglip else INIT_LOGIT_SCALE))
        self.logit_bias = nn.Parameter(torch.tensor(SIGLIP_BIAS)) if siglip else None

    def encode_images(self, images: Tensor) -> Tensor:
        """Unit vectors (B, E) float32 of pictures (B, S, S, 3) uint8."""
        return F.normalize(self.visual(normalised(images)).float(), dim=-1)

    def encode_texts(self, texts: Texts) -> Tensor:
        """Unit vectors (B, E) float32."""
        return F.normalize(self.text(texts).float(), dim=-1)


def normalised(images: Tensor) -> Tensor:
    """Pictures (B, S, S, 3) uint8 as (B, 3, S, S) float32 with CLIP's mean and spread.

    Done on their device, so that a quarter of the bytes has to get there.
    """
    mean = torch.tensor(MEAN, device=images.device).mul(255)
    std = torch.tensor(STD, device=images.device).mul(255)
    return ((images.float() - mean) / std).permute(0, 3, 1, 2)


def new_model(recipe: Recipe) -> Clip:
    """A model with random weights, drawn from the recipe's seed, with the levers that the recipe sets."""
    model = Clip(
        recipe.model,
        text_dropout=recipe.text_dropout,
        patch_dropout=recipe.patch_dropout,
        siglip=recipe.loss == "siglip",
    )
    init_weights(model, torch.Generator().manual_seed(recipe.seed))
    for tower in (model.visual, model.text):
        tower.blocks.pooled_last = recipe.pooled_last_block
        tower.blocks.recompute = recipe.recompute_blocks
    return model


@torch.no_grad()
def init_weights(model: Clip, generator: torch.Generator) -> None:
    """Draws all weights: normal with a spread of 0.02 at a width of 768, as ViT and BERT; norms ones, biases zeros.

    Narrower towers get more, as the inverse root of their width. At 0.02 a tower of 64 gives all samples one feature,
    and training takes its first hundreds of steps to leave that. The heads keep the spread that PyTorch gives a linear
    layer.
    """
    for name, weight in model.named_parameters():
        if name in ("logit_scale", "logit_bias"):
            continue
        if "head" in name or "projection" in name:
            n_inputs = weight.shape[0] if "projection" in name else weight.shape[1]
            weight.normal_(0, (3 * n_inputs) ** -0.5, generator=generator)
        elif weight.ndim >= 2:
            width = model.config.vision.width if name.startswith("visual.") else model.config.text.width
            weight.normal_(0, _INIT_STD * (_INIT_WIDTH / width) ** 0.5, generator=generator)
        else:
            weight.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
