"""Verbs that make things, or remove them: rebuild, refresh, prune, export, sample."""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console

from jobs import inspect
from jobs.export import Order, export
from jobs.progress import Progress
from jobs.rebuild import Outcome, rebuild
from jobs.session import check_java, spark_session
from jobs.verbs import COMPLETE, INCOMPLETE, Arguments, UsageError, Verbs, add_root, add_verb
from pipeline.catalog import read_ids
from pipeline.chain import CHAIN
from pipeline.config import Config, config_of, load_config
from pipeline.export import FORMATS, KINDS
from pipeline.licenses import allowed_licenses
from pipeline.prune import prune
from pipeline.root import Root, create_root, locked, open_root
from pipeline.sample import write_sample
from pipeline.sources import open_source
from schemas.reject import Reason

log = logging.getLogger("pmc15m")


def add(verbs: Verbs) -> None:
    """Adds the verbs of this module to the command line."""
    _add_rebuild(verbs)
    _add_refresh(verbs)
    _add_prune(verbs)
    _add_export(verbs)
    _add_sample(verbs)


def _add_rebuild(verbs: Verbs) -> None:
    doc = "Run the whole chain from articles to a release. Skips what is complete and current; safe to stop and rerun."
    example = "pmc15m rebuild --source s3://pmc-oa-opendata --root /data/pmc --limit 1000"
    parser = add_verb(verbs, "rebuild", _rebuild, doc, example)
    source = "s3://pmc-oa-opendata, an http(s) root with the same keys, or a folder of the bucket or of old packages"
    parser.add_argument("--source", required=True, help=source)
    add_root(parser)
    _add_settings(parser)
    parser.add_argument("--limit", type=int, help="use only so many article versions, lowest PMC numbers first")
    parser.add_argument("--ids", type=Path, metavar="FILE", help="use only the articles it names, a pmcid a line")
    parser.add_argument("--license", metavar="CLASS", help="commercial (default), noncommercial, all, or licence codes")
    parser.add_argument("--until", choices=[step.name for step in CHAIN], help="stop after this stage")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", type=Path, help="TOML file with settings; see jobs/conf")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")


def _rebuild(args: Arguments, console: Console) -> int:
    config = _settings(args)
    check_java()
    return _build(args.source, lambda: create_root(args.root), config, console, args.until)


def _add_refresh(verbs: Verbs) -> None:
    doc = "Take in what the source added, changed, retracted or removed since the last run, with the same settings."
    parser = add_verb(verbs, "refresh", _refresh, doc, "pmc15m refresh --root /data/pmc")
    add_root(parser)
    parser.add_argument("--source", help="by default the one of the last run")
    _add_settings(parser)


def _refresh(args: Arguments, console: Console) -> int:
    root = open_root(args.root)
    chain = root.chain()
    config = load_config(args.recipe, args.set, config_of(chain.config))
    check_java()
    return _build(args.source or chain.source, lambda: root, config, console)


def _build(
    location: str, get_root: Callable[[], Root], config: Config, console: Console, until: str | None = None
) -> int:
    # Workers may run in another folder.
    source = open_source(location if "://" in location else str(Path(location).resolve()))
    log.info("source: %s", source.describe())
    snapshot = source.snapshot()  # an unreadable source is refused before anything is written
    root = get_root()
    with locked(root), spark_session(config.run, root.path / "spark.log") as spark:
        outcome = rebuild(spark, root, source, snapshot, config, Progress(console), until)
    return _conclude(outcome)


def _settings(args: Arguments) -> Config:
    overrides = list(args.set)
    if args.limit is not None:
        if args.limit < 1:
            raise UsageError(f"--limit {args.limit}: name a number of at least 1")
        overrides.append(f"inventory.limit={args.limit}")
    if args.ids is not None:
        read_ids(args.ids)
        overrides.append(f"inventory.ids={args.ids.resolve()}")
    if args.license is not None:
        overrides.append(f"catalog.license={args.license}")
    return load_config(args.recipe, overrides)


