"""The folder of a run, and what is in it before the first step: recipe, vocabulary, prepared shards.

RUN/recipe.json              all that decides what is computed
   /tokenizer.json           the vocabulary
   /prepared/                a table beside each shard
   /checkpoints/             step-00001000.pt, ...
   /log.jsonl, tensorboard/  one record per step
   /loss.svg
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.train.group import Group
from pipeline.train.prepare import Prepared, prepare
from pipeline.train.presets import Recipe, recipe_from_json
from pipeline.train.shards import ShardError, ShardFile, find_shards, read_samples
from pipeline.train.tokens import FILE, CaptionTokenizer, learn_tokenizer, load_tokenizer, tokenizer_from_json

RECIPE, PREPARED = "recipe.json", "prepared"
_FREE = ("max_steps", "epochs", "micro_batch", "live_micro_batches", "recompute_blocks", "compile", "loss_tile")
"""Keys that may change when a run goes on: they change how far and how fast, and no result up to there."""

_CAPTIONS_FOR_VOCABULARY = 1_000_000


class RunError(Exception):
    """A run that cannot be begun or gone on with; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a user asks for."""

    recipe: Recipe
    shards: Path
    out: Path
    init: str = "pretrained"
    """`pretrained`, `random`, or the folder of a run or an export."""
    vision_weights: str | None = None
    """Instead of the recipe's; with `pretrained`."""
    text_weights: str | None = None
    tokenizer: str | None = None
    """A vocabulary; by default that of the initial weights, or one learnt from the captions."""
    prepared: Path | None = None
    """Where tables of shards lie; by default in the run."""
    n_workers: int = 0
    checkpoint_every: int = 1000
    validate_every: int = 1000
    validation_split: str = "validation"
    n_validation: int = 13_600
    """Most pairs of a validation; the paper has 13.6 k."""
    keep: int = 2


def settled_recipe(job: Job) -> Recipe:
    """The recipe of a run: the job's, if the run is new or the same but for what may change.

    Raises:
        RunError: the run was begun with another.
    """
    path = job.out / RECIPE
    if not path.exists():
        return job.recipe
    before = recipe_from_json(json.loads(path.read_text()))
    towers = dataclasses.replace(
        job.recipe.model, text=dataclasses.replace(job.recipe.model.text, vocab_size=before.model.text.vocab_size)
    )
    asked = dataclasses.replace(job.recipe, model=towers)
    for key in dataclasses.fields(Recipe):
        old, new = getattr(before, key.name), getattr(asked, key.name)
        if old != new and key.name not in _FREE:
            raise RunError(f"{job.out}: was begun with {key.name}={old}, not {new}; name a new folder")
    return asked


def settled_tokenizer(job: Job, recipe: Recipe) -> CaptionTokenizer:
    """The vocabulary of a run: the one it was begun with, else the one asked for, else one learnt from the captions.

    Raises:
        TokenizerError: it cannot be had.
    """
    text = recipe.model.text
    kept = job.out / FILE
    if kept.exists():
        return tokenizer_from_json(kept.read_text(encoding="utf-8"), text.context)
    place = job.tokenizer or (text.hub if job.init == "pretrained" else None)
    if place is None and Path(job.init, FILE).exists():
        place = job.init
    if place is not None:
        return load_tokenizer(place, text.context)
    captions = _captions(find_shards(job.shards, "train"))
    return learn_tokenizer(text.kind, captions, text.vocab_size, text.context)


def _captions(shards: Sequence[ShardFile]) -> Iterator[str]:
    """Captions to learn a vocabulary from; a shard that cannot be read is told of when it is prepared."""
    n = 0
    for shard in shards:
        try:
            for sample in read_samples(shard):
                yield sample.text
                n += 1
        except ShardError:
            continue
        if n >= _CAPTIONS_FOR_VOCABULARY:
            return


def begin(job: Job, group: Group) -> tuple[Recipe, CaptionTokenizer]:
    """Recipe and vocabulary of a run, which are then in its folder; the first process writes, the others read.

    Raises:
        RunError, TokenizerError, ShardError: the run cannot be begun.
    """
    with group.first_alone():
        recipe = settled_recipe(job)
        tokenizer = settled_tokenizer(job, recipe)
        text = dataclasses.replace(recipe.model.text, vocab_size=tokenizer.vocab_size)
        recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, text=text))
        if group.rank == 0:
            job.out.mkdir(parents=True, exist_ok=True)
            (job.out / FILE).write_text(tokenizer.to_json(), encoding="utf-8")
            (job.out / RECIPE).write_text(json.dumps(dataclasses.asdict(recipe), indent=1) + "\n")
    return recipe, tokenizer


def prepared_split(
    job: Job, split: str, tokenizer: CaptionTokenizer, group: Group, progress: Callable[[str], object]
) -> Prepared:
    """The shards of a split with their tables; the first process makes them.

    Raises:
        ShardError: there are none, or none can be used.
    """
    with group.first_alone():
        shards = find_shards(job.shards, split)
        return prepare(shards, tokenizer, job.prepared or job.out / PREPARED, job.n_workers, progress)
