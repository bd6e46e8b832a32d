"""The script for a GPU, on the CPU: a section that fails or hangs costs the others nothing, and results are on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

FOLDER = Path(__file__).parent
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(FOLDER))
    import train_gpu

    yield train_gpu
    sys.path.remove(str(FOLDER))


def fails(setting) -> Iterator[dict]:
    yield {"case": "first"}
    raise ValueError("the second breaks")


def hangs(setting) -> Iterator[dict]:
    yield {"case": "first"}
    time.sleep(100)


def dies(setting) -> Iterator[dict]:
    yield {"case": "first"}
    os._exit(9)


@pytest.mark.parametrize(
    ("rows", "note"), [(fails, "exit code 1"), (hangs, "stopped after 3 s"), (dies, "exit code 9")]
)
def test_what_a_section_had_found_is_kept(script, rows, note: str, tmp_path: Path) -> None:
    setting = script.Setting(script.torch.device("cpu"), script.PRESETS["tiny"], 16, 32, 8, 1, tmp_path)
    found = list(script.run_section(script.Section("one", 3, rows), setting, 3))
    assert found[0] == {"case": "first"}
    assert note in found[1]["note"]


def test_results_are_written_from_section_to_section(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    options = ["--smoke", "--only", "device,retrieval,small levers", "--out", str(out)]
    run = [sys.executable, str(FOLDER / "train_gpu.py"), *options]
    subprocess.run(run, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    found = json.loads(out.read_text())
    assert {row["section"] for row in found} == {"device", "retrieval", "small levers"}
    assert not any("note" in row for row in found)
    assert any(row.get("equal") == 1.0 for row in found)
