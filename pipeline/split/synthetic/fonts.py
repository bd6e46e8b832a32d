"""Fonts in which panel letters are set: those of the machine, of installed font packages, and the one inside Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from PIL import ImageFont

_SYSTEM = Path("/usr/share/fonts")

_FAMILIES = ("Liberation", "DejaVuSans", "DejaVuSerif", "texgyreheros", "texgyretermes", "Carlito", "Caladea")
"""Families whose letters look like those of Arial, Verdana, Helvetica, Times, Calibri and Cambria."""

_UNLIKE = ("Mono", "Math", "ExtraLight", "Thin", "Black", "Hairline", "Condensed", "smallcaps")
"""Cuts that no journal sets its letters in."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def font_files() -> tuple[Path, ...]:
    """Files of upright and slanted Latin fonts, sorted by name; empty where none are installed."""
    found = {path.name: path for path in (*_of_system(), *_of_packages())}
    return tuple(found[name] for name in sorted(found) if not any(word in name for word in _UNLIKE))


@cache
def load_font(number: int, size_px: int) -> Font:
    """The font with this number, modulo how many there are, `size_px` high."""
    files = font_files()
    if not files:
        return ImageFont.load_default(size_px)
    return ImageFont.truetype(str(files[number % len(files)]), size_px)


def _of_system() -> Iterator[Path]:
    for suffix in ("ttf", "otf"):
        yield from (path for path in _SYSTEM.rglob(f"*.{suffix}") if path.name.startswith(_FAMILIES))


def _of_packages() -> Iterator[Path]:
    """Fonts of packages that name their files under the entry point `fonts_ttf`."""
    for point in entry_points(group="fonts_ttf"):
        for place in point.load().values():
            yield Path(place)
