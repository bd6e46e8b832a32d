"""A release: shards and what must go with them, published by one rename.

ROOT/releases/2026-11-20-3f2a91c0/train-00000.tar ...
                                 /sizes.json         samples by tar file; open_clip reads it
                                 /manifest.json      shards with sha256, counts, inventory date, tables
                                 /ATTRIBUTION.csv    whom to credit, an article a line
                                 /README.md          dataset card
                                 /croissant.json     the same for machines
ROOT/releases/latest                                 a link to the newest
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.card import Facts, croissant, dataset_card
from pipeline.chain import digest
from pipeline.part import link, part_name
from pipeline.root import Chain, Root, StageManifest
from schemas.shards import Shard

CREDIT_COLUMNS = ("pmcid", "version", "license", "license_url", "attribution")


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a release is made of."""

    id: str
    chain: Chain
    shards: Sequence[Shard]
    shard_folder: Path
    """The pack stage's folder; shard k is the tar of part k."""
    manifests: Sequence[StageManifest]


def release_id(inventory: str, pack_folder: str) -> str:
    """Name of a release: the date of the inventory it reflects, and a digest of all that its content follows from."""
    return f"{inventory[:10]}-{digest(pack_folder)[:8]}"


def publish(root: Root, plan: ReleasePlan, credits: Iterable[Sequence[object]]) -> Path:
    """Makes a release visible; one that is there already is left as it is.

    Args:
        root: the root.
        plan: what it is made of.
        credits: rows of `CREDIT_COLUMNS`, sorted.

    Returns:
        The folder of the release.
    """
    final = root.releases / plan.id
    if not final.is_dir():
        scratch = root.releases / f".{plan.id}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        _fill(scratch, plan, credits)
        scratch.rename(final)
    _point_latest(root.releases, plan.id)
    return final


def _fill(folder: Path, plan: ReleasePlan, credits: Iterable[Sequence[object]]) -> None:
    for part, shard in enumerate(plan.shards):
        link(plan.shard_folder / part_name(part) / "blobs.tar", folder / f"{shard.name}.tar")
    write_papers(folder, Facts(plan.id, plan.chain.inventory, plan.chain.config, plan.shards, plan.manifests), credits)
    write_json(folder / "manifest.json", _manifest(plan))


def write_papers(folder: Path, facts: Facts, credits: Iterable[Sequence[object]]) -> None:
    """What must lie beside shards: sizes, attribution, and the card for people and machines."""
    write_json(folder / "sizes.json", {f"{shard.name}.tar": shard.n_samples for shard in facts.shards})
    write_credits(folder / "ATTRIBUTION.csv", credits)
    (folder / "README.md").write_text(dataset_card(facts), encoding="utf-8")
    write_json(folder / "croissant.json", croissant(facts))


def _manifest(plan: ReleasePlan) -> dict[str, Any]:
    return {
        "release": plan.id,
        "inventory": plan.chain.inventory,
        "n_samples": sum(shard.n_samples for shard in plan.shards),
        "shards": shard_list(plan.shards),
        "tables": plan.chain.stages,
        "config": plan.chain.config,
    }


def shard_list(shards: Iterable[Shard]) -> list[dict[str, object]]:
    """Name, split, counts and sha256 of each tar file."""
    return [
        {
            "file": f"{shard.name}.tar",
            "split": shard.split,
            "n_samples": shard.n_samples,
            "n_bytes": shard.n_bytes,
            "sha256": shard.sha256,
        }
        for shard in shards
    ]


def write_credits(path: Path, credits: Iterable[Sequence[object]]) -> None:
    """The attribution of every article, as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CREDIT_COLUMNS)
        writer.writerows(credits)


def write_json(path: Path, value: object) -> None:
    """A value as JSON that is equal whenever the value is."""
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _point_latest(releases: Path, name: str) -> None:
    scratch = releases / ".latest"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(name)
    scratch.replace(releases / "latest")
