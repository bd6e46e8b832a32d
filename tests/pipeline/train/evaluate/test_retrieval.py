"""Ranks against a brute-force sort, with ties, copies and tiles of any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.train.evaluate.embed import clusters
from pipeline.train.evaluate.retrieval import direction, ranks, retrieval_metrics


def vectors(n: int, seed: int, *, coarse: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs that are alike but not too much; coarse ones have exact ties."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, 8, generator=generator)
    texts = images + 1.5 * torch.randn(n, 8, generator=generator)
    if coarse:
        return images.sign(), texts.sign()
    return F.normalize(images, dim=-1), F.normalize(texts, dim=-1)


def brute(similarity: np.ndarray, groups: np.ndarray) -> list[int]:
    """The best place of a right answer after a stable sort, wrong answers before it counted."""
    found = []
    for i, row in enumerate(similarity):
        right = groups == groups[i]
        target = row[right].max()
        wrong = ~right
        earlier = np.arange(len(row)) < i
        found.append(int(((row > target) & wrong).sum() + ((row == target) & wrong & earlier).sum()))
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000), st.integers(1, 12), st.integers(1, 12), st.booleans(), st.booleans())
def test_ranks_equal_brute_force(n: int, seed: int, rows: int, columns: int, coarse: bool, copies: bool) -> None:
    images, texts = vectors(n, seed, coarse=coarse)
    groups = torch.arange(n) // 3 if copies else None
    found = ranks(images, texts, groups, rows=rows, columns=columns)
    numbers = np.arange(n) if groups is None else groups.numpy()
    similarity = (images.double() @ texts.double().T).numpy()
    assert found.image_to_text.tolist() == brute(similarity, numbers)
    assert found.text_to_image.tolist() == brute(similarity.T, numbers)


def test_without_copies_the_rank_is_the_place_in_a_stable_sort() -> None:
    images, texts = vectors(30, 1, coarse=True)
    order = np.argsort(-(images @ texts.T).numpy(), axis=1, kind="stable")
    places = [int(np.flatnonzero(order[i] == i)[0]) for i in range(30)]
    assert ranks(images, texts).image_to_text.tolist() == places


def test_many_pairs_equal_brute_force() -> None:
    images, texts = vectors(3000, 0)
    found = ranks(images, texts, rows=700, columns=900)
    similarity = images @ texts.T
    own = similarity.diagonal()
    assert torch.equal(found.image_to_text, (similarity > own[:, None]).sum(1))
    assert torch.equal(found.text_to_image, (similarity > own[None]).sum(0))


@pytest.mark.parametrize("n", [100, 5000])
def test_figures_are_those_of_clip_benchmark(n: int) -> None:
    images, texts = vectors(n, 3)
    metrics = retrieval_metrics(images, texts)
    top = (images @ texts.T).topk(5, dim=1).indices
    assert metrics["text_retrieval_recall@5"] == pytest.approx(
        float((top == torch.arange(n)[:, None]).any(1).float().mean())
    )
    low, high = metrics["text_retrieval_recall@5_ci95"]
    assert low <= metrics["text_retrieval_recall@5"] <= high
    assert high - low == pytest.approx(4 * (metrics["text_retrieval_recall@5"] * 0.2 / n) ** 0.5, rel=1.5)


def test_copies_count_where_they_are_told() -> None:
    images = F.normalize(torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]), dim=-1)
    texts = images[[1, 0, 2]]  # the first two texts are swapped
    strict = retrieval_metrics(images, texts)
    aware = retrieval_metrics(images, texts, torch.tensor([0, 0, 1]))
    assert strict["text_retrieval_recall@1"] == pytest.approx(1 / 3)
    assert aware["text_retrieval_recall@1"] == pytest.approx(1 / 3)
    assert aware["text_retrieval_recall@1_copies_count"] == 1
    assert aware["image_retrieval_recall@1_copies_count"] == 1


@pytest.mark.parametrize(("found", "median"), [([0, 0, 4], 1), ([0, 1, 2, 9], 2.5), ([7], 8)])
def test_the_median_rank_counts_from_one(found: list[int], median: float) -> None:
    assert direction(torch.tensor(found)).median_rank == median


def test_clusters_are_linked_by_pictures_or_texts() -> None:
    found = clusters(["a", "a", "b", "c", None], ["x", "y", "y", "z", None])
    assert found[0] == found[1] == found[2]
    assert len(set(found.tolist())) == 3
