"""The chain: its steps in order, which step feeds which, and the name of the folder that each one writes."""

from __future__ import annotations

import hashlib
import json

from pipeline import catalog, fetch, filter, measure, pack, parse
from pipeline.config import Config
from pipeline.dedup import dedup
from pipeline.split import figure as split
from pipeline.stage import Step

CHAIN: tuple[Step, ...] = (
    catalog.INVENTORY,
    catalog.STAGE,
    parse.STAGE,
    fetch.STAGE,
    split.STAGE,
    measure.STAGE,
    filter.STAGE,
    dedup.CLUSTER,
    dedup.STAGE,
    pack.STEP,
)

_DIGEST_LENGTH = 12


def producers(step: Step) -> tuple[Step, ...]:
    """For each input of a step, the step before it that wrote that table last."""
    before = CHAIN[: CHAIN.index(step)]
    return tuple(next(s for s in reversed(before) if table in s.outputs) for table in step.inputs)


def folder_names(config: Config, inventory_digest: str) -> dict[str, str]:
    """Folder name by step: the step's name and a digest of all that its content follows from.

    Args:
        config: the settings; `run` changes no name.
        inventory_digest: changes when the source lists anything else.
    """
    names: dict[str, str] = {}
    for step in CHAIN:
        upstream = [names[producer.name] for producer in producers(step)] or [inventory_digest]
        sections = {name: config.section(name) for name in (step.name, *step.also)}
        basis = json.dumps([step.name, step.revision, sections, upstream], sort_keys=True)
        names[step.name] = f"{step.name}-{hashlib.sha256(basis.encode()).hexdigest()[:_DIGEST_LENGTH]}"
    return names
