"""Whole runs: killed and gone on, on two processes, with corrupt data, a full disk and a loss that is no number."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from pipeline.train.checkpoint import CheckpointError, Checkpoints
from pipeline.train.export import export_run, verify
from pipeline.train.log import read_log
from pipeline.train.loop import Reports, TrainingError, train
from pipeline.train.presets import TINY, Recipe
from pipeline.train.run import Job, RunError
from pipeline.train.shards import ShardFile, read_samples
from pipeline.train.step import Stepper

PROJECT = Path(__file__).resolve().parents[3]

VISION = dataclasses.replace(TINY.model.vision, image_size=32, width=32, layers=2)
TEXT = dataclasses.replace(TINY.model.text, context=16, width=32, max_positions=16, vocab_size=300)
SMALL = dataclasses.replace(
    TINY,
    model=dataclasses.replace(TINY.model, vision=VISION, text=TEXT, embed_dim=32),
    batch_size=24,
    micro_batch=16,
    live_micro_batches=1,
    epochs=8,
    warmup_steps=4,
    text_dropout=0.1,
    patch_dropout=0.25,
    ema=0.9,
)


def job(shards: Path, out: Path, recipe: Recipe = SMALL, **options) -> Job:
    given = {"init": "random", "checkpoint_every": 5, "validate_every": 10, **options}
    return Job(recipe, shards, out, **given)


def run(job: Job) -> list[str]:
    notes: list[str] = []
    train(job, Reports(notes.append, lambda record: None))
    return notes


def losses(out: Path) -> list[float]:
    return [record["loss"] for record in read_log(out) if "loss" in record]


def weights(out: Path) -> dict[str, torch.Tensor]:
    return Checkpoints(out / "checkpoints").read()["model"]


@pytest.fixture(scope="module")
def undisturbed(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    run(job(shards, out))
    return out


def test_a_run_learns_and_leaves_what_it_says(undisturbed: Path) -> None:
    found = losses(undisturbed)
    assert len(found) == 17  # 8 epochs of 50 pairs in batches of 24
    assert sum(found[-3:]) < 0.95 * sum(found[:3])
    validations = [record for record in read_log(undisturbed) if "validation_loss" in record]
    assert [record["step"] for record in validations] == [10, 17]
    assert 0 <= validations[-1]["image_to_text_r1"] <= 1
    assert (undisturbed / "loss.svg").read_text().startswith("<svg")
    assert list((undisturbed / "tensorboard").iterdir())
    assert Checkpoints(undisturbed / "checkpoints").steps() == [15, 17]


COMMAND = """
import sys, torch
sys.path[:0] = [sys.argv[1], sys.argv[2]]
torch.set_num_threads(1)
import dataclasses, time
from pathlib import Path
from pipeline.train.presets import recipe_from_json
from pipeline.train.loop import Reports, train
from pipeline.train.run import Job
import json
recipe = recipe_from_json(json.loads(sys.argv[3]))
given = {"init": "random", "checkpoint_every": 5, "validate_every": 10, "n_workers": int(sys.argv[7])}
job = Job(recipe, Path(sys.argv[4]), Path(sys.argv[5]), **given)
train(job, Reports(print, lambda record: time.sleep(float(sys.argv[6]))))
"""


def command(folder: Path, shards: Path, out: Path, recipe: Recipe, pause: float, n_workers: int = 0) -> list[str]:
    (folder / "command.py").write_text(COMMAND)
    values = [PROJECT, PROJECT, json.dumps(dataclasses.asdict(recipe)), shards, out, pause, n_workers]
    return [str(folder / "command.py"), *map(str, values)]


@pytest.mark.parametrize(("before", "after"), [(0, 0), (3, 2)])
def test_killed_and_gone_on_equals_undisturbed(
    shards: Path, undisturbed: Path, tmp_path: Path, before: int, after: int
) -> None:
    """With so many loading processes before the kill and after it."""
    out = tmp_path / "run"
    arguments = command(tmp_path, shards, out, SMALL, 0.2, before)
    process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 120
    while len(losses(out)) < 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed_after = len(losses(out))
    assert 8 <= killed_after < 17
    torch.set_num_threads(1)
    run(job(shards, out, n_workers=after))
    assert losses(out) == losses(undisturbed)
    mine, wanted = weights(out), weights(undisturbed)
    assert all(torch.equal(mine[name], wanted[name]) for name in wanted)


def test_two_processes_train_as_one(shards: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SMALL, text_dropout=0.0, patch_dropout=0.0, ema=None, max_steps=4)
    torch.set_num_threads(1)
    run(job(shards, tmp_path / "one", recipe))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = command(tmp_path, shards, tmp_path / "two", recipe, 0)
    subprocess.run([*launcher, *arguments], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)
    mine, wanted = weights(tmp_path / "two"), weights(tmp_path / "one")
    for name in wanted:
        assert float((mine[name] - wanted[name]).norm()) <= 1e-3 * float(wanted[name].norm()) + 1e-4, name


def test_what_another_process_cannot_read_is_counted_and_named(shards: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shards, tmp_path / "copy"))
    (copy / "manifest.json").unlink()
    keys = []
    for path in sorted(copy.glob("train-*.tar")):
        sample = next(read_samples(ShardFile(path)))
        keys.append(sample.key)
        with path.open("r+b") as file:
            file.seek(sample.offset)
            file.write(bytes(sample.n_bytes))
    recipe = dataclasses.replace(SMALL, batch_size=50, max_steps=1)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = command(tmp_path, copy, tmp_path / "run", recipe, 0)
    said = subprocess.run(
        [*launcher, *arguments], check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ).stdout
    assert sorted(line.split()[-1] for line in said.splitlines() if "cannot be read" in line) == keys
    assert [record["bad_samples"] for record in read_log(tmp_path / "run") if "loss" in record] == [len(keys)]


def test_a_gpt_trains_on_a_vocabulary_of_its_own_and_loads_in_open_clip(shards: Path, tmp_path: Path) -> None:
    pytest.importorskip("open_clip")
    text = dataclasses.replace(TEXT, kind="gpt", vocab_size=280)
    recipe = dataclasses.replace(SMALL, model=dataclasses.replace(SMALL.model, text=text), epochs=4, ema=None)
    vision = dataclasses.replace(VISION, timm_name=None)
    recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, vision=vision))
    run(job(shards, tmp_path / "run", recipe))
    found = losses(tmp_path / "run")
    assert sum(found[-2:]) < sum(found[:2])
    export_run(tmp_path / "run", tmp_path / "model")
    assert verify(tmp_path / "model") < 1e-5


def test_memory_that_is_too_small_is_told_with_what_to_change(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(Stepper, "gradients", full)
    with pytest.raises(TrainingError, match=r"2\.00 GiB.*live_micro_batches = 1 of micro_batch = 16 pairs"):
        run(job(shards, tmp_path / "run"))


def test_two_processes_without_validation_do_not_wait_for_each_other(shards: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shards, tmp_path / "copy"))
    (copy / "manifest.json").unlink()
    (copy / "validation-00000.tar").unlink()
    recipe = dataclasses.replace(SMALL, max_steps=1)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = command(tmp_path, copy, tmp_path / "run", recipe, 0)
    subprocess.run([*launcher, *arguments], check=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert len(losses(tmp_path / "run")) == 1


def test_a_corrupt_shard_is_left_out_and_named(shards: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(shards, tmp_path / "copy"))
    (copy / "train-00002.tar").write_bytes(b"rubbish")
    notes = run(job(copy, tmp_path / "run", dataclasses.replace(SMALL, max_steps=1)))
    assert "left out: train-00002.tar: its sha256 is not that of the manifest" in notes
    assert any(note.startswith("37 pairs in 2 shards") for note in notes)


def test_a_run_does_not_go_on_with_other_data_or_another_recipe(
    shards: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(undisturbed, tmp_path / "run"))
    with pytest.raises(RunError, match=r"was begun with lr=0\.002, not 0\.1"):
        run(job(shards, out, dataclasses.replace(SMALL, lr=0.1)))
    copy = Path(shutil.copytree(shards, tmp_path / "copy"))
    (copy / "train-00002.tar").unlink()
    with pytest.raises(RunError, match="37 usable pairs in 2 shards"):
        run(job(copy, out))


def test_a_loss_that_is_no_number_stops_the_run_before_the_weights_change(shards: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SMALL, lr=1e30, warmup_steps=0)
    with pytest.raises(TrainingError, match=r"step \d+: loss nan.* the weights were not changed"):
        run(job(shards, tmp_path / "run", recipe, checkpoint_every=100))
    assert Checkpoints(tmp_path / "run" / "checkpoints").steps() == []


FULL = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import torch
from pipeline.train.checkpoint import CheckpointError, Checkpoints
checkpoints = Checkpoints(Path(sys.argv[2]), keep=1)
checkpoints.write(1, {"model": torch.zeros(10)})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    checkpoints.write(2, {"model": torch.zeros(1_000_000)})
except CheckpointError as error:
    print(error)
"""


def test_a_disk_without_room_is_an_error_and_costs_no_checkpoint(tmp_path: Path) -> None:
    run = [sys.executable, "-c", FULL, str(PROJECT), str(tmp_path)]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert "step-00000002.pt: cannot be written" in said
    assert "the checkpoint of step 1 is whole" in said
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.pt"]
    assert Checkpoints(tmp_path).read()["model"].shape == (10,)


def test_a_checkpoint_that_cannot_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000_000))
    with pytest.raises(CheckpointError, match="No space left on device"):
        Checkpoints(tmp_path).write(1, {"model": torch.zeros(10)})
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_is_cut_is_told(tmp_path: Path) -> None:
    path = Checkpoints(tmp_path).write(1, {"model": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"step-00000001\.pt: cannot be read"):
        Checkpoints(tmp_path).read()
