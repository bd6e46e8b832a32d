"""AdamW as open_clip sets it up, its schedule, and a moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from pipeline.train.model import MAX_LOGIT_SCALE, Clip
from pipeline.train.presets import Recipe


def new_optimizer(model: nn.Module, recipe: Recipe, device: torch.device) -> torch.optim.AdamW:
    """AdamW that decays matrices and embeddings, and no vector or scalar.

    Source: `open_clip_train/main.py` of open_clip 3.3.0: weights of fewer than two axes are left out; positions and the
    class token have two or more and do decay.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in weights if w.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [w for w in weights if w.ndim < 2], "weight_decay": 0.0},
    ]
    betas = (recipe.beta1, recipe.beta2)
    return torch.optim.AdamW(groups, lr=recipe.lr, betas=betas, eps=recipe.eps, fused=device.type == "cuda")


def learning_rate(step: int, n_steps: int, recipe: Recipe) -> float:
    """Of a step, counted from 0: linear warm-up to the peak, then half a cosine down to 0 at `n_steps`."""
    if step < recipe.warmup_steps:
        return recipe.lr * (step + 1) / recipe.warmup_steps
    share = (step - recipe.warmup_steps) / max(1, n_steps - recipe.warmup_steps)
    return recipe.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Changes the rate of all weights."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def gradient_norm(weights: Iterable[Tensor], largest: float | None) -> Tensor:
    """The norm of the whole gradient (), which is scaled down to `largest` where that is less."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    if largest is not None:
        torch._foreach_mul_(gradients, (largest / (norm + 1e-6)).clamp(max=1.0))
    return norm


@torch.no_grad()
def limit_scale(model: Clip) -> None:
    """Keeps the scale of similarities between 1 and 100.

    Source: Radford et al. 2021, section 2.5: above 100 training becomes unstable.
    """
    model.logit_scale.clamp_(0, MAX_LOGIT_SCALE)


class MovingAverage:
    """The mean of past weights, newer ones counting more.

    Args:
        model: whose weights.
        decay: share that is kept at each step.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self.weights = {name: weight.detach().clone() for name, weight in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Takes in the newest weights."""
        state = model.state_dict()
        torch._foreach_lerp_(list(self.weights.values()), [state[name] for name in self.weights], 1 - self._decay)
