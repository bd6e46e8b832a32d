"""The import rule: jobs -> pipeline -> schemas, and the heavy packages only where they belong."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
OURS = {"schemas", "pipeline", "jobs"}

MAY_IMPORT = {"schemas": {"schemas"}, "pipeline": {"schemas", "pipeline"}, "jobs": OURS}
ONLY_IN = {
    "pyspark": ("jobs",),
    "py4j": ("jobs",),
    "torch": ("pipeline/train", "pipeline/split/train_detector"),
    "onnxruntime": ("pipeline/split",),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> list[Path]:
    return [path for folder in sorted(OURS) for path in sorted((PROJECT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    where = str(path.relative_to(PROJECT))
    layer = where.split("/")[0]
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in OURS or top in MAY_IMPORT[layer], f"{where} imports {name}"
        assert top not in ONLY_IN or where.startswith(ONLY_IN[top]), f"{where} imports {name}"
        if layer == "schemas":
            assert top in {"schemas", "pyarrow"} or top in sys.stdlib_module_names, f"{where} imports {name}"
        if where.startswith("pipeline/train") and top == "pipeline":
            assert name.startswith(("pipeline.train", "pipeline.config")), f"{where} imports {name}"


def test_all_modules_were_looked_at() -> None:
    assert len(modules()) > 30
