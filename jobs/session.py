"""The Spark session, and the check that Java is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from jobs import interrupt
from pipeline.config import RunConfig

_OLDEST_JAVA = 17
_INSTALL_JAVA = (
    "install it with 'apt-get install openjdk-17-jre-headless' (Debian, Ubuntu), 'brew install openjdk@17' (macOS)"
    " or 'conda install -c conda-forge openjdk=17'"
)
_LOGGING = Path(__file__).parent / "conf" / "log4j2.properties"


class JavaError(Exception):
    """No usable Java; the message is one line that says how to install it."""


def check_java() -> str:
    """The Java program that Spark will use.

    Raises:
        JavaError: there is none, or it is older than Spark needs.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        raise JavaError(f"no Java found, and Spark needs Java {_OLDEST_JAVA} or newer: {_INSTALL_JAVA}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if not found or int(found.group(1)) < _OLDEST_JAVA:
        first_line = (told.splitlines() or ["no answer"])[0]
        raise JavaError(f"{java}: {first_line}; Spark needs Java {_OLDEST_JAVA} or newer: {_INSTALL_JAVA}")
    return java


@contextmanager
def spark_session(run: RunConfig, log_file: Path) -> Iterator[SparkSession]:
    """A session for one command; stopped at its end, whatever happens.

    Args:
        run: where it runs.
        log_file: takes what the Java process and the workers write; it is begun anew.
    """
    check_java()
    spark = build_session(run, log_file)
    try:
        yield spark
    finally:
        spark.stop()


def build_session(run: RunConfig, log_file: Path) -> SparkSession:
    """A new session as the chain needs it."""
    # Workers must run the driver's interpreter: another one may lack the packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    # One thread per worker: Spark fills the cores, and native libraries must not do so once more.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    conf = SparkConf().setAppName("pmc15m").setMaster(run.master).setAll(list(_settings(run).items()))
    with log_file.open("wb") as log:
        # Java's remarks of its own would break the progress display.
        gateway = launch_gateway(conf, popen_kwargs={"stderr": log})  # type: ignore[no-untyped-call]
    context = SparkContext(conf=conf, gateway=gateway)
    interrupt.listen()
    return SparkSession(context)


def _settings(run: RunConfig) -> dict[str, str]:
    settings = {
        "spark.driver.memory": run.driver_memory,
        "spark.sql.shuffle.partitions": str(run.shuffle_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.python.worker.reuse": "true",
        "spark.speculation": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
    }
    if run.master.startswith("local"):
        # Java compiles for short runs: here the time goes into the workers. Measured: 22 s for 38 s in `cluster`.
        settings["spark.driver.extraJavaOptions"] += " -XX:TieredStopAtLevel=1"
        # A laptop may have no name that resolves.
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings
