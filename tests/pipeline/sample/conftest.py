"""One sample for all tests of this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pipeline.sample import BUCKET_FOLDER, Fault, PlantedFault, SampleTruth, write_sample

N_ARTICLES = 24


@dataclass(frozen=True)
class Sample:
    root: Path
    truth: SampleTruth

    @property
    def bucket(self) -> Path:
        return self.root / BUCKET_FOLDER

    @cached_property
    def metadata(self) -> dict[str, dict[str, Any]]:
        """The JSON of each article version by its prefix."""
        return {
            path.name.removesuffix(".json"): json.loads(path.read_bytes())
            for path in sorted((self.bucket / "metadata").iterdir())
        }

    def fault(self, fault: Fault) -> PlantedFault:
        (found,) = [f for f in self.truth.faults if f.fault is fault]
        return found

    def faulty_file(self, fault: Fault) -> Path:
        found = self.fault(fault)
        assert found.file is not None
        return self.bucket / f"{found.pmcid}.{found.version}" / found.file


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    root = tmp_path_factory.mktemp("sample")
    return Sample(root, write_sample(root, n_articles=N_ARTICLES))
