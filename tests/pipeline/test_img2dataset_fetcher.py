"""img2dataset in place of the crawl's own fetcher: the same bytes, and a reason for what could not be had."""

from __future__ import annotations

import hashlib

import pytest

from pipeline import img2dataset
from pipeline.config import Config, ConfigError, load_config
from pipeline.img2dataset import fetch_with_img2dataset, find_program
from pipeline.sources import MediaObject, SourceError
from schemas.reject import Reason

needs_program = pytest.mark.skipif(find_program() is None, reason="needs img2dataset: make img2dataset")


def wanted(server, name: str, data: bytes) -> tuple[MediaObject, str]:
    return MediaObject(name, f"s3://b/{name}", hashlib.md5(data).hexdigest()), f"{server.url}{name}"


@needs_program
def test_bytes_in_order_and_reasons(serve):
    bodies = {f"{n}.jpg": bytes([n]) * 1000 for n in range(12)}
    server = serve({name: data for name, data in bodies.items() if name != "7.jpg"})
    busy_once = [lambda handler: handler.answer(503, b"")]
    server.faults = {"3.jpg": busy_once}
    objects = [wanted(server, name, b"other" if name == "5.jpg" else data) for name, data in bodies.items()]
    found = list(fetch_with_img2dataset(objects, 4, 10.0))
    for name, got in zip(bodies, found, strict=True):
        if name in ("5.jpg", "7.jpg"):
            assert isinstance(got, SourceError)
            assert got.reason == (Reason.MD5_MISMATCH if name == "5.jpg" else Reason.MISSING_OBJECT)
        else:
            assert got == bodies[name]


def test_without_the_program_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(img2dataset, "find_program", lambda: None)
    with pytest.raises(FileNotFoundError, match="make img2dataset"):
        list(fetch_with_img2dataset([], 4, 10.0))


def test_a_fetcher_that_does_not_exist():
    assert Config().run.fetcher == "own"
    with pytest.raises(ConfigError, match="own, img2dataset"):
        load_config(None, ["run.fetcher=wget"])
