from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from pipeline.config import Config, ConfigError, config_of, load_config

PROJECT = Path(__file__).resolve().parents[2]


def test_defaults_need_no_recipe() -> None:
    assert load_config(None) == Config()


def test_a_recipe_changes_what_it_names_and_an_override_wins(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('[filter]\nmin_side_px = 112\nmax_aspect = 5\n[run]\nmaster = "local[4]"\n')
    config = load_config(recipe, ["filter.min_side_px=96", "split.panels=false", "inventory.limit=7"])
    assert (config.filter.min_side_px, config.filter.max_aspect) == (96, 5.0)
    assert config.run.master == "local[4]"
    assert config.split.panels is False
    assert config.inventory.limit == 7
    assert config.filter.min_words == Config().filter.min_words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[filter]\nmin_sides_px = 1\n", "no key 'filter.min_sides_px'; the nearest is 'filter.min_side_px'"),
        ("[filtre]\nmin_side_px = 1\n", "the nearest is 'filter.min_side_px'"),
        ('[filter]\nmin_side_px = "big"\n', "'filter.min_side_px' takes int, not 'big'"),
        ("[filter]\nmin_side_px = true\n", "takes int"),
        ("min_side_px = 1\n", "outside a section"),
        ("[filter\n", "recipe"),
        ("[cluster]\nphash_distance = 40\n", "phash_distance"),
        ('[catalog]\nlicense = "free"\n', "'free' is not one of"),
        ('[measure]\ntext = "all"\n', "text is one of own"),
    ],
)
def test_a_bad_recipe_gets_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(recipe)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_recipe_is_named() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_config(Path("nowhere.toml"))


@pytest.mark.parametrize("override", ["filter.min_side_px", "filter.min_side_px=wide", "none.such=1"])
def test_a_bad_override_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        load_config(None, [override])


@pytest.mark.parametrize("recipe", sorted((PROJECT / "jobs" / "conf").glob("*.toml")), ids=lambda path: path.name)
def test_shipped_recipes_load(recipe: Path) -> None:
    assert isinstance(load_config(recipe), Config)


def test_settings_that_were_written_down_are_read_back() -> None:
    config = load_config(None, ["filter.min_side_px=96", "inventory.limit=7", "catalog.license=all", "pack.seed=3"])
    sections = {field.name: config.section(field.name) for field in dataclasses.fields(config)}
    assert config_of(json.loads(json.dumps(sections))) == config
    with pytest.raises(ConfigError, match=r"settings of the last run: there is no key 'filter\.old'"):
        config_of({"filter": {"old": 1}})


def test_a_recipe_and_overrides_change_another_base() -> None:
    base = load_config(None, ["filter.min_side_px=96"])
    config = load_config(None, ["pack.seed=3"], base)
    assert (config.filter.min_side_px, config.pack.seed) == (96, 3)
