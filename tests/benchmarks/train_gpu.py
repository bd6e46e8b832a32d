"""Training speed on a GPU in one run of under ten minutes: open_clip 3.3.0 at its best, ours, lever by lever.

    python tests/benchmarks/train_gpu.py --out speed.json   # needs pip install 'pmc15m[train]' open_clip_torch==3.3.0
    python tests/benchmarks/train_gpu.py --smoke            # tiny towers on the CPU: that it runs, not how fast

All cases have the same towers, random weights, bfloat16 autocast, no dropout and AdamW. Captions have the lengths of
PMC's (log-normal, median 80 tokens, cut at the context). Nothing is fetched from a network.

Each section is a process of its own: one that fails, hangs or breaks the device costs the others nothing. Sections
come in the order of their worth; each has a time limit, and what finds no time left is left out and named. Results are
printed as they come and written to --out after each section. Where a batch does not fit, that is a result, and fewer
activations are kept or open_clip accumulates over more parts. MFU counts the operations of the whole model for texts of
that mean length: it is the same work for both, so that what ours leaves out shows as speed.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import importlib.util
import itertools
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # a process that has touched the driver cannot be forked
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import torch.nn.functional as F  # noqa: N812

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from train_cases import (
    OpenClip,
    Ours,
    Trainer,
    levers,
    open_clip_batches,
    synthetic,
    tokenizer_of,
    write_shards,
)

from pipeline.train.data import Batch, ShardDataset, batches
from pipeline.train.evaluate.retrieval import ranks
from pipeline.train.flops import peak_flops, training_flops
from pipeline.train.group import ALONE
from pipeline.train.loss import contrastive_loss
from pipeline.train.optim import new_optimizer
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable, prepare
from pipeline.train.presets import PRESETS, Recipe
from pipeline.train.shards import find_shards, read_samples
from pipeline.train.step import Stepper

HAS_OPEN_CLIP = importlib.util.find_spec("open_clip") is not None
if HAS_OPEN_CLIP:
    import open_clip  # noqa: F401  once, before the sections are forked

PACKAGES = (
    "torch",
    "triton",
    "open_clip_torch",
    "timm",
    "transformers",
    "numpy",
    "simplejpeg",
    "opencv-python-headless",
)
SECONDS = 570.0
WARM_UP, STEPS, SECONDS_PER_CASE = 3, 8, 8.0
N_RETRIEVAL = 725_739
BYTES_PER_PAIR = 100e6
"""Of activations of open_clip's compiled towers, by count: decides only what is tried first."""

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all sections share."""

    device: torch.device
    base: Recipe
    small: int
    large: int
    micro: int
    n_workers: int
    folder: Path

    @property
    def is_gpu(self) -> bool:
        return self.device.type == "cuda"

    @property
    def memory(self) -> float:
        """Bytes of the device; of a CPU none are asked for."""
        return torch.cuda.get_device_properties(0).total_memory if self.is_gpu else float("inf")

    @property
    def best(self) -> Recipe:
        """All levers."""
        return dataclasses.replace(
            self.base,
            text_layout="packed",
            compile=True,
            micro_batch=self.micro,
            loss_tile=4096,
        )


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the run."""

    name: str
    seconds: float
    """At most."""
    rows: Callable[[Setting], Iterator[Row]]
    needs_open_clip: bool = False


def sections() -> list[Section]:
    """In the order of their worth."""
    return [
        Section("device", 40, device_rows),
        Section("ours", 120, ours_small),
        Section("open_clip", 150, open_clip_small, needs_open_clip=True),
        Section("equal", 90, equal_rows, needs_open_clip=True),
        Section("retrieval", 90, retrieval_rows),
        Section("ours large", 100, ours_large),
        Section("open_clip large", 120, open_clip_large, needs_open_clip=True),
        Section("levers", 100, lever_rows),
        Section("shard-fed", 90, fed_rows),
        Section("shard-fed open_clip", 60, open_clip_fed_rows, needs_open_clip=True),
        Section("small levers", 40, small_lever_rows),
        Section("open_clip other flags", 60, open_clip_other, needs_open_clip=True),
    ]


# What each case is measured by.


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds_of(work: Callable[[], Any], device: torch.device, n: int = 3) -> float:
    """Of one call, after one that does not count."""
    work()
    wait(device)
    began = time.perf_counter()
    for _ in range(n):
        work()
    wait(device)
    return (time.perf_counter() - began) / n


