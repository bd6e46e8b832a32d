"""Same input, same bytes: on one core, four, or a cluster, undisturbed or killed five times on the way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

pytestmark = pytest.mark.spark

SMALL = ("--set", "inventory.limit=10", "--set", "inventory.articles_per_part=3", "--recipe", "jobs/conf/demo.toml")

KILL_WHEN = (
    "stages/parse-*/part-00001",
    "stages/fetch-*/part-00000",
    "stages/split-*/.part-00000.*/blobs.tar",
    "stages/cluster-*/.scratch/*",
    "stages/pack-*/.part-*",
)
"""What appears when the chain has come to a point: after a part, in the middle of a part, in a join, in a shard."""


INTERRUPTED = "ERROR interrupted; nothing that was committed is lost: run the same command again to go on"


@pytest.fixture(scope="module")
def undisturbed(sample, cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("undisturbed") / "root"
    done = cli("rebuild", "--source", str(sample.bucket), "--root", str(root), "--set", "run.master=local[4]", *SMALL)
    assert done.returncode == 0, done.stderr
    return root


def test_one_core_gives_the_bytes_of_four(sample, cli, undisturbed: Path, fingerprint, tmp_path: Path) -> None:
    root = tmp_path / "root"
    done = cli("rebuild", "--source", str(sample.bucket), "--root", str(root), "--set", "run.master=local[1]", *SMALL)
    assert done.returncode == 0, done.stderr
    assert fingerprint(root) == fingerprint(undisturbed)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A Spark cluster of three processes: a master and two workers of one core."""
    home = Path(pyspark.__file__).parent
    env = {**os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable}
    port = free_port()
    master = ("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port()))
    address = f"spark://127.0.0.1:{port}"
    worker = ("worker.Worker", "--cores", "1", "--memory", "1g", "--host", "127.0.0.1", "--webui-port", "0")
    commands = [master, *[(*worker, "--work-dir", str(tmp_path / f"worker-{n}"), address) for n in range(2)]]
    running = []
    for name, *arguments in commands:
        program = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(program, env=env, stdout=quiet, stderr=quiet, start_new_session=True))
        wait_for_port(port)
    yield address
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_port(port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the Spark master never listened")


def test_a_cluster_of_separate_processes_gives_the_bytes_of_one(
    sample, cli, cluster: str, undisturbed: Path, fingerprint, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    done = cli("rebuild", "--source", str(sample.bucket), "--root", str(root), "--set", f"run.master={cluster}", *SMALL)
    assert done.returncode == 0, done.stderr
    assert fingerprint(root) == fingerprint(undisturbed)


def test_a_killed_job_goes_on_and_ends_with_the_same_bytes(
    sample, cli, start, undisturbed: Path, fingerprint, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    arguments = ("rebuild", "--source", str(sample.bucket), "--root", str(root), *SMALL)
    for number, pattern in enumerate(KILL_WHEN):
        kill_when(start(*arguments), root, pattern, with_children=number % 2 == 0)
        committed = {path: path.read_bytes() for path in root.glob("stages/*/part-*/*.parquet")}
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in committed} == committed
    assert fingerprint(root) == fingerprint(undisturbed)
    assert not list(root.glob("stages/*/.*"))
    check = cli("status", "--root", str(root), "--check")
    assert check.returncode == 0, check.stderr


def kill_when(job: subprocess.Popen[bytes], root: Path, pattern: str, *, with_children: bool) -> None:
    """SIGKILL to the job, or to it and all it started, as soon as something of that name is there.

    Killed alone, it leaves Java and workers behind that may write for a moment while the next run has begun.
    """
    give_up = time.monotonic() + 180
    while not list(root.glob(pattern)):
        assert job.poll() is None, f"the job ended before {pattern} was there"
        assert time.monotonic() < give_up, f"{pattern} never came"
        time.sleep(0.002)
    kill = os.killpg if with_children else os.kill
    kill(job.pid, signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["root.json", "stages/inventory-*/manifest-*", "stages/fetch-*/part-*"])
def test_ctrl_c_is_one_clear_line_and_loses_nothing(sample, start, cli, tmp_path: Path, moment: str) -> None:
    root = tmp_path / "root"
    arguments = ("rebuild", "--source", str(sample.bucket), "--root", str(root), "--until", "split", *SMALL)
    job = start(*arguments, stderr=subprocess.PIPE)
    while not list(root.glob(moment)):
        assert job.poll() is None
        time.sleep(0.01)
    os.killpg(job.pid, signal.SIGINT)
    said = job.communicate(timeout=60)[1].decode().splitlines()
    assert job.returncode == 1
    assert [line for line in said if not line.startswith("INFO")] == [INTERRUPTED]
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr


def test_a_full_disk_is_one_clear_line_and_leaves_nothing_half_written(
    sample, cli, fingerprint, undisturbed: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    root = disk / "root"
    arguments = ("rebuild", "--source", str(sample.bucket), "--root", str(root), *SMALL)
    try:
        failed = cli(*arguments)
        assert failed.returncode == 2
        assert "the disk is full; make room" in failed.stderr
        assert "Traceback" not in failed.stderr
        assert all((part / "part.json").is_file() for part in root.glob("stages/*/part-*"))
        moved = tmp_path / "root"
        shutil.copytree(root, moved, symlinks=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    done = cli("rebuild", "--source", str(sample.bucket), "--root", str(moved), *SMALL)
    assert done.returncode == 0, done.stderr
    assert fingerprint(moved) == fingerprint(undisturbed)
