"""Blocks through `torch.compile`: one block is compiled, and all others of a tower use what was made for it."""

from __future__ import annotations

import torch

from pipeline.train.model import Clip

_FORMS = 64
"""A block has forms: of either tower, all tokens or the pooled one, with and without a gradient, in training and in
evaluation. PyTorch gives up at 8 and goes on without a word to the user, at half the speed; measured: a run with
validation asks for more than 8."""


def compile_blocks(model: Clip, backend: str = "inductor") -> None:
    """Compiles the blocks of both towers, each form when it is first met.

    Args:
        model: on its device, with its weights.
        backend: of `torch.compile`; another than the default serves tests.
    """
    torch._dynamo.config.recompile_limit = max(_FORMS, torch._dynamo.config.recompile_limit)
    for block in [*model.visual.blocks, *model.text.blocks]:
        block.compile(dynamic=True, backend=backend)