def timed(trainer: Trainer, setting: Setting, n: int) -> Row:
    """Samples per second, peak memory and MFU of steps on synthetic batches."""
    device = setting.device
    made = [synthetic(setting.base, n, device, seed) for seed in range(2)]
    waiting = [trainer.ready(batch) for batch in made]
    for i in range(WARM_UP if setting.is_gpu else 1):
        trainer.step(waiting[i % 2])
    wait(device)
    if setting.is_gpu:
        torch.cuda.reset_peak_memory_stats()
    began, steps = time.perf_counter(), 0
    while steps < (STEPS if setting.is_gpu else 1) and time.perf_counter() - began < SECONDS_PER_CASE:
        trainer.step(waiting[steps % 2])
        steps += 1
    wait(device)
    tokens = sum(len(text) for batch in made for text in batch.texts) / (2 * n)
    return speed_row(setting, n * steps / (time.perf_counter() - began), tokens)


def speed_row(setting: Setting, speed: float, tokens: float) -> Row:
    row: Row = {"samples/s": round(speed, 1)}
    if not setting.is_gpu:
        return row
    useful, peak = training_flops(setting.base.model, tokens) * speed, peak_flops(torch.cuda.get_device_name())
    row |= {"peak GB": round(torch.cuda.max_memory_allocated() / 1e9, 1), "TFLOP/s": round(useful / 1e12)}
    return row | ({"MFU": round(useful / peak, 3)} if peak else {})


def measured(make: Callable[[], Trainer], setting: Setting, n: int) -> Row | None:
    """The row of a case; None where it does not fit."""
    try:
        return timed(make(), setting, n)
    except torch.OutOfMemoryError:
        return None


def first_fit(name: str, tries: list[tuple[str, Callable[[], Trainer]]], setting: Setting, n: int) -> Iterator[Row]:
    """The first of some tries that fits; those before it are named."""
    for detail, make in tries:
        row = measured(make, setting, n)
        if setting.is_gpu:
            torch.cuda.empty_cache()
        yield {"case": name, "batch": n, "how": detail, **(row or {"note": "out of memory"})}
        if row:
            return


def ours_tries(
    recipe: Recipe, setting: Setting, n: int, kept: tuple[int, ...]
) -> list[tuple[str, Callable[[], Trainer]]]:
    """With the activations of so many micro-batches kept, then of fewer."""
    n_parts = n // recipe.micro_batch
    return [
        (
            f"{k} of {n_parts} micro-batches kept",
            lambda k=k: Ours(dataclasses.replace(recipe, live_micro_batches=k), setting.device),
        )
        for k in dict.fromkeys(min(n_parts, k) for k in kept)
    ]


def open_clip_tries(setting: Setting, n: int, compiled: bool) -> list[tuple[str, Callable[[], Trainer]]]:
    """The whole batch where it may fit, else accumulation."""
    at_once = [n] if n * BYTES_PER_PAIR < setting.memory or not compiled else []
    sizes = [*at_once, *([min(n, 1024)] if setting.memory > 1024 * BYTES_PER_PAIR else []), setting.micro]
    return [
        (
            f"--accum-freq {n // size}{' --torchcompile' if compiled else ''}",
            lambda size=size: OpenClip(
                setting.base, setting.device, setting.folder, accumulate=n // size, compiled=compiled
            ),
        )
        for size in dict.fromkeys(sizes)
    ]


# The sections.


def device_rows(setting: Setting) -> Iterator[Row]:
    """What the device is, and what it does at best."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if _is_installed(name)}
    name = torch.cuda.get_device_name() if setting.is_gpu else "CPU"
    yield {"case": name, "versions": versions, "cores": len(os.sched_getaffinity(0))}
    n = 8192 if setting.is_gpu else 256
    a, b = (torch.randn(n, n, device=setting.device, dtype=torch.bfloat16) for _ in range(2))
    seconds = seconds_of(lambda: a @ b, setting.device, 10)
    yield {"case": f"bfloat16 product of {n}", "TFLOP/s": round(2 * n**3 / seconds / 1e12, 2)}
    x = a.float()
    seconds = seconds_of(lambda: x @ x, setting.device)
    yield {"case": f"float32 product of {n}", "TFLOP/s": round(2 * n**3 / seconds / 1e12, 2)}


def _is_installed(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def ours_small(setting: Setting) -> Iterator[Row]:
    n = setting.small
    yield from first_fit("ours, all levers", ours_tries(setting.best, setting, n, (n, 2, 1)), setting, n)


def ours_large(setting: Setting) -> Iterator[Row]:
    n = setting.large
    for kept in (1, 2):
        yield from first_fit("ours, all levers", ours_tries(setting.best, setting, n, (kept,)), setting, n)


def open_clip_small(setting: Setting) -> Iterator[Row]:
    for compiled in (False, True):
        yield from first_fit("open_clip", open_clip_tries(setting, setting.small, compiled), setting, setting.small)


def open_clip_large(setting: Setting) -> Iterator[Row]:
    yield from first_fit("open_clip", open_clip_tries(setting, setting.large, compiled=True), setting, setting.large)


def open_clip_other(setting: Setting) -> Iterator[Row]:
    """Its other way to fit a batch."""
    for n in (setting.small, setting.large):
        make = [
            (
                "--grad-checkpointing",
                lambda: OpenClip(setting.base, setting.device, setting.folder, checkpointing=True),
            )
        ]
        yield from first_fit("open_clip", make, setting, n)


def lever_rows(setting: Setting) -> Iterator[Row]:
    """Each lever's gain over the one before; all with one micro-batch kept, so that each fits."""
    for name, recipe in levers(dataclasses.replace(setting.base, micro_batch=setting.micro)).items():
        n = setting.small
        yield from first_fit(name, ours_tries(recipe, setting, n, (1,)), setting, n)


