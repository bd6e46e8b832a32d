from __future__ import annotations

from pathlib import Path

import pytest

from jobs.bench_lines import FIGURE, read_lines
from jobs.verbs import UsageError

GOOD = '{"pmcid": "PMC1", "fig_id": null, "file": "a.jpg", "compound": false, "panels": [{"x":0,"y":0,"w":1,"h":1}]}'


def test_lines_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{GOOD}\n{GOOD.replace('PMC1', 'PMC2')}\n")
    assert [line["pmcid"] for line in read_lines(path, FIGURE)] == ["PMC1", "PMC2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no line"),
        ("{", "line 1: no JSON: "),
        ("[]", "line 1: no JSON object"),
        (f"{GOOD}\n" + '{"file": "a.jpg", "panels": []}', "line 2: has no pmcid, fig_id, compound"),
        (GOOD.replace('"w":1', '"width":1'), "line 1: has no x, y, w, h of a panel"),
        (GOOD.replace('[{"x":0,"y":0,"w":1,"h":1}]', "[5]"), "line 1: has no x, y, w, h of a panel"),
        (GOOD.replace('[{"x":0,"y":0,"w":1,"h":1}]', "5"), "line 1: has no x, y, w, h of a panel"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_lines(path, FIGURE)
    assert str(error.value).startswith(str(path)) and message in str(error.value)
