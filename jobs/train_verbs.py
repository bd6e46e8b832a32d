"""train and train export. PyTorch is imported when they run, and by no other verb."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jobs.training import default_workers, for_the_user
from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_json, add_verb, print_json
from pipeline.train.presets import PRESETS, with_settings

if TYPE_CHECKING:
    from pipeline.train.run import Job

log = logging.getLogger("pmc15m")

_SECONDS_BETWEEN_LINES = 5.0


def add(verbs: Verbs) -> None:
    """Adds the verbs of this module to the command line."""
    _add_train(verbs)


def _add_train(verbs: Verbs) -> None:
    doc = "Train on shards; goes on from the newest checkpoint of --out. With torchrun, on several GPUs."
    example = "pmc15m train --shards demo/root/releases/latest --preset tiny --init random --out /tmp/run"
    parser = add_verb(verbs, "train", _train, doc, example)
    parser.add_argument("--shards", type=Path, help="folder of a release or an export")
    parser.add_argument("--out", type=Path, help="folder of the run")
    parser.add_argument("--preset", choices=list(PRESETS), default="biomedclip", help="default: biomedclip")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the recipe"
    )
    init = "pretrained (towers from the hub; default), random, or the folder of a run or an exported model"
    parser.add_argument("--init", help=f"{init}; with the preset tiny, random")
    parser.add_argument("--vision-weights", help="timm weights instead of the preset's: repository, folder or file")
    parser.add_argument("--text-weights", help="BERT weights instead of the preset's: repository, folder or file")
    parser.add_argument("--tokenizer", help="vocabulary: repository, folder, tokenizer.json or vocab.txt")
    parser.add_argument("--prepared", type=Path, help="where token tables lie; by default OUT/prepared")
    parser.add_argument("--workers", type=int, help="processes that load, per GPU; by default the cores but one")
    parser.add_argument("--checkpoint-every", type=int, default=1000, metavar="STEPS")
    parser.add_argument("--validate-every", type=int, default=1000, metavar="STEPS")
    parser.add_argument("--validation-split", default="validation", help="default: validation")
    parser.add_argument("--keep", type=int, default=2, help="newest checkpoints to keep")
    add_json(parser)
    _add_export(parser.add_subparsers(metavar="export"))


def _train(args: Arguments, console: Console) -> int:
    with for_the_user():
        from pipeline.train.group import share_cores
        from pipeline.train.loop import Reports, train

        job = _job(args)
        share_cores(job.n_workers)
        with _Live(console) as live:
            outcome = train(job, Reports(log.info, live.show))
    if int(os.environ.get("RANK", "0")):
        return COMPLETE
    if args.json:
        print_json(asdict(outcome))
    if outcome.bad_samples:
        log.warning("%d times a sample could not be read; a neighbour stood in", outcome.bad_samples)
    log.info("run: %s, step %d", args.out, outcome.steps)
    return COMPLETE


def _job(args: Arguments) -> Job:
    from pipeline.train.run import Job

    if args.shards is None or args.out is None:
        raise UsageError("train needs --shards and --out; 'pmc15m train --help' has an example")
    recipe = with_settings(PRESETS[args.preset], args.set)
    return Job(
        recipe=recipe,
        shards=args.shards,
        out=args.out,
        init=args.init or ("pretrained" if recipe.model.text.hub else "random"),
        vision_weights=args.vision_weights,
        text_weights=args.text_weights,
        tokenizer=args.tokenizer,
        prepared=args.prepared,
        n_workers=default_workers() if args.workers is None else args.workers,
        checkpoint_every=args.checkpoint_every,
        validate_every=args.validate_every,
        validation_split=args.validation_split,
        keep=args.keep,
    )


class _Live:
    """Shows records as they come: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=console) if console.is_terminal else None
        self._task = self._bar.add_task("", total=None) if self._bar else None
        self._last = 0.0

    def show(self, record: dict[str, Any]) -> None:
        """Shows one."""
        if "validation_loss" in record:
            log.info("step %d: %s", record["step"], _validation_text(record))
        elif self._bar and self._task is not None:
            self._bar.update(self._task, completed=record["step"], description=_text(record))
        elif time.monotonic() - self._last > _SECONDS_BETWEEN_LINES or not record["seconds_left"]:
            self._last = time.monotonic()
            log.info("step %d: %s", record["step"], _text(record))

    def __enter__(self) -> _Live:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar:
            self._bar.stop()


def _text(record: dict[str, Any]) -> str:
    parts = [f"loss {record['loss']:.4f}", f"scale {record['logit_scale']:.1f}"]
    parts.append(f"{record['samples_per_second']:.0f} samples/s")
    if record["mfu"] is not None:
        parts.append(f"MFU {record['mfu']:.1%}")
    left = record["seconds_left"]
    return ", ".join([*parts, f"waited {record['waiting_share']:.0%}", f"{left // 60}:{left % 60:02} min left"])


def _validation_text(record: dict[str, Any]) -> str:
    both = f"R@1 {record['image_to_text_r1']:.2%} image to text, {record['text_to_image_r1']:.2%} text to image"
    return f"validation loss {record['validation_loss']:.4f}, {both}, among {record['n_validation']}"


def _add_export(verbs: Verbs) -> None:
    doc = "Write a run's model in the form of BiomedCLIP's release, which open_clip loads without a network."
    example = "pmc15m train export --run /tmp/run --out /tmp/model --verify"
    parser = add_verb(verbs, "export", _export, doc, example)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--step", type=int, help="of the checkpoint; by default the newest")
    parser.add_argument("--verify", action="store_true", help="load it with open_clip and compare the embeddings")


def _export(args: Arguments, console: Console) -> int:
    if args.out.exists() and any(args.out.iterdir()):
        raise UsageError(f"{args.out}: not empty; name a new folder")
    with for_the_user():
        from pipeline.train.export import export_run, verify

        export_run(args.run, args.out, args.step)
        if args.verify:
            log.info("open_clip's embeddings differ from ours by %.1e at most", verify(args.out))
    log.info("model: %s", args.out)
    return COMPLETE
