"""train, train export and evaluate as a user types them. Beside the shards that they need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.cli import main

PROJECT = Path(__file__).resolve().parents[3]
SMALL = ("--set", "batch_size=25", "--set", "max_steps=2", "--workers", "0")


@pytest.fixture(scope="module")
def run(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("verbs") / "run"
    assert main(["train", "--shards", str(shards), "--out", str(out), "--preset", "tiny", *SMALL]) == 0
    return out


@pytest.fixture(scope="module")
def model(run: Path) -> Path:
    out = run.with_name("model")
    assert main(["train", "export", "--run", str(run), "--out", str(out), "--verify"]) == 0
    return out


def test_training_goes_on_and_says_what_it_did(shards: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = [*SMALL[:2], "--set", "max_steps=3", *SMALL[4:]]
    assert main(["train", "--shards", str(shards), "--out", str(run), "--preset", "tiny", "--json", *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["steps"], said["bad_samples"], said["skipped_shards"]) == (3, 0, [])
    assert [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] == [1, 2, 2, 3, 3]


def test_an_export_is_evaluated(shards: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "retrieval.json"
    options = ["--model", str(model), "--shards", str(shards), "--split", "validation", "--workers", "0"]
    assert main(["evaluate", "retrieval", *options, "--json", "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads(out.read_text())
    assert said["task"] == "zeroshot_retrieval"
    assert said["metrics"]["n"] == 8
    assert main(["evaluate", "tally", *options, "--table", str(tmp_path / "types.parquet")]) == 0
    assert sum(int(line.split()[-1]) for line in capsys.readouterr().out.splitlines()[1:]) == 8
    assert main(["evaluate", "tally", *options[:4], "--workers", "0", "--table", str(tmp_path / "all.parquet")]) == 0
    assert pq.read_metadata(tmp_path / "all.parquet").num_rows == 58


def test_a_run_is_evaluated_as_its_export_is(
    shards: Path, run: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "export", "--run", str(run), "--out", str(model.with_name("again"))]) == 0
    found = []
    for place in (run, model.with_name("again")):
        options = ["--model", str(place), "--shards", str(shards), "--split", "train", "-n", "40", "--workers", "0"]
        assert main(["evaluate", "retrieval", *options, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["metrics"])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "train needs --shards and --out"),
        (
            ["train", "--shards", "{tmp}", "--out", "{tmp}/run", "--preset", "tiny"],
            "holds no shards of the split 'train'",
        ),
        (["train", "--shards", "{shards}", "--out", "{tmp}/run", "--set", "lr=fast"], "takes float, not 'fast'"),
        (
            ["train", "--shards", "{shards}", "--out", "{tmp}/run", "--tokenizer", "{tmp}"],
            "holds neither tokenizer.json",
        ),
        (["train", "export", "--run", "{tmp}", "--out", "{tmp}/model"], "holds no checkpoint"),
        (["evaluate", "retrieval", "--model", "{tmp}", "--shards", "{shards}"], "neither a run nor an exported model"),
        (["evaluate", "zero-shot", "--model", "{model}", "--task", "pcam", "--data", "{tmp}"], "holds no pictures"),
        (["evaluate", "vqa", "--model", "{model}", "--data", "{tmp}"], "holds neither SLAKE's train.json"),
        (
            ["evaluate", "probe", "--model", "{model}", "--task", "pcam", "--data", "{tmp}", "--shares", "x"],
            "--shares x",
        ),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    arguments: list[str], message: str, shards: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"tmp": tmp_path, "shards": shards, "model": model}
    assert main([argument.format(**places) for argument in arguments]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]
    assert not any("Traceback" in line for line in said)


def test_other_verbs_do_not_import_torch() -> None:
    code = "import sys, jobs.cli; jobs.cli._parser(); sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_without_torch_the_verb_says_what_to_install(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from jobs.cli import main\n"
        f"sys.exit(main(['train', '--shards', '{tmp_path}', '--out', '{tmp_path}/run']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'pmc15m[train]'" in done.stderr
    assert "Traceback" not in done.stderr
