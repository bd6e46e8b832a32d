"""What all tests share: the corpus, a sample of articles, pairs that are alike, and a server that misbehaves."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import settings

from pipeline.sample import BUCKET_FOLDER, SampleTruth, write_sample

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

HERE = Path(__file__).resolve().parent


def corpus_root() -> Path:
    """The folder of real articles: $PMC15M_CORPUS, else `shared/corpus` beside the checkout."""
    return Path(os.environ.get("PMC15M_CORPUS", HERE.parent.parent / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus root; the test is skipped, saying so, where there is none."""
    root = corpus_root()
    if not root.is_dir():
        pytest.skip(f"no test corpus at {root}; set PMC15M_CORPUS to its folder to run this test")
    return root


WORDS = (
    "the",
    "cells",
    "of",
    "mice",
    "were",
    "stained",
    "with",
    "red",
    "dye",
    "after",
    "two",
    "days",
    "at",
    "low",
    "heat",
)


def _texts(rng: random.Random) -> list[str]:
    long = [" ".join(rng.choices(WORDS, k=rng.randint(8, 30))) for _ in range(6)]
    near = [text + " again" for text in long] + [f"Figure {n}. (A) {text.upper()}!" for n, text in enumerate(long)]
    # Many near copies of one text: a hot bucket.
    crowd = [" ".join([*WORDS, *WORDS[::-1], f"sample{n}"]) for n in range(12)]
    return [
        *long,
        *near,
        *crowd,
        "",
        "   ",
        "Figure 1.",
        "Study flowchart",
        "STUDY  flowchart.",
        "ROC curves",
        "图 1 细胞",
    ]


def _flip(phash: bytes, bits: list[int]) -> bytes:
    number = int.from_bytes(phash, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def _phashes(rng: random.Random) -> list[bytes | None]:
    seeds = [rng.randbytes(32) for _ in range(5)]
    near = [_flip(seed, rng.sample(range(256), rng.randint(1, 14))) for seed in seeds for _ in range(3)]
    # One band in common and nothing else: a hot bucket of different images.
    crowd = [seeds[0][:2] + rng.randbytes(30) for _ in range(10)]
    return [*seeds, *near, *crowd, None]


def make_rows(n: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    texts, phashes = _texts(rng), _phashes(rng)
    rows = []
    for k in range(n):
        article, version = rng.randint(1, n), rng.randint(1, 2)
        rows.append(
            {
                "pair_id": f"PMC{article}_v{version}_f{k:03d}_s00",
                "article_id": f"PMC{article}_v{version}",
                "pmcid": f"PMC{article}",
                "version": version,
                "text": rng.choice(texts),
                "pixel_sha256": f"{rng.randint(1, n):064x}",
                "phash": rng.choice(phashes),
                "width_px": rng.choice([300, 600]),
                "height_px": rng.choice([300, 400]),
                "license": rng.choice(["CC0", "CC BY", "CC BY-NC-ND", "other", None]),
                "n_bytes": 1,
            }
        )
    return rows


@pytest.fixture(scope="session")
def dedup_rows() -> Callable[[int, int], list[dict[str, Any]]]:
    """Makes so many pairs from a seed: copies, near copies, hot buckets, short and empty texts, flat images."""
    return make_rows


@dataclass(frozen=True)
class Sample:
    bucket: Path
    truth: SampleTruth


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The bucket of `make demo`, and what was planted in it."""
    folder = tmp_path_factory.mktemp("sample") / "sample"
    truth = write_sample(folder)
    return Sample(folder / BUCKET_FOLDER, truth)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/")

    def do_GET(self) -> None:
        self.server.on_request()
        path = self.key
        self.server.requests.append((self.path, self.client_address[1], dict(self.headers)))
        if self.server.is_away:
            self.reset()
            return
        faults = self.server.faults.get(path, [])
        fault = (
            faults.pop(0) if len(faults) > 1 or (faults and not self.server.is_lasting) else next(iter(faults), None)
        )
        if fault is not None:
            fault(self)
        elif self.server.is_s3 and "list-type=2" in self.path:
            self.answer(200, self.server.listing(parse_qs(urlsplit(self.path).query)))
        elif path in self.server.objects:
            self.answer(200, self.server.objects[path])
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def answer(self, status: int, body: bytes, *, n_stated: int | None = None, **headers: str) -> None:
        """An answer; the length is stated as it is, or as `n_stated`."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if n_stated is None else n_stated))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Ends the connection with a RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class FaultyServer(ThreadingHTTPServer):
    """Serves objects by key; the faults of a key are used up one per request before it is served as it should be."""

    daemon_threads = True

    def __init__(self, objects: dict[str, bytes], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.objects = objects
        self.faults: dict[str, list[Callable[[_Handler], None]]] = {}
        self.is_lasting = False
        """The last fault of a key stays."""
        self.on_request: Callable[[], None] = lambda: None
        self.is_away = False
        """What is still connected is cut off."""
        self.is_s3 = False
        """It lists its objects."""
        self.requests: list[tuple[str, int, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def listing(self, query: dict[str, list[str]]) -> bytes:
        """S3's listing of the names directly under a prefix."""
        prefix = query["prefix"][0]
        rests = {key.removeprefix(prefix) for key in self.objects if key.startswith(prefix)}
        names = {rest.partition("/")[0] + "/" * ("/" in rest) for rest in rests}
        tags = (f"<Contents><Key>{quote(prefix + name)}</Key></Contents>" for name in sorted(names))
        return f"<ListBucketResult><EncodingType>url</EncodingType>{''.join(tags)}</ListBucketResult>".encode()

    def asked(self) -> Counter[str]:
        """How often each object was asked for."""
        return Counter(unquote(urlsplit(path).path).removeprefix("/") for path, _, _ in self.requests)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


@contextmanager
def _servers() -> Iterator[Callable[..., FaultyServer]]:
    servers = []

    def start(objects: dict[str, bytes], port: int = 0) -> FaultyServer:
        server = FaultyServer(objects, port)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultyServer]]:
    """Starts a server for objects by key; all are stopped at the end of the test."""
    with _servers() as start:
        yield start


@pytest.fixture(scope="module")
def serve_module() -> Iterator[Callable[..., FaultyServer]]:
    """The same for all tests of a module."""
    with _servers() as start:
        yield start
