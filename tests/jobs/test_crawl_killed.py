"""The crawl over HTTP as a job: killed twenty times, met by a second job, and stopped by a server that is gone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.spark

SETTINGS = (
    "--until",
    "fetch",
    "--recipe",
    "jobs/conf/demo.toml",
    "--set",
    "inventory.articles_per_part=3",
    "--set",
    "run.master=local[2]",
    "--set",
    "run.requests_per_second=60",
)
N_KILLS = 20


@pytest.fixture
def server(serve, sample):
    """The sample bucket."""
    files = (path for path in sample.bucket.rglob("*") if path.is_file())
    made = serve({path.relative_to(sample.bucket).as_posix(): path.read_bytes() for path in files})
    made.is_s3 = True
    return made


def arguments(server, root: Path) -> tuple[str, ...]:
    return ("rebuild", "--source", server.url, "--root", str(root), *SETTINGS)


def objects_asked_for(server) -> Counter[str]:
    found = {key: n for key, n in server.asked().items() if key in server.objects and "inventory" not in key}
    server.requests.clear()
    return Counter(found)


@pytest.mark.long
def test_twenty_kills_at_random_points_leave_the_same_bytes(
    server, cli, start, sample, fingerprint, tmp_path: Path
) -> None:
    assert cli(*arguments(server, tmp_path / "calm")).returncode == 0
    calm = objects_asked_for(server)
    assert asked_more_than_once(calm) == wrong_at_the_source(sample)
    root, chance = tmp_path / "root", random.Random(15)
    slowly = ("--set", "run.requests_per_second=8")
    for number in range(N_KILLS):
        kill_at_work(start(*arguments(server, root), *slowly), root, chance.uniform(0.0, 3.0), f"kill {number}")
    killed = objects_asked_for(server)
    done = cli(*arguments(server, root))
    assert done.returncode == 0, done.stderr
    assert fingerprint(root) == fingerprint(tmp_path / "calm")
    assert not list(root.glob("stages/*/.*"))
    all_asked = killed + objects_asked_for(server)
    again = all_asked - calm
    told = f"{N_KILLS} kills: {len(again)} of {len(calm)} objects asked for again, {sum(again.values())} requests\n"
    sys.stdout.write(told)
    assert set(all_asked) == set(calm)
    # What is lost with a kill is the part that each of two workers was at: six articles and what they read ahead.
    assert sum(again.values()) < N_KILLS * 2 * 40


def kill_at_work(job: subprocess.Popen[bytes], root: Path, seconds: float, which: str) -> None:
    """SIGKILL to a job and all it started, so many seconds after it began to write a part."""
    left_behind = set(root.glob("stages/*/.part-*"))
    give_up = time.monotonic() + 120
    while not set(root.glob("stages/*/.part-*")) - left_behind:
        assert job.poll() is None, f"{which}: nothing was left to do"
        assert time.monotonic() < give_up
        time.sleep(0.01)
    time.sleep(seconds)
    assert job.poll() is None, f"{which}: the job had ended"
    os.killpg(job.pid, signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL


def test_a_second_job_stops_and_the_first_keeps_the_pace(server, cli, start, sample, tmp_path: Path) -> None:
    """Four workers, sixty requests a second in all; meanwhile another job wants to write to the same root."""
    root, times = tmp_path / "root", []
    server.on_request = lambda: times.append(time.monotonic())
    first = start(*arguments(server, root), "--set", "run.master=local[4]")
    while not list(root.glob("stages/catalog-*")):
        assert first.poll() is None
        time.sleep(0.01)
    second = cli(*arguments(server, root))
    assert second.returncode == 2 and "another job is writing here" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait() == 0
    assert asked_more_than_once(objects_asked_for(server)) == wrong_at_the_source(sample), "the second fetched nothing"
    assert max(sum(begin <= moment < begin + 1.0 for moment in times) for begin in times) <= 75


def asked_more_than_once(asked: Counter[str]) -> set[str]:
    return {key.rpartition("/")[2] for key, n in asked.items() if n > 1}


def wrong_at_the_source(sample) -> set[str]:
    """Files whose md5 is wrong on purpose: they are asked for three times."""
    return {fault.file for fault in sample.truth.faults if fault.fault == "wrong_md5"}
