"""The layout of the bucket: keys, inventory, md5s, determinism."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.sample import Fault, write_sample
from pipeline.sample.metadata import DAY

INVENTORY = "inventory-reports/pmc-oa-opendata/metadata"
FIELDS = [
    "pmcid",
    "version",
    "pmid",
    "doi",
    "mid",
    "title",
    "citation",
    "is_pmc_openaccess",
    "is_manuscript",
    "is_historical_ocr",
    "is_retracted",
    "license_code",
    "xml_url",
    "text_url",
]


def md5(data):
    return hashlib.md5(data).hexdigest()


def urls(fields):
    return [fields["xml_url"], fields["text_url"], *fields.get("media_urls", [])]


def parse_url(url):
    found = re.fullmatch(r"s3://pmc-oa-opendata/(PMC9\d{7}\.\d)/([^/?]+)\?md5=([0-9a-f]{32})", url)
    assert found, url
    return found.groups()


def tree(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_top_of_bucket_is_that_of_the_service(sample):
    names = {path.name for path in sample.bucket.iterdir()}
    assert names == {"README.txt", "metadata", "inventory-reports", *sample.truth.articles}
    assert (sample.root / "truth.json").is_file()


def test_every_version_has_xml_text_and_the_same_json_twice(sample):
    for prefix in sample.truth.articles:
        folder = sample.bucket / prefix
        assert (folder / f"{prefix}.json").read_bytes() == (sample.bucket / "metadata" / f"{prefix}.json").read_bytes()
        assert (folder / f"{prefix}.xml").is_file()
        assert (folder / f"{prefix}.txt").is_file()


def test_json_has_the_fields_of_the_service(sample):
    for prefix, fields in sample.metadata.items():
        assert list(fields)[: len(FIELDS)] == FIELDS
        assert f"{fields['pmcid']}.{fields['version']}" == prefix
        assert int(fields["pmcid"][3:]) >= 90_000_001
        assert fields["doi"].startswith("10.5555/")


def test_manifest_states_the_md5_of_its_data(sample):
    folder = sample.bucket / INVENTORY / DAY
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (entry,) = manifest["files"]
    data = (sample.bucket / entry["key"]).read_bytes()
    assert entry["MD5checksum"] == md5(data)
    assert entry["size"] == len(data)
    assert (folder / "manifest.checksum").read_text().strip() == md5((folder / "manifest.json").read_bytes())
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.csv\.gz", Path(entry["key"]).name)


def test_inventory_lists_every_json_with_its_etag(sample):
    (path,) = (sample.bucket / INVENTORY / "data").iterdir()
    rows = list(csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    assert {row[1] for row in rows} == {f"metadata/{prefix}.json" for prefix in sample.truth.articles}
    for bucket, key, modified, etag in rows:
        assert bucket == "pmc-oa-opendata"
        assert etag == md5((sample.bucket / key).read_bytes())
        assert re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", modified)


def test_hive_stands_beside_the_day(sample):
    assert any((sample.bucket / INVENTORY / "hive").rglob("symlink.txt"))


def test_every_md5_fits_but_the_planted_one(sample):
    wrong, missing = [], []
    for fields in sample.metadata.values():
        for prefix, name, stated in map(parse_url, urls(fields)):
            path = sample.bucket / prefix / name
            if not path.is_file():
                missing.append(path)
            elif md5(path.read_bytes()) != stated:
                wrong.append(path)
    assert wrong == [sample.faulty_file(Fault.WRONG_MD5)]
    assert missing == [sample.faulty_file(Fault.MISSING_MEDIA)]


def test_no_file_lies_there_unnamed(sample):
    for prefix, fields in sample.metadata.items():
        named = {parse_url(url)[1] for url in urls(fields)} | {f"{prefix}.json"}
        assert {path.name for path in (sample.bucket / prefix).iterdir()} <= named


def test_readme_says_that_it_is_invented_and_free(sample):
    text = (sample.bucket / "README.txt").read_text()
    assert "INVENTED" in text
    assert "CC0" in text


def test_same_seed_gives_the_same_bytes_in_another_process(sample, tmp_path):
    call = f"write_sample(Path({str(tmp_path)!r}), n_articles=24)"
    code = f"from pathlib import Path; from pipeline.sample import write_sample; {call}"
    # Another hash seed: no order may depend on a set.
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert tree(tmp_path) == tree(sample.root)


def test_truth_on_disk_is_the_truth_returned(sample):
    assert (sample.root / "truth.json").read_text(encoding="utf-8") == sample.truth.to_json()


def test_size_stays_small(sample):
    assert sum(len(data) for data in tree(sample.root).values()) < 15e6 * 24 / 28


def test_too_few_articles_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="at least 24"):
        write_sample(tmp_path, n_articles=23)
    assert list(tmp_path.iterdir()) == []
