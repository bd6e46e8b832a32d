"""dedup: of pairs that say and show the same, one is kept; of pairs that would leak across splits, the held-out one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pipeline.stage import Context, Function, Outcome, Stage, Step
from schemas.pairs import Assignment, Candidate, Pair, Signature
from schemas.reject import Reason, Reject

CLUSTER = Step("cluster", (Candidate, Signature), (Assignment,), revision=2, also=("pack",), relational=True)
"""Compares every candidate with all the others. Joined in `jobs`, held against `pipeline.dedup.oracle` by a test."""


def _start(context: Context) -> Function:
    def dedup(pair: Candidate, assignment: Assignment) -> Iterator[Outcome]:
        if assignment.survivor_id:
            detail = f"{assignment.survivor_id} is kept"
            yield Reject(stage="dedup", record_id=pair.id, reason=Reason.DUPLICATE, detail=detail)
        elif assignment.conflict_id:
            detail = f"{assignment.conflict_id} is held out"
            yield Reject(stage="dedup", record_id=pair.id, reason=Reason.SPLIT_CONFLICT, detail=detail)
        elif assignment.shard:
            yield _pair(pair, assignment, assignment.shard)

    return dedup


def _pair(candidate: Candidate, assignment: Assignment, shard: str) -> Pair:
    measured = {f.name: getattr(candidate, f.name) for f in dataclasses.fields(candidate)}
    return Pair(
        **measured,
        image_cluster=assignment.image_cluster,
        text_cluster=assignment.text_cluster,
        split=assignment.split,
        shard=shard,
        key=candidate.pair_id,
    )


STAGE = Stage("dedup", (Candidate, Assignment), (Pair,), revision=1, relational=True, start=_start)
