"""The dataset card of a release, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.root import StageManifest
from schemas.shards import Shard

_ACCESS = (
    "NIH NLM NCBI PubMed Central (PMC) Article Datasets - Full-Text Biomedical and Life Sciences Journal Articles on"
    " AWS, https://registry.opendata.aws/ncbi-pmc"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card tells."""

    name: str
    inventory: str
    config: dict[str, Any]
    shards: Sequence[Shard]
    manifests: Sequence[StageManifest]


def dataset_card(facts: Facts) -> str:
    """The card as Markdown."""
    return "\n".join(
        [
            f"# Figure-caption pairs from PubMed Central, release {facts.name}",
            "",
            f"Pictures and captions of open access articles, as the source's inventory of {facts.inventory} lists them."
            " It may not reflect what the National Library of Medicine holds today.",
            "",
            f"Licence class: {facts.config['catalog']['license']}. Each picture keeps the licence of its article;"
            " every sample names it, with the attribution that the licence asks for, and ATTRIBUTION.csv lists them."
            " A picture may be shown or changed only as its own licence allows.",
            "",
            "## Shards",
            "",
            "WebDataset: `<key>.jpg`, `<key>.json`, `<key>.txt`. The splits share no article,"
            " and no cluster of nearly equal pictures or captions.",
            "",
            "| split | shards | samples | bytes |",
            "| --- | ---: | ---: | ---: |",
            *_split_rows(facts.shards),
            "",
            *_attrition(facts.manifests),
            "## Source",
            "",
            f"{_ACCESS}. The National Library of Medicine distributes the articles and does not endorse this data set.",
            "Made with pmc15m, after the method of Zhang et al. 2023, https://arxiv.org/abs/2303.00915.",
            "",
        ]
    )


def _split_rows(shards: Sequence[Shard]) -> list[str]:
    rows = []
    for split in sorted({shard.split for shard in shards}):
        mine = [shard for shard in shards if shard.split == split]
        n_samples, n_bytes = sum(s.n_samples for s in mine), sum(s.n_bytes for s in mine)
        rows.append(f"| {split} | {len(mine)} | {n_samples} | {n_bytes} |")
    return rows


def _attrition(manifests: Sequence[StageManifest]) -> list[str]:
    head = [
        "## From articles to pairs",
        "",
        "| stage | in | kept | turned away, by reason |",
        "| --- | ---: | --- | --- |",
    ]
    return [*head, *(_stage_row(manifest) for manifest in manifests), ""] if manifests else []


def _stage_row(manifest: StageManifest) -> str:
    kept = ", ".join(f"{n} {table}" for table, n in manifest.kept.items())
    rejects = ", ".join(f"{n} {reason}" for reason, n in sorted(manifest.rejects.items()))
    return f"| {manifest.stage} | {manifest.n_in} | {kept} | {rejects} |"


def croissant(facts: Facts) -> dict[str, Any]:
    """The card as Croissant 1.0 metadata.

    Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
    """
    return {
        "@context": {
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "conformsTo": "http://purl.org/dc/terms/conformsTo",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"pmc15m-{facts.name}",
        "description": f"Figure-caption pairs from PubMed Central, inventory of {facts.inventory}.",
        "version": facts.name,
        "isBasedOn": "https://registry.opendata.aws/ncbi-pmc",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{shard.name}.tar",
                "name": f"{shard.name}.tar",
                "contentUrl": f"{shard.name}.tar",
                "contentSize": f"{shard.n_bytes} B",
                "encodingFormat": "application/x-tar",
                "sha256": shard.sha256,
            }
            for shard in facts.shards
        ],
    }
