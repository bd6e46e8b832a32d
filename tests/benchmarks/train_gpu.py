"""Training speed on a GPU in one run of under ten minutes: open_clip 3.3.0 at its best, then ours, lever by lever.

    python tests/benchmarks/train_gpu.py            # on a GPU; needs pip install 'pmc15m[dev]'
    python tests/benchmarks/train_gpu.py --smoke    # tiny towers on the CPU: that it runs, not how fast

All cases have the same towers, random weights, bfloat16 autocast, no dropout and AdamW. Captions have the lengths of
PMC's (log-normal, median 80 tokens, cut at the context). Cases that would begin after the time limit are left out, and
said. Peak memory is that of the case. MFU counts the useful operations of a pair of that text length.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.tar import TarWriter
from pipeline.train.data import Batch, ShardDataset, batches
from pipeline.train.evaluate.retrieval import ranks
from pipeline.train.export import bert_config, open_clip_config
from pipeline.train.flops import peak_flops, training_flops
from pipeline.train.group import ALONE
from pipeline.train.loss import contrastive_loss
from pipeline.train.model import new_model, normalised
from pipeline.train.names import to_open_clip
from pipeline.train.optim import gradient_norm, limit_scale, new_optimizer
from pipeline.train.order import Order
from pipeline.train.prepare import SampleTable, prepare
from pipeline.train.presets import PRESETS, Recipe
from pipeline.train.shards import find_shards
from pipeline.train.step import Stepper
from pipeline.train.tokens import train_tokenizer

SECONDS = 560.0
WARM_UP, STEPS = 3, 8
CURVE_STEPS = 30
N_RETRIEVAL = 725_739
MEDIAN_TOKENS, SPREAD = 80, 0.8

Step = Callable[[Batch], float]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    batch_size: int
    make: Callable[[], Step]


def lengths(n: int, context: int, rng: np.random.Generator) -> np.ndarray:
    return np.clip(np.exp(rng.normal(np.log(MEDIAN_TOKENS), SPREAD, n)), 8, context).astype(int)


def synthetic(recipe: Recipe, n: int, device: torch.device, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    size, text = recipe.model.vision.image_size, recipe.model.text
    images = torch.randint(0, 256, (n, size, size, 3), dtype=torch.uint8, device=device)
    texts = [torch.from_numpy(rng.integers(5, text.vocab_size, k)).int() for k in lengths(n, text.context, rng)]
    return Batch(images, texts, [])


def _backend(device: torch.device) -> str:
    """Making code for a CPU takes minutes and says nothing of a GPU."""
    return "inductor" if device.type == "cuda" else "aot_eager"


def ours(recipe: Recipe, device: torch.device) -> Step:
    model = new_model(recipe).to(device).train()
    if recipe.compile:
        for block in [*model.visual.blocks, *model.text.blocks]:
            block.compile(dynamic=True, backend=_backend(device))
    optimizer = new_optimizer(model, recipe, device)
    stepper = Stepper(model, recipe, ALONE, device)

    def step(batch: Batch) -> float:
        optimizer.zero_grad()
        loss = stepper.gradients(batch, 0)
        gradient_norm(model.parameters(), None)
        optimizer.step()
        limit_scale(model)
        return float(loss)

    return step


def open_clips(recipe: Recipe, device: torch.device, folder: Path, *, compiled: bool, accumulate: int) -> Step:
    """open_clip's model and loss in the loop of its `train.py`, at `--precision amp_bf16` and `--accum-freq`."""
    import open_clip

    config = recipe.model
    text = {**bert_config(config.text), "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(text))
    made = open_clip_config(config, str(folder))["model_cfg"]
    made["text_cfg"]["hf_model_pretrained"] = False
    model = open_clip.CustomTextCLIP(made["embed_dim"], made["vision_cfg"], made["text_cfg"], output_dict=True)
    model.load_state_dict(to_open_clip(new_model(recipe).state_dict(), config))
    model = model.to(device).train()
    optimizer = new_optimizer(model, recipe, torch.device("cpu"))  # 3.3.0 has no fused AdamW
    forward = torch.compile(model, backend=_backend(device)) if compiled else model
    loss_of = open_clip.ClipLoss()

    def step(batch: Batch) -> float:
        # Its loader pads to the context and normalises before this point; here neither is on the clock for long.
        ids = torch.zeros(len(batch.texts), config.text.context, dtype=torch.int64)
        for row, text in zip(ids, batch.texts, strict=True):
            row[: len(text)] = text
        images, ids = normalised(batch.images), ids.to(device)
        optimizer.zero_grad()
        loss = open_clip_step(forward, loss_of, images, ids, accumulate, device)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, float(np.log(100)))
        return loss

    return step


