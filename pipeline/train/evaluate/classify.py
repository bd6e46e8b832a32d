"""Classification without training, and with a linear layer on frozen vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.train.evaluate.bootstrap import interval, share_interval
from pipeline.train.evaluate.datasets import Task
from pipeline.train.evaluate.embed import Encoder
from pipeline.train.evaluate.results import Metrics

_PENALTIES = (1e-6, 1e-4, 1e-2, 1.0, 100.0)
_HELD_OUT = 0.2
"""Share of the training pictures that choose the penalty where a set has no validation split."""


def class_vectors(encoder: Encoder, task: Task) -> Tensor:
    """A unit vector for each class (C, E): the mean over its prompts.

    Source: Radford et al. 2021, section 3.1.4, "prompt ensembling".
    """
    vectors = [encoder.texts([t.format(name) for t in task.templates]).mean(0) for name in task.classes]
    return F.normalize(torch.stack(vectors), dim=-1)


def zero_shot_metrics(images: Tensor, labels: NDArray[np.int64], classes: Tensor, *, binary: bool = False) -> Metrics:
    """Accuracy and mean recall of classes, or the area under the curve; with 95 % intervals.

    Args:
        images: (N, E) unit vectors.
        labels: (N,).
        classes: (C, E) unit vectors.
        binary: the second class is the positive one.
    """
    return classification_metrics((images @ classes.T).numpy(), labels, binary=binary)


def classification_metrics(scores: NDArray[np.float32], labels: NDArray[np.int64], *, binary: bool) -> Metrics:
    """The figures of scores (N, C)."""
    chosen = scores.argmax(1)
    accuracy = float((chosen == labels).mean())
    recalls = [float((chosen[labels == c] == c).mean()) for c in np.unique(labels)]
    metrics: Metrics = {
        "n": len(labels),
        "acc1": accuracy,
        "acc1_ci95": share_interval(accuracy, len(labels)),
        "mean_per_class_recall": float(np.mean(recalls)),
    }
    if binary:
        margin = scores[:, 1] - scores[:, 0]
        metrics["auroc"] = auroc(margin, labels)
        metrics["auroc_ci95"] = interval(lambda rows: auroc(margin[rows], labels[rows]), len(labels))
    return metrics


def auroc(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The chance that a positive scores above a negative, ties counting half; NaN without either."""
    n_positive = int(labels.sum())
    n_negative = len(labels) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[labels == 1].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def shots(labels: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Places of a share of the pictures, of each class alike and of each at least one."""
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        chosen.append(rng.permutation(places)[: max(1, round(share * len(places)))])
    return np.sort(np.concatenate(chosen))


def probe(train: tuple[Tensor, NDArray[np.int64]], test: Tensor, n_classes: int, seed: int = 0) -> NDArray[np.float32]:
    """Scores (M, C) of a logistic regression on frozen vectors; its penalty is chosen on a part of the training set.

    Args:
        train: vectors (N, E) and labels (N,).
        test: vectors (M, E).
        n_classes: C.
        seed: of the part that chooses.
    """
    vectors, labels = train[0], torch.from_numpy(train[1])
    held_out = np.zeros(len(labels), bool)
    if len(labels) >= 5 * n_classes:
        held_out[shots(train[1], _HELD_OUT, seed)] = True
    fit, choose = torch.from_numpy(~held_out), torch.from_numpy(held_out)
    best = _PENALTIES[2]
    if held_out.any():
        scores = [
            _accuracy(_fitted(vectors[fit], labels[fit], n_classes, p), vectors[choose], labels[choose])
            for p in _PENALTIES
        ]
        best = _PENALTIES[int(np.argmax(scores))]
    layer = _fitted(vectors, labels, n_classes, best)
    with torch.no_grad():
        return np.asarray(layer(test).numpy(), np.float32)


@torch.no_grad()
def _accuracy(layer: nn.Linear, vectors: Tensor, labels: Tensor) -> float:
    return float((layer(vectors).argmax(1) == labels).double().mean())


def _fitted(vectors: Tensor, labels: Tensor, n_classes: int, penalty: float) -> nn.Linear:
    """A convex problem from zero: the same layer whatever the seed."""
    layer = nn.Linear(vectors.shape[1], n_classes)
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    solver = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss = F.cross_entropy(layer(vectors), labels) + penalty * layer.weight.square().sum() / len(labels)
        loss.backward()
        return loss

    solver.step(closure)
    return layer


def probe_metrics(
    train: tuple[Tensor, NDArray[np.int64]],
    test: tuple[Tensor, NDArray[np.int64]],
    shares: Sequence[float],
    *,
    binary: bool,
    seed: int = 0,
) -> Metrics:
    """The figures of linear probes on shares of the training set, each under its share in per cent."""
    n_classes = int(max(train[1].max(), test[1].max())) + 1
    metrics: Metrics = {}
    for share in shares:
        rows = shots(train[1], share, seed)
        scores = probe((train[0][torch.from_numpy(rows)], train[1][rows]), test[0], n_classes, seed)
        found = classification_metrics(scores, test[1], binary=binary)
        metrics.update({f"{name}@{100 * share:g}%": value for name, value in found.items()})
        metrics[f"n_train@{100 * share:g}%"] = len(rows)
    return metrics