def _add_prune(verbs: Verbs) -> None:
    doc = "Remove older releases, and the tables and images that only they were made of."
    parser = add_verb(verbs, "prune", _prune, doc, "pmc15m prune --root /data/pmc --keep 2")
    add_root(parser)
    parser.add_argument("--keep", type=int, default=1, help="how many releases stay, the newest (default 1)")


def _prune(args: Arguments, console: Console) -> int:
    if args.keep < 1:
        raise UsageError(f"--keep {args.keep}: name a number of at least 1")
    root = open_root(args.root)
    with locked(root):
        pruned = prune(root, args.keep)
    log.info("%d releases and %d folders removed", len(pruned.releases), len(pruned.folders))
    return COMPLETE


def _conclude(outcome: Outcome) -> int:
    bugs = sum(manifest.rejects.get(Reason.INTERNAL_ERROR, 0) for manifest in outcome.manifests)
    undelivered = sum(manifest.rejects.get(Reason.FETCH_FAILED, 0) for manifest in outcome.manifests)
    if bugs:
        log.warning("%d rows met a bug and were left out: 'pmc15m rejects --reason internal_error' shows them", bugs)
    if outcome.release:
        log.info("release: %s", outcome.release)
    if undelivered:
        log.warning("%d objects were not delivered; a later run may get them", undelivered)
    return INCOMPLETE if undelivered else COMPLETE


def _add_export(verbs: Verbs) -> None:
    doc = "Write shards for training, or lists, from a release to a new folder."
    example = "pmc15m export --root /data/pmc --out /data/shards --kind whole --image-size 384"
    parser = add_verb(verbs, "export", _export, doc, example)
    add_root(parser)
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--release", default="latest", help="by default the newest")
    parser.add_argument("--license", metavar="CLASS", help="a licence class; by default that of the release")
    parser.add_argument("--kind", default="panels,whole", help="panels, whole, or both (default)")
    parser.add_argument("--image-size", type=int, help="shorter side in px; by default as stored in the release")
    parser.add_argument("--format", default="webdataset", help=f"comma list of {', '.join(FORMATS)}")
    mirror = "with --format urls: a server that has the bucket's keys under this URL; by default the bucket itself"
    parser.add_argument("--url-root", metavar="URL", help=mirror)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of [run]")


def _export(args: Arguments, console: Console) -> int:
    root = open_root(args.root)
    release = inspect.release_manifest(root, args.release)
    order = Order(
        release=release,
        license=args.license or release["config"]["catalog"]["license"],
        kinds=_listed(args.kind, KINDS, "--kind"),
        image_size=args.image_size or release["config"]["split"]["image_size"],
        formats=_listed(args.format, FORMATS, "--format"),
        url_root=args.url_root,
    )
    allowed_licenses(order.license)
    if args.out.exists() and any(args.out.iterdir()):
        raise UsageError(f"{args.out}: not empty; name a new folder")
    with spark_session(load_config(None, args.set).run, root.path / "spark.log") as spark:
        n_samples = export(spark, root, order, args.out)
    log.info("%d samples of release %s: %s", n_samples, release["release"], args.out)
    return COMPLETE


def _listed(text: str, known: Iterable[str], option: str) -> list[str]:
    """A comma list of known words.

    Raises:
        UsageError: a word is not known.
    """
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in known:
            raise UsageError(f"{option} {text}: '{word}' is not one of {', '.join(known)}")
    return words


def _add_sample(verbs: Verbs) -> None:
    doc = "Draw a small made-up bucket in the layout of PMC's, to try everything without a network."
    parser = add_verb(verbs, "sample", _sample, doc, "pmc15m sample /tmp/bucket --articles 28")
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--articles", type=int, default=28, help="how many articles")
    parser.add_argument("--seed", type=int, default=15, help="another seed draws other articles")


def _sample(args: Arguments, console: Console) -> int:
    folder: Path = args.folder
    if folder.exists():
        raise UsageError(f"{folder}: exists already; name a new folder")
    scratch = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    write_sample(scratch, n_articles=args.articles, seed=args.seed)
    scratch.rename(folder)
    log.info("sample: %s", folder)
    return COMPLETE