def open_clip_step(
    forward: Any, loss_of: Any, images: torch.Tensor, ids: torch.Tensor, accumulate: int, device: torch.device
) -> float:
    def cast() -> Any:
        return torch.autocast(device.type, torch.bfloat16)

    if accumulate == 1:
        with cast():
            loss = loss_of(**{k: v for k, v in forward(images, ids).items() if k != "logit_bias"})
        loss.backward()
        return loss.item()
    parts = list(zip(images.chunk(accumulate), ids.chunk(accumulate), strict=True))
    with torch.no_grad(), cast():
        cached = [forward(x, y) for x, y in parts]
    for i, (x, y) in enumerate(parts):
        with cast():
            out = forward(x, y)
            joined = {
                key: torch.cat([out[key] if j == i else cached[j][key] for j in range(accumulate)])
                for key in ("image_features", "text_features")
            }
            loss = loss_of(**joined, logit_scale=out["logit_scale"])
        loss.backward()
    return loss.item()


def levers(base: Recipe) -> dict[str, Recipe]:
    """Ours at open_clip's mathematics and padding, then with one lever more each time."""
    found = {"ours, padded": dataclasses.replace(base, text_layout="padded", pooled_last_block=False, loss_tile=None)}

    def add(name: str, **changes: Any) -> None:
        found[name] = dataclasses.replace(list(found.values())[-1], **changes)

    add("+ last block pooled", pooled_last_block=True)
    add("+ text sorted", text_layout="sorted")
    add("+ text packed instead", text_layout="packed")
    add("+ compiled blocks", compile=True)
    return found


