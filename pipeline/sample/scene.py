"""What one panel shows, in words that both the drawing and the caption use."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sample.canvas import Color


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One panel before it is drawn."""

    kind: str
    """Name of a drawing, a key of `drawings.PAINTERS`."""
    text: str
    """What the caption says of the panel, as an XML fragment without final stop."""
    heading: str | None = None
    """Words printed in or over the panel."""
    x: str = ""
    """Name and unit of the horizontal axis."""
    y: str = ""
    """Name and unit of the vertical axis."""
    groups: tuple[str, ...] = ()
    """What is compared: series, bars, lanes or arms."""
    palette: tuple[Color, ...] = ((40, 90, 160), (200, 80, 60))
    """Colours of the groups; the same in all panels of a figure."""
    variant: int = 0
    """Which of its looks a drawing takes: a stain, a body part, a condition."""
