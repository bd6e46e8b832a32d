"""One Spark session for all tests of jobs, and a root built from the sample bucket."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from jobs.progress import Progress
from jobs.rebuild import Outcome, rebuild
from jobs.session import build_session
from pipeline.config import Config, RunConfig, load_config
from pipeline.root import Root, create_root
from pipeline.sources import open_source

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "jobs" / "conf" / "demo.toml"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session of two cores."""
    run = RunConfig(master="local[2]", shuffle_partitions=2, driver_memory="1g")
    session = build_session(run, tmp_path_factory.mktemp("spark") / "spark.log")
    yield session
    session.stop()


Build = Callable[[Path, Path, Config], tuple[Root, Outcome]]


@pytest.fixture(scope="session")
def build(spark: SparkSession) -> Build:
    """Rebuilds a source into a root, in the shared session."""

    def run(bucket: Path, root: Path, config: Config) -> tuple[Root, Outcome]:
        source = open_source(str(bucket))
        made = create_root(root)
        progress = Progress(Console(quiet=True))
        return made, rebuild(spark, made, source, source.snapshot(), config, progress)

    return run


@dataclass(frozen=True)
class Built:
    root: Root
    outcome: Outcome
    config: Config


@pytest.fixture(scope="session")
def built(sample, build: Build, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample, rebuilt. Tests only look at it."""
    config = load_config(DEMO)
    root, outcome = build(sample.bucket, tmp_path_factory.mktemp("built") / "root", config)
    return Built(root, outcome, config)


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "jobs.cli", *arguments]


@pytest.fixture(scope="session")
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in a process of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **environment}
        return subprocess.run(command(arguments), capture_output=True, text=True, check=False, env=env, cwd=PROJECT)

    return run


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command line in a process group of its own, so that it can be killed with all it started."""

    def run(*arguments: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command(arguments), stdout=quiet, stderr=stderr, start_new_session=True, cwd=PROJECT)

    return run


@pytest.fixture(scope="session")
def fingerprint() -> Callable[[Path], dict[str, str]]:
    """The sha256 of every table, tar and release file of a root; times and durations are in none of them."""

    def run(root: Path) -> dict[str, str]:
        tables = [*root.glob("stages/*/part-*/*.parquet"), *root.glob("stages/*/part-*/*.tar")]
        files = [*tables, *(path for path in root.glob("releases/*/*") if path.is_file())]
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    return run
