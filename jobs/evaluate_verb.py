"""evaluate: what a model can do, in the form of CLIP_benchmark's results. PyTorch is imported when it runs."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from jobs.training import default_workers, for_the_user
from jobs.verbs import COMPLETE, Arguments, UsageError, Verb, Verbs, add_json, add_verb, print_json, print_table

log = logging.getLogger("pmc15m")

_TASKS = ("pcam", "lc25000-lung", "lc25000-colon", "tcga-til", "rsna")
_SHARES = (0.01, 0.1, 1.0)


def add(verbs: Verbs) -> None:
    """Adds the verb `evaluate` to the command line."""
    doc = "Measure a model: retrieval, zero-shot, linear probe, questions, a tally of figure types."
    tasks = verbs.add_parser("evaluate", help=doc, description=doc).add_subparsers(required=True, metavar="TASK")
    _add_retrieval(tasks)
    _add_zero_shot(tasks)
    _add_probe(tasks)
    _add_vqa(tasks)
    _add_tally(tasks)


def _add_task(tasks: Verbs, name: str, verb: Verb, doc: str, example: str) -> Any:
    parser = add_verb(tasks, name, verb, doc, f"pmc15m evaluate {name} --model /tmp/model {example}")
    parser.add_argument("--model", type=Path, required=True, help="an exported model, or the folder of a run")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="of the towers; default: fp32")
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    add_json(parser)
    return parser


def _add_pairs(parser: Any, split: str = "test") -> None:
    parser.add_argument("--shards", type=Path, required=True, help="folder of a release or an export")
    parser.add_argument("--split", default=split, help=f"default: {split}")
    parser.add_argument("-n", type=int, help="only so many pairs")
    parser.add_argument("--workers", type=int, help="processes that load; by default the cores but one")


def _add_retrieval(tasks: Verbs) -> None:
    doc = "Rank each picture's text among all texts and the other way round, exactly: R@1, 5, 10, median rank."
    _add_pairs(_add_task(tasks, "retrieval", _retrieval, doc, "--shards demo/root/releases/latest"))


def _retrieval(args: Arguments, console: Console) -> int:
    with for_the_user():
        from pipeline.train.evaluate.retrieval import retrieval_metrics

        _, pairs = _encoded(args)
        metrics = retrieval_metrics(pairs.images, pairs.texts, pairs.groups.to(pairs.images.device))
    return _report(args, f"{args.shards.name}/{args.split}", "zeroshot_retrieval", metrics)


def _encoded(args: Arguments) -> tuple[Any, Any]:
    from pipeline.train.evaluate.embed import Encoder

    encoder = Encoder(args.model, args.precision)
    return encoder, _encoded_split(encoder, args, args.split)


def _encoded_split(encoder: Any, args: Arguments, split: str) -> Any:
    from pipeline.train.evaluate.embed import encode_split

    n_workers = default_workers() if args.workers is None else args.workers
    with tempfile.TemporaryDirectory() as folder:
        return encode_split(encoder, args.shards, split, Path(folder), n_workers, args.n)


def _add_data(parser: Any) -> None:
    parser.add_argument("--task", choices=_TASKS, required=True, help="names classes and prompts")
    parser.add_argument("--data", type=Path, required=True, help="folder of class folders, or a MedMNIST-like .npz")


def _add_zero_shot(tasks: Verbs) -> None:
    doc = "Classify pictures by the paper's prompts, without training."
    _add_data(_add_task(tasks, "zero-shot", _zero_shot, doc, "--task pcam --data /data/pcam"))


def _zero_shot(args: Arguments, console: Console) -> int:
    with for_the_user():
        from pipeline.train.evaluate.classify import class_vectors, zero_shot_metrics
        from pipeline.train.evaluate.datasets import TASKS
        from pipeline.train.evaluate.embed import Encoder

        task, encoder = TASKS[args.task], Encoder(args.model, args.precision)
        images, labels = _split(args, encoder, "test")
        metrics = zero_shot_metrics(images, labels, class_vectors(encoder, task), binary=task.binary)
    return _report(args, args.task, "zeroshot_classification", metrics)


def _split(args: Arguments, encoder: Any, split: str) -> tuple[Any, Any]:
    from pipeline.train.evaluate.datasets import TASKS, read_split

    found = read_split(args.data, split, TASKS[args.task])
    return encoder.images(found.squares(encoder.image_size)), found.labels


def _add_probe(tasks: Verbs) -> None:
    doc = "Train a linear layer on frozen vectors, with shares of the training set."
    parser = _add_task(tasks, "probe", _probe, doc, "--task rsna --data /data/rsna")
    _add_data(parser)
    parser.add_argument("--shares", default="0.01,0.1,1", help="comma list; default: 0.01,0.1,1")
    parser.add_argument("--seed", type=int, default=0, help="of the shares")


def _probe(args: Arguments, console: Console) -> int:
    try:
        shares = [float(share) for share in args.shares.split(",")]
    except ValueError as error:
        raise UsageError(f"--shares {args.shares}: a comma list of numbers such as 0.01,0.1,1") from error
    with for_the_user():
        from pipeline.train.evaluate.classify import probe_metrics
        from pipeline.train.evaluate.datasets import TASKS
        from pipeline.train.evaluate.embed import Encoder

        encoder = Encoder(args.model, args.precision)
        train, test = _split(args, encoder, "train"), _split(args, encoder, "test")
        metrics = probe_metrics(train, test, shares, binary=TASKS[args.task].binary, seed=args.seed)
    return _report(args, args.task, "linear_probe", metrics)


def _add_vqa(tasks: Verbs) -> None:
    doc = "Answer questions of VQA-RAD or SLAKE by a small head on frozen vectors."
    parser = _add_task(tasks, "vqa", _vqa, doc, "--data /data/vqa-rad")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set as it is distributed")
    parser.add_argument("--seed", type=int, default=0, help="of the head")


def _vqa(args: Arguments, console: Console) -> int:
    with for_the_user():
        from pipeline.train.evaluate.embed import Encoder
        from pipeline.train.evaluate.vqa import asked, read_questions, vqa_metrics

        train, test = read_questions(args.data)
        encoder = Encoder(args.model, args.precision)
        metrics = vqa_metrics(asked(encoder, train), asked(encoder, test), args.seed)
    return _report(args, args.data.name, "vqa", metrics)


def _add_tally(tasks: Verbs) -> None:
    doc = "Name the kind of each picture by the nearest keyword; writes it as a column to a copy of the pairs."
    example = "--shards ROOT/releases/latest --pairs ROOT/stages/dedup-... --table pairs-with-types"
    parser = _add_task(tasks, "tally", _tally, doc, example)
    _add_pairs(parser, split="train,validation,test")
    pairs = "table of pairs, a Parquet file or a folder of them; without it only pair_id and the kind are written"
    parser.add_argument("--pairs", type=Path, help=pairs)
    parser.add_argument(
        "--table", type=Path, required=True, help="where to write: a new file, or a folder if --pairs is"
    )


def _tally(args: Arguments, console: Console) -> int:
    with for_the_user():
        import pyarrow as pa

        from pipeline.train.evaluate.embed import Encoder
        from pipeline.train.evaluate.tally import add_column, count, figure_types, write_types

        encoder, splits = Encoder(args.model, args.precision), _splits_there(args)
        types = pa.concat_tables([figure_types(encoder, _encoded_split(encoder, args, split)) for split in splits])
        if args.pairs:
            n_named = add_column(types, args.pairs, args.table)
            log.info("%s: %d pairs have a figure_type; the others are not in %s", args.table, n_named, args.split)
        else:
            write_types(types, args.table)
    return _report(args, f"{args.shards.name}/{args.split}", "figure_types", dict(count(types)))


def _splits_there(args: Arguments) -> list[str]:
    """Those of the asked splits that the folder has; small releases have no validation."""
    from pipeline.train.shards import ShardError, find_shards

    found = []
    for split in args.split.split(","):
        with contextlib.suppress(ShardError):
            find_shards(args.shards, split)
            found.append(split)
    if not found:
        raise UsageError(f"{args.shards}: holds no shards of {args.split}")
    return found


def _report(args: Arguments, dataset: str, task: str, metrics: dict[str, Any]) -> int:
    from pipeline.train.evaluate.results import result, write_result

    found = result(dataset, str(args.model), task, metrics)
    if args.out:
        write_result(found, args.out)
    if args.json:
        print_json(found)
    else:
        print_table(("measure", "value", "95 % interval"), _rows(metrics), numbers=("value",))
    return COMPLETE


def _rows(metrics: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    for name, value in metrics.items():
        if "_ci95" in name:
            continue
        base, at, share = name.partition("@") if name.endswith("%") else (name, "", "")
        interval = metrics.get(f"{base}_ci95{at}{share}")
        between = f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
        yield name, f"{value:.4f}" if isinstance(value, float) else str(value), between
