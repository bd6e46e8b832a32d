"""The losses against open_clip's and against autograd; tiles against the whole; two processes against one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from pipeline.train.group import Group
from pipeline.train.loss import contrastive_loss

PROJECT = Path(__file__).resolve().parents[3]


def leaves(n: int, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images, texts = (F.normalize(torch.randn(n, 16, generator=generator), dim=-1) for _ in range(2))
    texts = F.normalize(images + 2 * texts, dim=-1)
    return [t.requires_grad_() for t in (images, texts, torch.tensor(20.0), torch.tensor(-3.0))]


def relative_error(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


def with_gradients(loss: Callable[..., Tensor], n: int, kind: str) -> list[Tensor]:
    inputs = leaves(n)
    value = loss(*inputs)
    value.backward()
    return [value.detach(), *(t.grad for t in inputs[: 3 if kind == "clip" else 4])]


def oracle(kind: str) -> Callable[..., Tensor]:
    open_clip = pytest.importorskip("open_clip")
    if kind == "clip":
        return lambda x, y, s, b: open_clip.ClipLoss()(x, y, s)
    return lambda x, y, s, b: open_clip.loss.SigLipLoss()(x, y, s, b)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
@pytest.mark.parametrize("tile", [None, 1, 5, 64])
def test_loss_and_gradients_equal_open_clip(kind: str, tile: int | None) -> None:
    wanted = with_gradients(oracle(kind), 17, kind)
    found = with_gradients(contrastive_loss(kind, Group(), tile), 17, kind)
    for ours, theirs in zip(found, wanted, strict=True):
        assert relative_error(ours, theirs) < 1e-5


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_gradients_equal_finite_differences(kind: str) -> None:
    x, y, s, b = leaves(4)
    loss = contrastive_loss(kind, Group(), 3)
    loss(x, y, s, b).backward()
    step = 1e-2
    with torch.no_grad():
        slope = (loss(x, y, s + step, b) - loss(x, y, s - step, b)) / (2 * step)
    assert float(s.grad) == pytest.approx(float(slope), rel=0.05, abs=1e-4)


def test_similarities_are_not_rounded_under_autocast() -> None:
    x, y, s, b = leaves(8)
    loss = contrastive_loss("clip", Group())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(x, y, s, b), loss(x, y, s, b).float())
        rounded = loss(x, y, s, b)
    assert torch.equal(rounded, loss(x, y, s, b))


def test_own_pairs_far_from_the_others_leave_no_loss() -> None:
    eye = torch.eye(6)
    assert contrastive_loss("clip", Group())(eye, eye, torch.tensor(100.0), None) < 1e-6


TWO = """
import sys, torch
sys.path.insert(0, sys.argv[3])
from pipeline.train.group import join_group, leave_group
from pipeline.train.loss import contrastive_loss
group = join_group(torch.device("cpu"))
data = torch.load(sys.argv[1])
mine = slice(group.rank * 6, group.rank * 6 + 6)
found = {}
for kind in ("clip", "siglip"):
    x, y, s, b = (t.clone().requires_grad_() for t in (data[0][mine], data[1][mine], data[2], data[3]))
    value = contrastive_loss(kind, group, 4)(x, y, s, b)
    value.backward()
    found[kind] = [value.detach(), group.gathered(x.grad), group.gathered(y.grad), group.summed(s.grad)]
    if kind == "siglip":
        found[kind].append(group.summed(b.grad))
if group.rank == 0:
    torch.save(found, sys.argv[2])
leave_group(group)
"""


def test_two_processes_equal_one(tmp_path: Path) -> None:
    torch.save([t.detach() for t in leaves(12)], tmp_path / "in.pt")
    (tmp_path / "two.py").write_text(TWO)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    places = [tmp_path / "two.py", tmp_path / "in.pt", tmp_path / "out.pt", PROJECT]
    subprocess.run([*run, *map(str, places)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    for kind, found in torch.load(tmp_path / "out.pt").items():
        wanted = with_gradients(contrastive_loss(kind, Group()), 12, kind)
        assert all(relative_error(*pair) < 1e-5 for pair in zip(found, wanted, strict=True))
