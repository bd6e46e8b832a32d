"""An invented bucket to try the project on: articles written and figures drawn from a seed."""

from __future__ import annotations

from pipeline.sample.bucket import BUCKET_FOLDER, TRUTH_FILE, write_sample
from pipeline.sample.days import Day
from pipeline.sample.truth import Fault, FigureTruth, PanelTruth, PlantedFault, SampleTruth

__all__ = [
    "BUCKET_FOLDER",
    "TRUTH_FILE",
    "Day",
    "Fault",
    "FigureTruth",
    "PanelTruth",
    "PlantedFault",
    "SampleTruth",
    "write_sample",
]
