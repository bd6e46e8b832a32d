"""Questions about pictures, as a choice among the answers of the training set: a small head on frozen vectors.

Source: the task of VQA-RAD (Lau et al. 2018) and SLAKE (Liu et al. 2021). The paper trains METER end to end; a head on
frozen vectors measures what the vectors hold, and its figures stand below those.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from pipeline.train.evaluate.bootstrap import share_interval
from pipeline.train.evaluate.datasets import DatasetError
from pipeline.train.evaluate.embed import Encoder
from pipeline.train.evaluate.results import Metrics
from pipeline.train.pictures import evaluation_square

_HIDDEN, _DROPOUT, _EPOCHS, _BATCH, _LR = 1024, 0.3, 60, 64, 1e-3


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer."""

    picture: Path
    text: str
    answer: str
    is_closed: bool
    """Yes or no, or a choice that the question names."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Questions as vectors."""

    vectors: Tensor
    """(N, 3 E): picture, question, and their product."""
    answers: list[str]
    closed: np.ndarray[tuple[int], np.dtype[np.bool_]]


def read_questions(folder: Path) -> tuple[list[Question], list[Question]]:
    """The training and the test questions of VQA-RAD or SLAKE (English), as they are distributed.

    Raises:
        DatasetError: the folder holds neither.
    """
    if (folder / "train.json").exists():
        return _slake(folder, "train.json"), _slake(folder, "test.json")
    public = next(folder.glob("VQA_RAD*.json"), None)
    if public is None:
        raise DatasetError(f"{folder}: holds neither SLAKE's train.json nor 'VQA_RAD Dataset Public.json'")
    images = next((path for path in sorted(folder.iterdir()) if path.is_dir()), folder)
    rows = _json(public)
    is_test = [str(row["phrase_type"]).startswith("test") for row in rows]
    questions = [_question(images / row["image_name"], row) for row in rows]
    train = [q for q, test in zip(questions, is_test, strict=True) if not test]
    return train, [q for q, test in zip(questions, is_test, strict=True) if test]


def _slake(folder: Path, name: str) -> list[Question]:
    rows = _json(folder / name)
    return [_question(folder / "imgs" / row["img_name"], row) for row in rows if row.get("q_lang", "en") == "en"]


def _json(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from error
    return list(found)


def _question(picture: Path, row: dict[str, Any]) -> Question:
    answer = " ".join(str(row["answer"]).lower().split())
    return Question(picture, str(row["question"]), answer, str(row["answer_type"]).strip().upper() == "CLOSED")


def asked(encoder: Encoder, questions: Sequence[Question]) -> Asked:
    """Questions as vectors; each picture is encoded once.

    Raises:
        OSError, PictureError: a picture cannot be read.
    """
    paths = sorted({q.picture for q in questions})
    pictures = encoder.images(evaluation_square(path.read_bytes(), encoder.image_size) for path in paths)
    places = {path: i for i, path in enumerate(paths)}
    x = pictures[[places[q.picture] for q in questions]]
    y = encoder.texts([q.text for q in questions])
    vectors = torch.cat([x, y, x * y * x.shape[1] ** 0.5], dim=1)
    return Asked(vectors, [q.answer for q in questions], np.array([q.is_closed for q in questions]))


def vqa_metrics(train: Asked, test: Asked, seed: int = 0) -> Metrics:
    """Accuracy over all, open and closed questions, with 95 % intervals; an answer never seen counts as wrong."""
    answers = [answer for answer, _ in Counter(train.answers).most_common()]
    head = _head(train, answers, seed)
    with torch.no_grad():
        chosen = head(test.vectors).argmax(1).tolist()
    right = np.array([answers[i] == answer for i, answer in zip(chosen, test.answers, strict=True)])
    metrics: Metrics = {"n": len(right), "n_answers": len(answers)}
    everything = np.ones(len(right), bool)
    for name, rows in (("overall", everything), ("open", ~test.closed), ("closed", test.closed)):
        if rows.any():
            metrics[f"accuracy_{name}"] = float(right[rows].mean())
            metrics[f"accuracy_{name}_ci95"] = share_interval(float(right[rows].mean()), int(rows.sum()))
    return metrics


def _head(train: Asked, answers: Sequence[str], seed: int) -> nn.Module:
    torch.manual_seed(seed)
    number = {answer: i for i, answer in enumerate(answers)}
    labels = torch.tensor([number[answer] for answer in train.answers])
    width = train.vectors.shape[1]
    head = nn.Sequential(nn.Linear(width, _HIDDEN), nn.GELU(), nn.Dropout(_DROPOUT), nn.Linear(_HIDDEN, len(answers)))
    optimizer = torch.optim.AdamW(head.parameters(), lr=_LR, weight_decay=0.05)
    steps = _EPOCHS * -(-len(labels) // _BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(labels)).split(_BATCH):
            optimizer.zero_grad()
            F.cross_entropy(head(train.vectors[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
    return head.eval()
