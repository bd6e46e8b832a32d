"""Notebooks run from top to bottom on a release of made-up articles, and are committed without outputs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from pipeline.sample import BUCKET_FOLDER

PROJECT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pmc15m(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "jobs.cli", *arguments], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root made by the commands that a user types."""
    folder = tmp_path_factory.mktemp("notebooks")
    pmc15m("sample", str(folder / "sample"), "--articles", "24")
    recipe = str(PROJECT / "jobs" / "conf" / "demo.toml")
    pmc15m(
        "rebuild",
        "--source",
        str(folder / "sample" / BUCKET_FOLDER),
        "--root",
        str(folder / "root"),
        "--recipe",
        recipe,
    )
    return folder / "root"


def test_there_is_one() -> None:
    assert [path.name for path in NOTEBOOKS] == ["first_look.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_is_committed_without_outputs(path: Path) -> None:
    for cell in code_cells(read(path)):
        assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_defines_no_logic(path: Path) -> None:
    for cell in code_cells(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)


@pytest.mark.spark
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_runs(path: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMC15M_ROOT", str(root))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = read(path)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(PROJECT)}}
    ).execute()
    data = [output.data for cell in code_cells(notebook) for output in cell.outputs if "data" in output]
    pictures = sum("image/png" in one or "image/jpeg" in one for one in data)
    frames = sum("<iframe" in one.get("text/html", "") for one in data)
    assert pictures >= 5 and frames == 3