def equal_rows(setting: Setting) -> Iterator[Row]:
    """That the fast ways are right on this device: gradients beside float32, losses beside open_clip."""
    n = min(128, setting.small)
    base = dataclasses.replace(setting.base, micro_batch=n // 2)
    batch = synthetic(base, n, setting.device)
    wanted = _gradient(dataclasses.replace(base, precision="fp32", text_layout="padded"), setting, batch)
    for layout, compiled in (("padded", False), ("sorted", False), ("packed", False), ("packed", True)):
        found = _gradient(dataclasses.replace(base, text_layout=layout, compile=compiled), setting, batch)
        cosine = F.cosine_similarity(found, wanted, dim=0).item()
        name = f"gradient in bfloat16, {layout}{', compiled' if compiled else ''}, beside float32 padded"
        yield {
            "case": name,
            "batch": n,
            "cosine": round(cosine, 5),
            "norm": round(float(found.norm() / wanted.norm()), 4),
        }
    yield from _curves(setting)


def _gradient(recipe: Recipe, setting: Setting, batch: Batch) -> torch.Tensor:
    model = Ours(recipe, setting.device).model
    Stepper(model, recipe, ALONE, setting.device).gradients(batch, 0)
    return torch.cat([w.grad.flatten() for w in model.parameters() if w.grad is not None])


def _curves(setting: Setting) -> Iterator[Row]:
    """The losses of both from the same weights on the same batches."""
    n, steps = setting.small // 8, 30 if setting.is_gpu else 3
    recipe = dataclasses.replace(setting.base, lr=1e-4, micro_batch=n, text_layout="packed")
    both = Ours(recipe, setting.device), OpenClip(recipe, setting.device, setting.folder)
    data = [synthetic(recipe, n, setting.device, seed) for seed in range(4)]
    for i in range(steps):
        mine, theirs = (trainer.step(trainer.ready(data[i % 4])) for trainer in both)
        if i % 5 == 0 or i == steps - 1:
            yield {"case": f"loss of step {i + 1}", "batch": n, "ours": round(mine, 4), "open_clip": round(theirs, 4)}


def fed_rows(setting: Setting) -> Iterator[Row]:
    """From shards: the loader alone, and the training that it feeds."""
    data, n = _shard_data(setting), setting.small
    steps = STEPS if setting.is_gpu else 1
    found = batches(data, 0, WARM_UP + 2 * STEPS, n, device=setting.device, n_workers=setting.n_workers)
    next(found)
    began = time.perf_counter()
    for _ in itertools.islice(found, steps):
        pass
    speed = steps * n / (time.perf_counter() - began)
    found.close()
    yield {"case": f"our loader alone, {setting.n_workers} workers", "batch": n, "samples/s": round(speed, 1)}
    trainer = Ours(dataclasses.replace(setting.best, live_micro_batches=1), setting.device)
    found = batches(data, 0, WARM_UP + steps, n, device=setting.device, n_workers=setting.n_workers)
    yield {"case": "ours, shard-fed, 1 micro-batch kept", "batch": n, **_fed(trainer, found, n, steps, setting.device)}


def _shard_data(setting: Setting) -> ShardDataset:
    folder = setting.folder / "shards"
    if not folder.exists():
        folder.mkdir()
        write_shards(folder, 4 * setting.small)
    tables = prepare(find_shards(folder, "train"), tokenizer_of(setting.base), folder / "prepared").tables
    order = Order([len(SampleTable(*table)) for table in tables])
    return ShardDataset(tables, setting.base.model.vision.image_size, order, min_area=0.9)


def _fed(trainer: Trainer, found: Iterator[Any], n: int, steps: int, device: torch.device) -> Row:
    waited, began = 0.0, 0.0
    for i in range(WARM_UP + steps):
        if i == WARM_UP:
            wait(device)
            waited, began = 0.0, time.perf_counter()
        asked = time.perf_counter()
        ready = next(found)
        waited += time.perf_counter() - asked
        trainer.step(ready)
    wait(device)
    seconds = time.perf_counter() - began
    return {"samples/s": round(steps * n / seconds, 1), "waited": round(waited / seconds, 3)}


def open_clip_fed_rows(setting: Setting) -> Iterator[Row]:
    """Its transform and tokenizer in as many workers, and its training, uncompiled, that they feed."""
    _shard_data(setting)
    tokenizer_of(setting.base).save(setting.folder)
    n, config, steps = setting.small, setting.base.model, 3
    shard = find_shards(setting.folder / "shards", "train")[0]
    found = open_clip_batches(
        shard.path,
        list(read_samples(shard)),
        config.vision.image_size,
        setting.folder,
        config.text.context,
        n,
        setting.n_workers,
    )
    next(found)
    began = time.perf_counter()
    for _ in itertools.islice(found, steps):
        pass
    speed = steps * n / (time.perf_counter() - began)
    yield {"case": f"open_clip's loader alone, {setting.n_workers} workers", "batch": n, "samples/s": round(speed, 1)}
    trainer = OpenClip(setting.base, setting.device, setting.folder, accumulate=n // setting.micro)
    on_device = (tuple(x.to(setting.device) for x in some) for some in found)
    yield {"case": "open_clip, shard-fed", "batch": n, **_fed(trainer, on_device, n, steps, setting.device)}


def retrieval_rows(setting: Setting) -> Iterator[Row]:
    """Exact ranks at the size of the paper's test set, and beside a full sort where that fits."""
    few, many = (20_000, N_RETRIEVAL) if setting.is_gpu else (500, 2_000)
    images, texts = _embeddings(few, setting.device)
    found, order = ranks(images, texts), (images @ texts.T).argsort(dim=1, descending=True, stable=True)
    own = torch.arange(few, device=setting.device)
    same = (order == own[:, None]).nonzero()[:, 1] == found.image_to_text
    yield {"case": f"ranks of {few} beside a full sort", "equal": round(same.double().mean().item(), 6)}
    images, texts = _embeddings(many, setting.device)
    wait(setting.device)
    if setting.is_gpu:
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    found = ranks(images, texts)
    wait(setting.device)
    row: Row = {"case": f"retrieval, {many} x {many}, exact", "seconds": round(time.perf_counter() - began, 2)}
    row["R@1"] = round((found.image_to_text == 0).double().mean().item(), 4)
    yield row | ({"peak GB": round(torch.cuda.max_memory_allocated() / 1e9, 1)} if setting.is_gpu else {})


def _embeddings(n: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator(device).manual_seed(0)
    x, noise = (torch.randn(n, 512, device=device, generator=generator) for _ in range(2))
    return F.normalize(x, dim=-1), F.normalize(x + 4 * noise, dim=-1)


def small_lever_rows(setting: Setting) -> Iterator[Row]:
    """The tiled loss, the fused optimizer, and pictures as bytes."""
    n = 65_536 if setting.is_gpu else 512
    x, y = (F.normalize(torch.randn(n, 512, device=setting.device), dim=-1).requires_grad_() for _ in range(2))
    scale, loss = torch.tensor(50.0, device=setting.device, requires_grad=True), contrastive_loss("clip", ALONE, 4096)
    seconds = seconds_of(lambda: loss(x, y, scale, None).backward(), setting.device)
    yield {"case": f"tiled loss and gradient of {n}", "ms": round(1e3 * seconds, 1)}
    model = Ours(setting.base, setting.device).model
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    for name, kind in (("fused", setting.device), ("as open_clip's", torch.device("cpu"))):
        optimizer = new_optimizer(model, setting.base, kind)
        yield {"case": f"optimizer, {name}", "ms": round(1e3 * seconds_of(optimizer.step, setting.device, 10), 2)}
    size = setting.base.model.vision.image_size
    images = torch.randint(0, 256, (setting.small, size, size, 3), dtype=torch.uint8)
    pinned = images.pin_memory() if setting.is_gpu else images
    for name, pictures in (("uint8, pinned", pinned), ("float32, not pinned", images.float())):
        seconds = seconds_of(lambda pictures=pictures: pictures.to(setting.device, non_blocking=True), setting.device)
        yield {"case": f"{setting.small} pictures to the device, {name}", "ms": round(1e3 * seconds, 1)}


# The run.


def run_section(section: Section, setting: Setting, seconds: float) -> Iterator[Row]:
    """The rows of a section from a process of its own, and what became of it if it did not end well."""
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_in_process, args=(section, setting, writer))
    process.start()
    writer.close()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if reader.poll(0.2):
            try:
                yield reader.recv()
            except EOFError:
                break
        elif not process.is_alive():
            break
    process.join(timeout=max(0.0, min(5.0, ends - time.monotonic())))
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        yield {"note": f"stopped after {seconds:.0f} s"}
    elif process.exitcode:
        yield {"note": f"failed with exit code {process.exitcode}; the reason is in the output above"}


def _in_process(section: Section, setting: Setting, writer: Connection) -> None:
    os.setsid()  # so that its loaders and compilers end with it
    if not setting.is_gpu:
        torch.set_num_threads(1)
    for row in section.rows(setting):
        writer.send(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="tiny towers on the CPU")
    parser.add_argument("--out", type=Path, help="write the results here, as JSON")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"for all sections; default {SECONDS:.0f}")
    parser.add_argument("--only", help="sections to run, a comma list")
    parser.add_argument("--workers", type=int, help="processes that load; by default the cores but one")
    args = parser.parse_args()
    if not HAS_OPEN_CLIP:
        print("no open_clip: pip install open_clip_torch==3.3.0; only ours is measured", flush=True)
    n_workers = max(1, len(os.sched_getaffinity(0)) - 1) if args.workers is None else args.workers
    base = dataclasses.replace(PRESETS["tiny" if args.smoke else "biomedclip"], text_dropout=0.0, precision="bf16")
    sizes = (16, 32, 8) if args.smoke else (1024, 4096, 256)
    device = torch.device("cpu" if args.smoke else "cuda")
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(device, base, *sizes, n_workers, Path(folder))
        results = run_all(setting, args.seconds, args.out, set(args.only.split(",")) if args.only else None)
    for line in summary(results, setting) if setting.is_gpu else ():
        print(line)


def run_all(setting: Setting, seconds: float, out: Path | None, only: set[str] | None) -> list[Row]:
    """The rows of all sections, which are also in `out` from section to section."""
    began, results = time.monotonic(), []
    for section in sections():
        left = seconds - (time.monotonic() - began)
        if only is not None and section.name not in only:
            continue
        if section.needs_open_clip and not HAS_OPEN_CLIP:
            rows: Iterator[Row] = iter([{"note": "left out: open_clip is not installed"}])
        elif left < 10:
            rows = iter([{"note": "left out: no time"}])
        else:
            rows = run_section(section, setting, min(section.seconds, left))
        for row in rows:
            results.append({"section": section.name, **row})
            print(json.dumps(results[-1]), flush=True)
        print(f"{section.name}: {time.monotonic() - began:.0f} s so far", flush=True)
        if out:
            scratch = out.with_suffix(".partial")
            scratch.write_text(json.dumps(results, indent=1) + "\n")
            scratch.replace(out)
    return results


def summary(results: list[Row], setting: Setting) -> Iterator[str]:
    """The figures that the bars are set in."""
    for n in (setting.small, setting.large):
        speeds = {
            name: max((row["samples/s"] for row in results if _is_case(row, name, n)), default=None)
            for name in ("ours", "open_clip")
        }
        ours, theirs = speeds["ours"], speeds["open_clip"]
        ratio = f", ratio {ours / theirs:.2f} (wanted 1.5)" if ours and theirs else ""
        yield f"batch {n}: ours {ours} samples/s (wanted 2500 on an H200), open_clip {theirs}{ratio}"
    fed = [row for row in results if row["section"] == "shard-fed" and "waited" in row]
    for row in fed:
        yield f"shard-fed: {row['samples/s']} samples/s, {row['waited']:.0%} of the time waited for the loader"
    for row in results:
        if "seconds" in row:
            yield f"{row['case']}: {row['seconds']} s (wanted 60)"


def _is_case(row: Row, name: str, n: int) -> bool:
    known = row["section"].partition(" ")[0] in (name, "levers" if name == "ours" else name)
    return known and row.get("batch") == n and "samples/s" in row


if __name__ == "__main__":
    main()
