"""Fetching over a slow way: the crawl's stage that reads ahead, against itself without, and beside img2dataset."""

from __future__ import annotations

import dataclasses
import os
import platform
from pathlib import Path

import pytest

from jobs.bench_fetch import Row, _objects, measure
from jobs.fetchers import img2dataset, own
from jobs.loopback import Weather
from pipeline.img2dataset import find_program

pytestmark = pytest.mark.bench

N_OBJECTS = 400
LEAST_GAIN = 3.0


def show(row: Row) -> None:
    values = dataclasses.asdict(row).items()
    print({name: round(value, 3) if isinstance(value, float) else value for name, value in values})


def test_reading_ahead_pays(corpus: Path) -> None:
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, python {platform.python_version()}")
    objects = _objects(corpus / "cloud", N_OBJECTS)
    alone, ahead = (measure("pmc15m", own, Weather(0.02), objects, n_threads) for n_threads in (1, 16))
    show(alone)
    show(ahead)
    assert alone.n_lost == ahead.n_lost == 0
    assert ahead.objects_per_s > LEAST_GAIN * alone.objects_per_s


@pytest.mark.skipif(find_program() is None, reason="needs img2dataset: make img2dataset")
def test_beside_img2dataset(corpus: Path) -> None:
    objects = _objects(corpus / "cloud", N_OBJECTS)
    program = find_program()
    assert program is not None
    for fetcher, name in ((own, "pmc15m"), (img2dataset(program), "img2dataset")):
        row = measure(name, fetcher, Weather(0.1, 0.05), objects, 16)
        show(row)
        assert row.n_lost == 0
