"""What a plan of the whole bucket takes: an inventory of eight million made-up versions, in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.plan import draw
from pipeline.sources import open_source

pytestmark = pytest.mark.bench

N_VERSIONS = 8_000_000
N_SAMPLED = 200
MOST_MB = 700
FOLDER = "inventory-reports/pmc-oa-opendata/metadata"
MEASURED = """
import resource, runpy, sys
sys.argv = ["pmc15m", *sys.argv[1:]]
try:
    runpy.run_module("jobs.cli", run_name="__main__")
finally:
    sys.stderr.write(f"PEAK {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\\n")
"""


def write_inventory(bucket: Path, n_versions: int) -> None:
    """An inventory of four files; the objects that it names are not there."""
    files = []
    for number in range(4):
        key = f"{FOLDER}/data/{number}.csv.gz"
        path = bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.writelines(
                f'"pmc-oa-opendata","metadata/PMC{n}.1.json","2026-01-08T11:47:59.000Z","{n:032x}"\n'
                for n in range(1_000_000 + number, 1_000_000 + n_versions, 4)
            )
        files.append({"key": key, "MD5checksum": hashlib.md5(path.read_bytes()).hexdigest()})
    manifest = {"fileFormat": "CSV", "fileSchema": "Bucket, Key, LastModifiedDate, ETag", "files": files}
    folder = bucket / FOLDER / "2026-11-20T01-00Z"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def clone(corpus: Path, template: str, bucket: Path, pmcid: str) -> None:
    """A real article under another id."""
    old, source = template.partition(".")[0], corpus / "cloud" / template
    folder = bucket / f"{pmcid}.1"
    folder.mkdir(parents=True)
    fields = (corpus / "cloud" / "metadata" / f"{template}.json").read_text().replace(old, pmcid)
    for path in source.iterdir():
        data = path.read_bytes()
        if path.suffix == ".xml":
            renamed = data.replace(old.encode(), pmcid.encode()).replace(
                f">{old[3:]}<".encode(), f">{pmcid[3:]}<".encode()
            )
            fields = fields.replace(hashlib.md5(data).hexdigest(), hashlib.md5(renamed).hexdigest())
            data = renamed
        (folder / path.name.replace(old, pmcid)).write_bytes(data)
    (bucket / "metadata").mkdir(exist_ok=True)
    (bucket / "metadata" / f"{pmcid}.1.json").write_text(fields)


def test_a_plan_of_the_whole_bucket(corpus: Path, tmp_path: Path) -> None:
    write_inventory(tmp_path, N_VERSIONS)
    source = open_source(str(tmp_path))
    began = time.perf_counter()
    drawn = draw(source, source.snapshot(), N_SAMPLED).drawn
    read_s = time.perf_counter() - began
    templates = sorted(path.stem for path in (corpus / "cloud" / "metadata").glob("*.json"))
    for number, entry in enumerate(drawn):
        clone(corpus, templates[number % len(templates)], tmp_path, entry.pmcid)
    command = [sys.executable, "-c", MEASURED, "plan", "--source", str(tmp_path), "--sample", str(N_SAMPLED), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    plan, peak = json.loads(done.stdout), float(re.findall(r"PEAK (\S+)", done.stderr)[0])
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, python {platform.python_version()}")
    print(f"inventory of {plan['n_versions']:,} versions read in {read_s:.0f} s; plan: peak {peak:.0f} MB")
    print(
        json.dumps({key: plan[key] for key in ("requests", "bytes", "images", "core_hours", "stored_bytes", "paces")})
    )
    assert plan["n_versions"] == N_VERSIONS and plan["n_sampled"] == N_SAMPLED
    assert peak < MOST_MB
