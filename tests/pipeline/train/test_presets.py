"""The recipes as the paper states them, and what a user may change."""

from __future__ import annotations

import dataclasses

import pytest

from pipeline.config import ConfigError
from pipeline.train.presets import PRESETS, TINY, recipe_from_json, with_settings


def test_the_final_recipe_is_that_of_the_papers_table_9() -> None:
    recipe = PRESETS["biomedclip"]
    assert (recipe.batch_size, recipe.epochs, recipe.lr, recipe.warmup_steps) == (4096, 32, 5e-4, 2000)
    assert (recipe.beta1, recipe.beta2, recipe.eps, recipe.weight_decay) == (0.9, 0.98, 1e-6, 0.2)
    assert recipe.model.text.context == 256
    assert recipe.precision == "bf16"


def test_each_ablation_changes_one_thing() -> None:
    base = PRESETS["bert-256"]
    assert PRESETS["bert-77"].model.text == dataclasses.replace(base.model.text, context=77)
    assert PRESETS["vit-s"].model.text == base.model.text
    assert [PRESETS[f"vit-{size}"].model.vision.width for size in "smb"] == [384, 512, 768]
    assert dataclasses.replace(PRESETS["batch-64k"], batch_size=4096) == PRESETS["biomedclip"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_recipe_survives_json(name: str) -> None:
    assert recipe_from_json(dataclasses.asdict(PRESETS[name])) == PRESETS[name]


def test_settings_have_the_declared_type() -> None:
    recipe = with_settings(TINY, ["lr=1e-3", "clip_norm=1", "compile=true", "max_steps=none"])
    assert (recipe.lr, recipe.clip_norm, recipe.compile, recipe.max_steps) == (1e-3, 1.0, True, None)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lrr=1", "the nearest is 'lr'"),
        ("lr", "write it as key=value"),
        ("epochs=many", "takes int"),
        ("epochs=0", "epochs is at least 1"),
        ("loss=triplet", "clip, siglip"),
        ("model=x", "there is no key 'model'"),
    ],
)
def test_settings_that_cannot_be_are_refused(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_settings(TINY, [setting])


def test_packed_text_and_dropout_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="set text_dropout=0 too"):
        with_settings(PRESETS["biomedclip"], ["text_layout=packed"])
    assert with_settings(PRESETS["biomedclip"], ["text_layout=packed", "text_dropout=0"]).text_layout == "packed"