def cases(device: torch.device, base: Recipe, small: int, large: int, micro: int, folder: Path) -> Iterator[Case]:
    def rival(n: int, compiled: bool, accumulate: int) -> Callable[[], Step]:
        return lambda: open_clips(base, device, folder, compiled=compiled, accumulate=accumulate)

    yield Case("open_clip 3.3.0", small, rival(small, False, small // micro))
    yield Case("open_clip 3.3.0, compiled", small, rival(small, True, small // micro))
    found = levers(dataclasses.replace(base, micro_batch=micro, live_micro_batches=small // micro))
    for name, recipe in found.items():
        yield Case(name, small, lambda recipe=recipe: ours(recipe, device))
    yield Case("open_clip 3.3.0, compiled", large, rival(large, True, large // micro))
    best = found["+ compiled blocks"]
    for n_live in (1, 2):
        recipe = dataclasses.replace(best, live_micro_batches=n_live, loss_tile=4096)
        yield Case(f"ours, all levers, {n_live} micro-batches kept", large, lambda recipe=recipe: ours(recipe, device))


def timed(step: Step, make_batch: Callable[[int], Batch], device: torch.device, n: int) -> tuple[float, float]:
    """Seconds per step, and gigabytes at the peak."""
    for i in range(min(WARM_UP, n)):
        step(make_batch(i))
    _wait(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    waiting = [make_batch(i) for i in range(2)]
    began = time.perf_counter()
    for i in range(n):
        step(waiting[i % 2])
    _wait(device)
    seconds = (time.perf_counter() - began) / n
    return seconds, torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else 0.0


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def run_case(case: Case, base: Recipe, device: torch.device, n_steps: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    tokens = float(lengths(20_000, base.model.text.context, rng).mean())
    try:
        step = case.make()
        seconds, memory = timed(step, lambda i: synthetic(base, case.batch_size, device, i), device, n_steps)
    except torch.OutOfMemoryError:
        return {"case": case.name, "batch": case.batch_size, "note": "out of memory"}
    speed = case.batch_size / seconds
    peak = peak_flops(torch.cuda.get_device_name()) if device.type == "cuda" else None
    useful = training_flops(base.model, tokens) * speed
    found = {"case": case.name, "batch": case.batch_size, "samples/s": round(speed, 1), "peak GB": round(memory, 1)}
    return {**found, "useful TFLOP/s": round(useful / 1e12, 2), "MFU": round(useful / peak, 3) if peak else None}


def write_shards(folder: Path, n: int) -> None:
    """Pictures of 256 px, quality 90, and captions of words."""
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(2000)]
    with TarWriter(folder / "train-00000.tar") as tar:
        for i in range(n):
            small = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
            out = io.BytesIO()
            small.resize((256, 256), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
            tar.add(f"k{i:06d}.jpg", out.getvalue())
            tar.add(f"k{i:06d}.txt", " ".join(rng.choice(words, int(lengths(1, 250, rng)[0]))).encode())


def shard_fed(recipe: Recipe, device: torch.device, batch: int, n: int, n_workers: int, folder: Path) -> dict[str, Any]:
    write_shards(folder, n)
    tokenizer = train_tokenizer(
        [f"word{i}" for i in range(2000)], recipe.model.text.vocab_size, recipe.model.text.context
    )
    tables = prepare(find_shards(folder, "train"), tokenizer, folder / "prepared").tables
    order = Order([len(SampleTable(*table)) for table in tables])
    data = ShardDataset(tables, recipe.model.vision.image_size, order, min_area=0.9)
    step = ours(recipe, device)
    waited, began = 0.0, 0.0
    found = batches(data, 0, WARM_UP + STEPS, batch, device=device, n_workers=n_workers)
    for i in range(WARM_UP + STEPS):
        if i == WARM_UP:
            _wait(device)
            waited, began = 0.0, time.perf_counter()
        asked = time.perf_counter()
        ready = next(found)
        waited += time.perf_counter() - asked
        step(ready)
    _wait(device)
    seconds = time.perf_counter() - began
    name = f"shard-fed, {n_workers} workers; waited {waited / seconds:.0%}"
    return {"case": name, "batch": batch, "samples/s": round(STEPS * batch / seconds, 1)}


def curves(base: Recipe, device: torch.device, folder: Path, n: int, steps: int) -> list[dict[str, Any]]:
    """The losses of both from the same weights on the same batches."""
    recipe = dataclasses.replace(base, lr=1e-4, micro_batch=n)
    rival = open_clips(recipe, device, folder, compiled=False, accumulate=1)
    mine = ours(recipe, device)
    data = [synthetic(recipe, n, device, seed) for seed in range(4)]
    rows = []
    for i in range(steps):
        theirs, found = rival(data[i % 4]), mine(data[i % 4])
        if i % 5 == 0 or i == steps - 1:
            rows.append({"case": f"loss, step {i + 1}: open_clip {theirs:.4f}, ours {found:.4f}", "batch": n})
    return rows


def retrieval(device: torch.device, n: int) -> dict[str, Any]:
    generator = torch.Generator(device).manual_seed(0)
    x, noise = (torch.randn(n, 512, device=device, generator=generator) for _ in range(2))
    images, texts = F.normalize(x, dim=-1), F.normalize(x + 4 * noise, dim=-1)
    began = time.perf_counter()
    found = ranks(images, texts)
    _wait(device)
    seconds = time.perf_counter() - began
    share = float((found.image_to_text == 0).double().mean())
    return {"case": f"retrieval, {n} x {n} exact: {seconds:.1f} s, R@1 {share:.3f}", "batch": n}


def tiled_loss(device: torch.device, n: int, tile: int) -> dict[str, Any]:
    x, y = (F.normalize(torch.randn(n, 512, device=device), dim=-1).requires_grad_() for _ in range(2))
    scale = torch.tensor(50.0, device=device, requires_grad=True)
    loss = contrastive_loss("clip", ALONE, tile)
    loss(x, y, scale, None).backward()
    _wait(device)
    began = time.perf_counter()
    loss(x, y, scale, None).backward()
    _wait(device)
    return {"case": f"tiled loss and gradient of {n}: {time.perf_counter() - began:.2f} s", "batch": n}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="tiny towers on the CPU")
    parser.add_argument("--workers", type=int, default=12, help="processes that load")
    args = parser.parse_args()
    if not args.smoke and not torch.cuda.is_available():
        sys.exit("no GPU; --smoke runs tiny towers on the CPU")
    device = torch.device("cpu" if args.smoke else "cuda")
    if args.smoke:
        torch.set_num_threads(1)
    base = dataclasses.replace(PRESETS["tiny" if args.smoke else "biomedclip"], text_dropout=0.0, precision="bf16")
    small, large, micro, n_steps = (16, 32, 8, 1) if args.smoke else (1024, 4096, 512, STEPS)
    name = "CPU" if args.smoke else torch.cuda.get_device_name()
    print(f"{name}, torch {torch.__version__}; fp32 matrices: {torch.get_float32_matmul_precision()}")
    began = time.monotonic()

    def show(make: Callable[[], dict[str, Any] | list[dict[str, Any]]], what: str) -> None:
        if time.monotonic() - began > SECONDS:
            print(f"left out, no time: {what}", flush=True)
            return
        found = make()
        for row in found if isinstance(found, list) else [found]:
            print(json.dumps(row), flush=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()

    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for case in cases(device, base, small, large, micro, folder):
            show(lambda case=case: run_case(case, base, device, n_steps), f"{case.name}, {case.batch_size}")
            torch._dynamo.reset()
        fed = dataclasses.replace(base, text_layout="packed", micro_batch=micro)
        show(lambda: shard_fed(fed, device, small, 4 * small, 2 if args.smoke else args.workers, folder), "shard-fed")
        show(lambda: retrieval(device, 5000 if args.smoke else N_RETRIEVAL), "retrieval")
        show(lambda: tiled_loss(device, 512 if args.smoke else 65_536, 4096), "tiled loss")
        show(lambda: curves(base, device, folder, small // 4, 5 if args.smoke else CURVE_STEPS), "curves")


if __name__ == "__main__":
    main()
