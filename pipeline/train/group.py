"""The devices that train together; one process is a group of one, so that nothing else asks how many there are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors

_TIMEOUT = timedelta(minutes=20)
"""A device that is silent for so long is taken for dead: the others stop with an error and do not hang."""

_BUCKET_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Group:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1

    def gathered(self, x: Tensor) -> Tensor:
        """The rows of all devices in order of rank: (B, ...) of each becomes (size * B, ...)."""
        if self.size == 1:
            return x
        out = x.new_empty((self.size * len(x), *x.shape[1:]))
        dist.all_gather(list(out.chunk(self.size)), x.contiguous())
        return out

    def summed(self, x: Tensor) -> Tensor:
        """The sum over all devices."""
        if self.size > 1:
            x = x.clone()
            dist.all_reduce(x)
        return x

    def listed(self, names: list[str], device: torch.device) -> list[str]:
        """The names of all devices; where there are none, which is the rule, this costs one number a device."""
        if self.size == 1 or not int(self.summed(torch.tensor(len(names), device=device))):
            return names
        found: list[list[str]] = [[] for _ in range(self.size)]
        dist.all_gather_object(found, names)
        return [name for some in found for name in some]

    def first_row(self, n_rows: int) -> int:
        """Where this device's rows begin among those of all, if each has `n_rows`."""
        return self.rank * n_rows

    def sum_in_place(self, tensors: Iterable[Tensor]) -> None:
        """Sums each over all devices, some at a time in one message."""
        if self.size == 1:
            return
        bucket: list[Tensor] = []
        for tensor in tensors:
            bucket.append(tensor)
            if sum(t.nbytes for t in bucket) >= _BUCKET_BYTES:
                _sum_bucket(bucket)
                bucket = []
        if bucket:
            _sum_bucket(bucket)

    def wait(self) -> None:
        """Returns when all devices have come here."""
        if self.size > 1:
            dist.barrier()

    @contextlib.contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first process does what follows before the others do; where it fails they are let go all the same."""
        if self.rank > 0:
            self.wait()
        try:
            yield
        finally:
            if self.rank == 0:
                self.wait()


ALONE = Group()
"""One process."""


def _sum_bucket(bucket: list[Tensor]) -> None:
    flat = _flatten_dense_tensors(bucket)
    dist.all_reduce(flat)
    for tensor, total in zip(bucket, _unflatten_dense_tensors(flat, bucket), strict=True):
        tensor.copy_(total)


def join_group(device: torch.device) -> Group:
    """The group that `torchrun` set up in the environment, or a group of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ALONE
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_TIMEOUT)
    return Group(dist.get_rank(), size)


def leave_group(group: Group) -> None:
    """Ends what `join_group` began."""
    if group.size > 1 and dist.is_initialized():
        dist.destroy_process_group()


def share_cores(n_workers: int) -> None:
    """Leaves cores to the processes that load: threads that wait for a core hold up all others."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - n_workers))


def pick_device() -> torch.device:
    """This process's GPU, or the CPU where there is none."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device
