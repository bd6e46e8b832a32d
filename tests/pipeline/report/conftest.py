"""A small release made without Spark: two figures cut into panels or not, and one reject of several kinds."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image as Pillow

from pipeline.chain import CHAIN
from pipeline.config import Config
from pipeline.part import PartWriter
from pipeline.root import Chain, Root, StageManifest, create_root, save_manifest
from pipeline.stage import Step, Stored
from schemas.articles import Article
from schemas.figures import Figure
from schemas.images import Image
from schemas.pairs import Candidate, Pair
from schemas.record import Record
from schemas.reject import Reason, Reject
from schemas.shards import Shard
from schemas.subfigures import CaptionSpan, Subfigure

HOSTILE = "Two views. (A) <script>alert(1)</script> & a cell. (B) \u202eanother one."
ARTICLE = "PMC7_v1"


@dataclass(frozen=True)
class Release:
    """The root, its release's manifest, and what each step is said to have kept and turned away."""

    root: Root
    manifest: dict[str, Any]
    stages: dict[str, StageManifest]


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.linear_gradient("L").resize((width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


def span(text: str, piece: str, role: str) -> CaptionSpan:
    start = text.index(piece)
    return CaptionSpan(start=start, end=start + len(piece), role=role)  # type: ignore[arg-type]


def article(**changes: Any) -> Article:
    values: dict[str, Any] = {
        "article_id": ARTICLE,
        "pmcid": "PMC7",
        "version": 1,
        "pmid": None,
        "doi": None,
        "title": "<b>A title</b>",
        "journal": None,
        "year": 2020,
        "article_type": None,
        "language": None,
        "authors": [],
        "license": "CC BY",
        "license_url": "javascript:alert(2)",
        "copyright": None,
        "attribution": '<img src=x onerror="alert(3)"> wrote this',
        "is_retracted": False,
        "is_manuscript": False,
        "keywords": [],
        "subjects": [],
        "mesh": [],
        "n_figures": 2,
        "n_graphics": 3,
        "source_etag": "e",
    }
    return Article(**{**values, **changes})


def figure(number: int, caption: str) -> Figure:
    return Figure(
        figure_id=f"{ARTICLE}_f{number:03d}",
        article_id=ARTICLE,
        pmcid="PMC7",
        version=1,
        fig_xml_id=None,
        number=number,
        graphic_number=1,
        n_graphics=1,
        label=f'Fig "{number}"',
        caption_title=None,
        caption=caption,
        caption_is_inherited=False,
        marks=[],
        graphic_href="g",
        image_name="g.jpg",
        image_url="g.jpg",
        image_md5=None,
        license="CC BY",
        rights_note=None,
        mentions=[],
        container="sec",
        figure_type=None,
    )


def image(number: int, n_bytes: int) -> Image:
    return Image(
        figure_id=f"{ARTICLE}_f{number:03d}",
        article_id=ARTICLE,
        sha256="0" * 64,
        md5="0" * 32,
        format="JPEG",
        width_px=400,
        height_px=200,
        mode="L",
        n_bytes=n_bytes,
        shard=None,
        offset=None,
    )


def subfigure(number: int, place: int, label: str | None, spans: list[CaptionSpan], **changes: Any) -> Subfigure:
    figure_id = f"{ARTICLE}_f{number:03d}"
    values: dict[str, Any] = {
        "subfigure_id": f"{figure_id}_s{place:02d}",
        "figure_id": figure_id,
        "article_id": ARTICLE,
        "kind": "panel" if label else "whole",
        "panel_label": label,
        "x0_px": 0,
        "y0_px": 0,
        "x1_px": 400,
        "y1_px": 200,
        "score": 1.0,
        "spans": spans,
        "subcaption": "",
        "common_caption": None,
        "match": "label",
        "match_confidence": 0.9,
        "text_confidence": 0.96,
        "is_compound": True,
        "n_panels": 2,
        "whole_reason": None,
        "crop_width_px": 400,
        "crop_height_px": 200,
        "pixel_sha256": "0" * 64,
        "phash": None,
        "luma_std": 9.0,
        "flat_share": 0.1,
        "shard": None,
        "offset": None,
        "n_bytes": len(jpeg(200, 200)),
    }
    return Subfigure(**{**values, **changes})


def pair_values(row: Subfigure, n_words: int) -> dict[str, Any]:
    return {
        "pair_id": row.subfigure_id,
        "subfigure_id": row.subfigure_id,
        "figure_id": row.figure_id,
        "article_id": ARTICLE,
        "pmcid": "PMC7",
        "version": 1,
        "kind": row.kind,
        "text": "<i>words</i>",
        "n_chars": 12,
        "n_words": n_words,
        "alpha_share": 1.0,
        "language": "en",
        "language_prob": 1.0,
        "width_px": row.x1_px - row.x0_px,
        "height_px": row.y1_px - row.y0_px,
        "crop_width_px": 200,
        "crop_height_px": 200,
        "pixel_sha256": "0" * 64,
        "phash": None,
        "luma_std": 9.0,
        "flat_share": 0.1,
        "match": row.match,
        "match_confidence": 0.9,
        "text_confidence": 0.96,
        "license": "CC BY",
        "license_url": "https://creativecommons.org/by/4.0/",
        "attribution": "Somebody. CC BY",
        "rights_note": None,
        "image_url": "g.jpg",
        "image_md5": None,
        "crop_shard": "stages/split-0/part-00000/blobs.tar",
        "crop_offset": 512,
        "n_bytes": row.n_bytes,
    }


def reject(stage: str, record_id: str, reason: Reason) -> Reject:
    return Reject(stage=stage, record_id=record_id, reason=reason, detail="found <u>this</u>")


def outcomes() -> dict[str, tuple[int, list[Record | Stored]]]:
    """Rows in and what each step makes of them."""
    picture = jpeg(400, 200)
    crop = jpeg(200, 200)
    own_a = span(HOSTILE, "<script>alert(1)</script> & a cell.", "own")
    shared = span(HOSTILE, "Two views.", "prefix")
    subfigures = [
        subfigure(1, 0, None, []),
        subfigure(1, 1, "A", [shared, own_a], x1_px=200),
        subfigure(1, 2, "B", [shared, span(HOSTILE, "another one.", "own")], x0_px=200),
        subfigure(2, 0, None, [], match="none", whole_reason="the caption names <3> panels"),
    ]
    candidates = [Candidate(**pair_values(row, 5 + 10 * place)) for place, row in enumerate(subfigures)]
    rest = {"image_cluster": "c", "text_cluster": "t", "split": "train", "shard": "train-00000", "key": "k"}
    pairs = [Pair(**pair_values(row, 5 + 10 * place), **rest) for place, row in enumerate(subfigures[:3])]
    return {
        "catalog": (2, [reject("catalog", "PMC8_v1", Reason.RETRACTED)]),
        "parse": (
            1,
            [
                article(),
                figure(1, HOSTILE),
                figure(2, "Left whole."),
                reject("parse", f"{ARTICLE}_f003", Reason.UNRESOLVED_IMAGE),
            ],
        ),
        "fetch": (2, [Stored(image(n, len(picture)), picture, ".jpg", f"{n}") for n in (1, 2)]),
        "split": (2, [Stored(row, crop, ".jpg", row.id) for row in subfigures]),
        "measure": (4, list(candidates)),
        "filter": (4, list(candidates)),
        "dedup": (4, [*pairs, reject("dedup", f"{ARTICLE}_f002_s00", Reason.DUPLICATE)]),
        "pack": (3, [Shard(name="train-00000", split="train", n_samples=3, n_bytes=1000, sha256="0" * 64)]),
    }


def write_step(root: Root, step: Step, n_in: int, rows: Sequence[Record | Stored]) -> StageManifest:
    folder = root.stage(f"{step.name}-0")
    with PartWriter(folder, 0, step, root.path) as writer:
        writer.n_in = n_in
        for row in rows:
            writer.put(row)
        report = writer.commit()
    kept = {**report.kept, "versions": 1} if step.name == "catalog" else report.kept
    manifest = StageManifest(step.name, 1, n_in, kept, report.rejects, 0, 1.0, 1.0, "2026-01-01", {}, "0.0.0")
    save_manifest(folder, "0", manifest)
    return manifest


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    root = create_root(tmp_path_factory.mktemp("report") / "root")
    made = outcomes()
    manifests = {step.name: write_step(root, step, *made.get(step.name, (0, []))) for step in CHAIN}
    names = {step.name: f"{step.name}-0" for step in CHAIN}
    config = {name: Config().section(name) for name in ("fetch", "filter", "split")}
    root.save_chain(Chain("s", "2026-11-20T01-00Z", config, names))
    shard = {"file": "train-00000.tar", "split": "train", "n_samples": 3, "n_bytes": 1000, "sha256": "0" * 64}
    manifest = {
        "release": "2026-11-20-00000000",
        "inventory": "2026-11-20T01-00Z",
        "n_samples": 3,
        "shards": [shard],
        "tables": names,
        "config": config,
    }
    (root.releases / manifest["release"]).mkdir(parents=True)
    (root.releases / manifest["release"] / "manifest.json").write_text(json.dumps(manifest))
    (root.releases / "latest").symlink_to(manifest["release"])
    return Release(root, manifest, manifests)
