"""The chain: its steps in order, which step feeds which, and the name of the folder that each one writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from pipeline import catalog, fetch, filter, measure, pack, parse
from pipeline.config import Config
from pipeline.dedup import dedup, signature
from pipeline.root import Chain
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
    signature.STAGE,
    dedup.CLUSTER,
    dedup.STAGE,
    pack.STEP,
)

_DIGEST_LENGTH = 12


def producers(step: Step) -> tuple[Step, ...]:
    """For each input of a step, the step before it that wrote that table last."""
    before = CHAIN[: CHAIN.index(step)]
    return tuple(next(s for s in reversed(before) if table in s.outputs) for table in step.inputs)


def folder_names(config: Config, state: str) -> dict[str, str]:
    """Folder name by step: its name, a digest of the settings that its content follows from, and perhaps a state.

    Args:
        config: the settings; `run` changes no name.
        state: digest of the state of the inventory, which names the folders of relational steps.
    """
    digests: dict[str, str] = {}
    names = {catalog.INVENTORY.name: f"{catalog.INVENTORY.name}-{state}"}
    for step in CHAIN[1:]:
        upstream = [digests.get(producer.name, "") for producer in producers(step)]
        sections = {name: config.section(name) for name in (step.name, *step.also)}
        digests[step.name] = digest([step.name, step.revision, sections, upstream])
        names[step.name] = f"{step.name}-{digests[step.name]}" + (f"-{state}" if step.relational else "")
    return names


def state_of(folders: dict[str, str]) -> str:
    """The state of the inventory that the folders of a chain are of."""
    return folders[catalog.INVENTORY.name].rpartition("-")[2]


def next_state(
    before: Chain | None, listing: str, is_complete: Callable[[str], bool], is_due: Callable[[str], bool]
) -> tuple[str, list[str]]:
    """The state that a listing leads to, and those it builds on, newest first.

    Args:
        before: the newest chain of the root, if there is one.
        listing: digest of what is listed now, and of the settings that select from it.
        is_complete: whether the inventory of a state was read to its end.
        is_due: whether a state lacks objects that may be had now; then the same listing leads to a new state.
    """
    lineage: list[str] = []
    if before:
        current = state_of(before.stages)
        if before.listing == listing and not is_due(current):
            return current, before.lineage
        lineage = [state for state in (state_of(before.stages), *before.lineage) if is_complete(state)]
    return digest([listing, lineage[:1]]), lineage


def digest(value: object) -> str:
    """12 hex digits that differ where values differ."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_DIGEST_LENGTH]
