"""One configuration for the whole chain: a section per stage, read from TOML, every key declared here.

A key's doc says what changes when it is changed. The section of a stage is part of that stage's identity:
a changed threshold makes the stage and what follows it stale, and nothing before it. `run` is in no identity.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.dedup.settings import DedupSettings
from pipeline.licenses import allowed_licenses

FETCHERS = ("own", "img2dataset")
TEXT_POLICIES = ("own", "prefix+own", "prefix+own+abbreviations", "prefix+own+suffix", "full")


class ConfigError(ValueError):
    """A recipe or a `--set` that cannot be used; the message is one line for the user."""


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class InventoryConfig:
    """What is looked at."""

    limit: int | None = _option(None, "use only so many article versions, lowest PMC numbers first")
    articles_per_part: int | None = _option(
        None, "article versions in a part of the work; by default from their number"
    )
    ids: str | None = _option(None, "a file that names articles, a pmcid a line: use only these")
    max_removed: float = _option(
        0.1,
        "a newer inventory that lacks a larger share of the articles, and at least 100, stops the run: a source halfway"
        " through an upload looks like that",
    )


@dataclass(frozen=True, slots=True)
class CatalogConfig:
    """Which articles are used."""

    license: str = _option("commercial", "commercial, noncommercial, all, or a comma list of licence codes")

    def __post_init__(self) -> None:
        """Refuses a class that does not exist."""
        allowed_licenses(self.license)


@dataclass(frozen=True, slots=True)
class ParseConfig:
    """How articles are read."""

    max_xml_bytes: int = _option(20_000_000, "larger XML is refused; the largest of 4,402 real files had 3.3 MB")


@dataclass(frozen=True, slots=True)
class FetchConfig:
    """Which images are taken."""

    max_image_bytes: int = _option(200_000_000, "larger files are refused")
    max_pixels: int = _option(
        100_000_000, "images that state more are refused unread: with 7 bytes a pixel a worker stays under 1.5 GB"
    )


@dataclass(frozen=True, slots=True)
class SplitConfig:
    """How figures become panels and crops."""

    panels: bool = _option(True, "cut compound figures into panels where picture and caption agree")
    letters: bool = _option(True, "read panel letters; without, grids of five panels and more stay whole")
    detector: bool = _option(True, "ask the panel detector; without, panels are cut by gutters and seams alone")
    min_confidence: float = _option(
        0.75,
        "a match under this leaves the figure whole; at 0.75, all panels given out on held-out real figures were right"
        " in place and letter",
    )
    min_text_confidence: float = _option(
        0.95,
        "a panel whose own words are less likely right gives no pair; on held-out captions 0.95 leaves 33 % of the"
        " panels, 96 % of them with the right words, and 0.7 leaves 61 %, 88 % of them right",
    )
    min_panel_px: int = _option(32, "a figure with a panel of a shorter side stays whole: that is a letter or an icon")
    image_size: int = _option(256, "shorter side of the stored crop in px; smaller pictures are not enlarged")
    max_side: int = _option(2560, "longer side of the stored crop in px, for very long pictures")
    jpeg_quality: int = _option(92, "of the stored crop: 92 gives about 28 kB at 256 px")


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """How the text of a pair is made."""

    text: str = _option(
        "prefix+own+abbreviations",
        "what a panel is given of the caption: own, prefix+own, with the closing notes that spell out abbreviations or"
        " with the whole suffix, or full; 25 % of own words alone are fewer than five and say little without the shared"
        " ones",
    )

    def __post_init__(self) -> None:
        """Refuses a policy that does not exist."""
        if self.text not in TEXT_POLICIES:
            raise ValueError(f"text is one of {', '.join(TEXT_POLICIES)}, not '{self.text}'")


@dataclass(frozen=True, slots=True)
class FilterConfig:
    """The thresholds that a pair must pass."""

    min_side_px: int = _option(64, "shorter side at the source; 64 px drops 0.8 % of true panels, 112 px 7.2 %")
    max_aspect: float = _option(10.0, "longer over shorter side; 10 drops 0.15 % of true panels")
    min_luma_std: float = _option(2.0, "less spread of brightness is a blank image")
    max_flat_share: float = _option(0.995, "a larger share of one brightness is a blank image")
    min_words: int = _option(3, "fewer words say nothing of a picture; 113 of 20,768 real captions have fewer")
    min_language_words: int = _option(5, "shorter texts are never dropped for their language: it is a guess there")
    languages: str = _option("en", "comma list of languages to keep; empty keeps all")
    min_other_language_prob: float = _option(0.8, "how sure the language must be before a text is dropped for it")


@dataclass(frozen=True, slots=True)
class PackConfig:
    """How a release is laid out."""

    samples_per_shard: int = _option(10_000, "most samples in one tar shard")
    bytes_per_shard: int = _option(1_000_000_000, "most bytes in one tar shard")
    seed: int = _option(15, "of the shuffle")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Where and how politely the work runs; nothing here changes a table."""

    master: str = _option("local[*]", "Spark master; local[4] for four cores")
    driver_memory: str = _option("2g", "memory of the Spark driver's JVM; image bytes never enter it")
    shuffle_partitions: int = _option(4, "partitions of Spark's joins")
    internal_error_rate: float = _option(
        1e-4, "a stage with more internal errors than this fails; at least one is allowed"
    )
    requests_per_second: float = _option(100.0, "cap for the whole job over HTTP")
    fetcher: str = _option(
        "own", "what fetches images over HTTP: own, or img2dataset, which keeps to no cap and tries again at once"
    )
    read_ahead: int = _option(
        16, "objects that a worker asks for at a time over HTTP; each may take 8 MB of memory before its turn"
    )
    contact: str = _option("", "an address named in the user agent, so that the source can reach you")
    timeout_s: float = _option(60.0, "longest a single object may take over HTTP")

    def __post_init__(self) -> None:
        """Refuses a fetcher that does not exist."""
        if self.fetcher not in FETCHERS:
            raise ValueError(f"fetcher is one of {', '.join(FETCHERS)}, not '{self.fetcher}'")


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a run."""

    inventory: InventoryConfig = field(default_factory=InventoryConfig)
    catalog: CatalogConfig = field(default_factory=CatalogConfig)
    parse: ParseConfig = field(default_factory=ParseConfig)
    fetch: FetchConfig = field(default_factory=FetchConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    filter: FilterConfig = field(default_factory=FilterConfig)
    cluster: DedupSettings = field(default_factory=DedupSettings)
    pack: PackConfig = field(default_factory=PackConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def section(self, name: str) -> dict[str, Any]:
        """The settings of one stage; empty for a stage that has none."""
        part = getattr(self, name, None)
        return {} if part is None else dataclasses.asdict(part)


def load_config(recipe: Path | None, overrides: Iterable[str] = (), base: Config | None = None) -> Config:
    """The defaults or another base, changed by a recipe, changed by `section.key=value` overrides.

    Raises:
        ConfigError: the recipe cannot be read, a key is unknown, or a value has the wrong type.
    """
    config = base or Config()
    for key, value, origin in [*_from_recipe(recipe), *(_from_override(text) for text in overrides)]:
        config = _changed(config, key, value, origin)
    return config


def config_of(settings: Mapping[str, Mapping[str, Any]]) -> Config:
    """The configuration with the settings that `Config.section` gave; a section that is left out has its defaults.

    Raises:
        ConfigError: there is no such key, as where another version of this program wrote it.
    """
    config = Config()
    for section, keys in settings.items():
        for key, value in keys.items():
            config = _changed(config, f"{section}.{key}", value, "settings of the last run")
    return config


def _from_recipe(recipe: Path | None) -> Iterator[tuple[str, Any, str]]:
    if recipe is None:
        return
    try:
        sections = tomllib.loads(recipe.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"recipe {recipe}: {error}") from error
    for section, keys in sections.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"recipe {recipe}: '{section}' stands outside a section such as [filter]")
        for key, value in keys.items():
            yield f"{section}.{key}", value, f"recipe {recipe}"


def _from_override(text: str) -> tuple[str, Any, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text}: write it as section.key=value")
    return key.strip(), value.strip(), f"--set {text}"


def _keys() -> Iterator[str]:
    config = Config()
    for section in dataclasses.fields(config):
        for key in dataclasses.fields(getattr(config, section.name)):
            yield f"{section.name}.{key.name}"


def _changed(config: Config, key: str, value: Any, origin: str) -> Config:
    known = list(_keys())
    if key not in known:
        nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
        raise ConfigError(f"{origin}: there is no key '{key}'; the nearest is '{nearest}'")
    section_name, name = key.split(".")
    section = getattr(config, section_name)
    annotation = typing.get_type_hints(type(section))[name]
    value = converted(value, annotation, f"{origin}: '{key}'")
    try:
        changed = dataclasses.replace(section, **{name: value})
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}") from error
    return dataclasses.replace(config, **{section_name: changed})


def converted(value: Any, annotation: Any, where: str) -> Any:
    """A value from TOML, or a string from the command line, as the declared type.

    Raises:
        ConfigError: it cannot be one.
    """
    if isinstance(annotation, types.UnionType):
        if value in ("none", "", None):
            return None
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    if annotation is bool and value in ("true", "false"):
        return value == "true"
    if annotation is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and annotation in (int, float):
        try:
            return annotation(value)
        except ValueError:
            pass
    if type(value) is not annotation:
        raise ConfigError(f"{where} takes {annotation.__name__}, not {value!r}")
    return value
