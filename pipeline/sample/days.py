"""A later day of a bucket: articles edited, given a new version, retracted or removed, and the inventory of that day.

It works on the sample and on any other local copy of the bucket that may be written.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.sample.metadata import inventory_objects, md5_of

_FIRST_CAPTION = re.compile(r"(<caption\b[^>]*>.*?<p\b[^>]*>)", re.DOTALL)


@dataclass
class Day:
    """One day of a bucket in the making; nothing is seen of it before `publish`, as in the real one."""

    bucket: Path
    listed: set[str]
    """Article versions that the inventory will list, such as ``PMC123.1``."""

    def edit(self, prefix: str, words: str) -> None:
        """Puts words before the caption of the first figure."""
        xml = self._xml(prefix)
        text, n = _FIRST_CAPTION.subn(lambda found: f"{found.group(1)}{words} ", xml.read_text("utf-8"), count=1)
        if not n:
            raise ValueError(f"{prefix} has no caption")
        xml.write_text(text, encoding="utf-8")
        stated = self._fields(prefix)
        url, _ = stated["xml_url"].split("?md5=")
        self._state(prefix, {**stated, "xml_url": f"{url}?md5={md5_of(xml.read_bytes())}"})

    def retract(self, prefix: str) -> None:
        """Marks an article version as retracted."""
        self._state(prefix, {**self._fields(prefix), "is_retracted": True})

    def remove(self, prefix: str) -> None:
        """Lists an article version no more; its files stay, as they do for a while in the real bucket."""
        self.listed.remove(prefix)

    def add_version(self, prefix: str, words: str) -> str:
        """Adds the next version of an article, with other words in its first caption; returns its prefix."""
        pmcid, version = prefix.split(".")
        newer = f"{pmcid}.{int(version) + 1}"
        shutil.copytree(self.bucket / prefix, self.bucket / newer)
        for path in (self.bucket / newer).glob(f"{prefix}.*"):
            path.rename(path.with_name(path.name.replace(prefix, newer, 1)))
        xml = self._xml(newer)
        xml.write_text(xml.read_text("utf-8").replace(prefix, newer), encoding="utf-8")
        text = json.dumps({**self._fields(prefix), "version": int(version) + 1}).replace(f"{prefix}", f"{newer}")
        self._state(newer, json.loads(text))
        self.listed.add(newer)
        self.edit(newer, words)
        return newer

    def publish(self, day: str) -> None:
        """Writes the inventory of the day, such as ``2026-11-21T01-00Z``."""
        keys = [f"metadata/{prefix}.json" for prefix in sorted(self.listed)]
        jsons = {key: (self.bucket / key).read_bytes() for key in keys}
        for key, data in inventory_objects(seed=0, jsons=jsons, day=day).items():
            path = self.bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _xml(self, prefix: str) -> Path:
        return self.bucket / prefix / f"{prefix}.xml"

    def _fields(self, prefix: str) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads((self.bucket / "metadata" / f"{prefix}.json").read_text("utf-8"))
        return fields

    def _state(self, prefix: str, fields: dict[str, Any]) -> None:
        text = json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
        for path in (self.bucket / prefix / f"{prefix}.json", self.bucket / "metadata" / f"{prefix}.json"):
            path.write_text(text, encoding="utf-8")
