"""The chain on the sample bucket: nothing lost, every planted fault caught, shards that others can read."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import webdataset
from lxml import etree
from PIL import Image

from jobs import inspect
from pipeline.chain import CHAIN
from pipeline.root import Root
from pipeline.tables import Tables
from schemas.reject import Reason

pytestmark = pytest.mark.spark

EXPECTED = {
    "wrong_md5": ("fetch", Reason.MD5_MISMATCH),
    "retracted": ("catalog", Reason.RETRACTED),
    "manuscript": ("catalog", Reason.MANUSCRIPT),
    "truncated_image": ("split", Reason.DECODE_ERROR),
    "blank_image": ("filter", Reason.BLANK_IMAGE),
    "tiny_image": ("filter", Reason.IMAGE_TOO_SMALL),
    "missing_media": ("fetch", Reason.MISSING_OBJECT),
    "huge_tiff": ("fetch", Reason.TOO_MANY_PIXELS),
    "german_caption": ("filter", Reason.NOT_ENGLISH),
    "placeholder_caption": ("filter", Reason.PLACEHOLDER_TEXT),
    "license_conflict": ("parse", Reason.LICENSE_CONFLICT),
    "no_license_code": ("catalog", Reason.LICENSE_CLASS),
    "no_derivatives": ("catalog", Reason.LICENSE_CLASS),
}

UNSURE = {Reason.PANEL_TEXT_IN_DOUBT, Reason.NO_PANEL_TEXT}
"""No fault: a caption that names panels does not always say surely which words are whose."""


def rows(root: Root, table: str) -> list[dict[str, Any]]:
    tables = Tables(root, root.chain().stages)
    return [row for batch in inspect.table_batches(tables, table) for row in batch.to_pylist()]


def test_every_article_graphic_and_pair_is_accounted_for(built) -> None:
    assert inspect.conservation_problems(built.root) == []


def test_graphics_in_the_xml_are_figures_or_rejects(built, sample) -> None:
    """Against a count of our own, which knows nothing of the parser."""
    figures = Counter(row["article_id"] for row in rows(built.root, "figures"))
    turned_away = Counter(
        "_".join(row["record_id"].split("_")[:2])
        for row in rows(built.root, "rejects")
        if row["stage"] == "parse" and row["reason"] != Reason.NO_GRAPHIC and row["record_id"].count("_") > 1
    )
    articles = {row["article_id"] for row in rows(built.root, "articles")}
    assert len(articles) > 20
    for article in articles:
        pmcid, version = article.split("_v")
        tree = etree.parse(sample.bucket / f"{pmcid}.{version}" / f"{pmcid}.{version}.xml")
        in_xml = len(tree.xpath("//*[local-name()='fig']//*[local-name()='graphic']"))
        assert figures[article] + turned_away[article] == in_xml, article


def test_planted_faults_end_as_the_right_reject(built, sample) -> None:
    rejects = rows(built.root, "rejects")
    figures = {(row["pmcid"], row["image_name"]): row["figure_id"] for row in rows(built.root, "figures")}
    planted = {fault.fault: fault for fault in sample.truth.faults}
    assert set(EXPECTED) <= set(planted)
    for fault, (stage, reason) in EXPECTED.items():
        where = planted[fault]
        article = f"{where.pmcid}_v{where.version}"
        record = figures.get((where.pmcid, where.file), article) if where.file else article
        found = [row for row in rejects if row["record_id"].startswith(record) and row["stage"] == stage]
        assert [row["reason"] for row in found] == [reason], fault


def test_nothing_is_rejected_but_what_was_planted(built) -> None:
    """In all stages that look at a record alone. Splits and duplicates depend on the other records."""
    alone = [row for row in rows(built.root, "rejects") if row["stage"] in ("parse", "fetch", "split", "filter")]
    reasons = Counter(row["reason"] for row in alone if row["reason"] not in UNSURE)
    expected = Counter(str(reason) for stage, reason in EXPECTED.values() if stage != "catalog")
    assert reasons - Counter({"alternative": 1}) == expected


def test_the_exact_and_the_near_duplicate_keep_one_each(built, sample) -> None:
    kept = {row["figure_id"] for row in rows(built.root, "pairs") if row["kind"] == "whole"}
    figures = {(row["pmcid"], row["image_name"]): row for row in rows(built.root, "figures")}
    captions = Counter(row["caption"] for row in figures.values() if row["figure_id"] in kept)
    for fault in sample.truth.faults:
        if fault.fault in ("exact_duplicate", "near_duplicate"):
            caption = figures[fault.pmcid, fault.file]["caption"]
            assert captions[caption] == 1, fault


def test_no_article_and_no_cluster_is_in_two_splits(built) -> None:
    pairs = rows(built.root, "pairs")
    assert {pair["split"] for pair in pairs} == {"train", "validation", "test"}
    for column in ("pmcid", "image_cluster", "text_cluster"):
        splits: dict[str, set[str]] = {}
        for pair in pairs:
            if column != "text_cluster" or pair["n_words"] >= 8:
                splits.setdefault(pair[column], set()).add(pair["split"])
        assert all(len(found) == 1 for found in splits.values()), column


def test_webdataset_reads_the_shards_as_the_tables_say(built) -> None:
    pairs = {row["key"]: row for row in rows(built.root, "pairs")}
    seen = set()
    for shard in sorted(built.outcome.release.glob("*.tar")):
        for sample in webdataset.WebDataset(str(shard), shardshuffle=False):
            pair = pairs[sample["__key__"]]
            seen.add(pair["key"])
            assert sample["txt"].decode() == pair["text"]
            assert json.loads(sample["json"])["attribution"] == pair["attribution"]
            picture = Image.open(BytesIO(sample["jpg"]))
            picture.load()
            assert picture.size == (pair["crop_width_px"], pair["crop_height_px"])
            assert pair["shard"] == shard.stem
    assert seen == set(pairs)


def test_the_release_says_what_is_in_it(built) -> None:
    release = built.outcome.release
    manifest = json.loads((release / "manifest.json").read_text())
    sizes = json.loads((release / "sizes.json").read_text())
    assert sum(sizes.values()) == manifest["n_samples"] == len(rows(built.root, "pairs"))
    for shard in manifest["shards"]:
        data = (release / shard["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == shard["sha256"]
        assert len(data) == shard["n_bytes"]
    with (release / "ATTRIBUTION.csv").open() as file:
        credited = {row["pmcid"] for row in csv.DictReader(file)}
    assert credited == {row["pmcid"] for row in rows(built.root, "pairs")}
    assert manifest["inventory"] in (release / "README.md").read_text()
    assert (release.parent / "latest").resolve() == release


def test_a_second_run_does_nothing_again(built, sample, build) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.root.path.glob("stages/*/*/*")}
    _, outcome = build(sample.bucket, built.root.path, built.config)
    assert {path: path.stat().st_mtime_ns for path in built.root.path.glob("stages/*/*/*")} == before
    assert outcome.manifests == built.outcome.manifests


def test_a_changed_threshold_redoes_only_what_follows_from_it(built, sample, build, tmp_path: Path) -> None:
    copy = tmp_path / "root"
    shutil.copytree(built.root.path, copy, symlinks=True)
    stricter = replace(built.config, filter=replace(built.config.filter, min_words=30))
    root, outcome = build(sample.bucket, copy, stricter)
    old, new = built.root.chain().stages, root.chain().stages
    assert [step.name for step in CHAIN if old[step.name] != new[step.name]] == [
        "filter",
        "sign",
        "cluster",
        "dedup",
        "pack",
    ]
    assert outcome.release != built.outcome.release
    assert inspect.conservation_problems(root) == []
    # The older release stays as it was.
    assert (root.releases / built.outcome.release.name / "manifest.json").is_file()


def test_a_lost_row_is_noticed(built, tmp_path: Path) -> None:
    """The check can fail: take one committed reject away."""
    import pyarrow.parquet as pq

    copy = tmp_path / "root"
    shutil.copytree(built.root.path, copy, symlinks=True)
    folder = copy / "stages" / built.root.chain().stages["fetch"]
    path = next(p for p in sorted(folder.glob("part-*/rejects.parquet")) if pq.read_metadata(p).num_rows)
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    problems = inspect.conservation_problems(Root(copy))
    assert problems == [f"fetch: {table['record_id'][0].as_py()} came in and has no outcome"]


def test_images_are_kept_byte_for_byte(built, sample) -> None:
    figures = {row["figure_id"]: row for row in rows(built.root, "figures")}
    from pipeline.tar import read_slice

    for image in rows(built.root, "images"):
        figure = figures[image["figure_id"]]
        original = (sample.bucket / f"{figure['pmcid']}.{figure['version']}" / figure["image_name"]).read_bytes()
        assert read_slice(built.root.path / image["shard"], image["offset"], image["n_bytes"]) == original


def test_manifests_say_how_long_and_with_what(built) -> None:
    for step in CHAIN:
        manifest = Tables(built.root, built.root.chain().stages).manifest(step.name)
        assert manifest.seconds >= 0 and manifest.code_version and manifest.finished
        assert sum(manifest.kept.values()) > 0


@pytest.mark.corpus
def test_the_real_corpus(corpus: Path, build: Callable[..., Any], tmp_path: Path) -> None:
    """Faults of corpus/cloud-faults.md, each where it belongs, and nothing lost."""
    from pipeline.config import Config

    root, outcome = build(corpus / "cloud", tmp_path / "root", Config())
    assert inspect.conservation_problems(root) == []
    rejects = {(row["record_id"], row["stage"], row["reason"]) for row in rows(root, "rejects")}
    figures = {(row["pmcid"], row["image_name"]): row["figure_id"] for row in rows(root, "figures")}
    assert {
        ("PMC4737045_v1", "catalog", "manuscript"),
        ("PMC4738733_v1", "catalog", "retracted"),
        ("PMC4774317_v1", "catalog", "license_class"),
        (figures["PMC4736760", "CRIS2016-4296059.006.jpg"], "fetch", "md5_mismatch"),
        (figures["PMC4745280", "CRIOT2016-4295601.001.jpg"], "split", "decode_error"),
    } <= rejects
    faulty = ("PMC4737045", "PMC4738733", "PMC4774317", "PMC4736760", "PMC4745280")
    others = {row for row in rejects if row[1] in ("catalog", "fetch", "split") and not row[0].startswith(faulty)}
    assert {reason for _, _, reason in others} <= UNSURE
    with (corpus / "cloud-gaps.csv").open() as file:
        gaps = {(row["pmcid"], row["fig_id"]) for row in csv.DictReader(file)}
    unresolved = sum(row[2] in ("unresolved_image", "rights_reserved") for row in rejects)
    day_1 = [gap for gap in gaps if (corpus / "cloud" / f"{gap[0]}.1").is_dir()]
    assert unresolved == len(day_1)
    assert outcome.release is not None
