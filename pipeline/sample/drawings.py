"""All kinds of panel that can be drawn, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image

from pipeline.sample import charts, diagrams, gels, micrographs, plots, radiographs
from pipeline.sample.canvas import Rng, Size
from pipeline.sample.scene import Scene

Painter = Callable[[Scene, Rng, Size], Image.Image]

PAINTERS: Mapping[str, Painter] = {
    "line": plots.line_plot,
    "bar": plots.bar_plot,
    "box": plots.box_plot,
    "scatter": plots.scatter_plot,
    "dose": plots.dose_plot,
    "survival": plots.survival_plot,
    "heatmap": charts.heat_map,
    "volcano": charts.volcano_plot,
    "roc": charts.roc_plot,
    "forest": charts.forest_plot,
    "trace": charts.trace_plot,
    "chromatogram": charts.chromatogram,
    "flow": diagrams.flow_diagram,
    "pathway": diagrams.pathway,
    "fluorescence": micrographs.fluorescence,
    "section": micrographs.stained_section,
    "phase": micrographs.phase_contrast,
    "plate": micrographs.colony_plate,
    "electron": micrographs.electron_micrograph,
    "blot": gels.western_blot,
    "gel": gels.agarose_gel,
    "radiograph": radiographs.radiograph,
}

PHOTOGRAPHS = frozenset({"fluorescence", "section", "phase", "plate", "electron", "gel", "radiograph"})
"""Kinds that fill their panel to the edge; the others stand on white."""

GREY_KINDS = frozenset({"phase", "electron", "gel", "radiograph"})
"""Kinds without colour."""


def paint(scene: Scene, rng: Rng, size: Size) -> Image.Image:
    """The panel as an RGB picture of exactly `size`."""
    return PAINTERS[scene.kind](scene, rng, size)
