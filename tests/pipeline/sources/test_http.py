"""Objects over HTTP, from a server on loopback that misbehaves: each fault with its outcome."""

from __future__ import annotations

import gzip
import http.server
import pickle
import threading
import time
from functools import partial

import pytest

from pipeline.sources import HttpOptions, Limits, SourceError, open_source, read_ahead
from pipeline.sources.cloud import CloudSource
from pipeline.sources.http import HttpStore
from schemas.reject import Reason

BODY = bytes(range(256)) * 400
KEY = "PMC1.1/fig 1+a.jpg"


@pytest.fixture
def server(serve):
    """A server with one object."""
    return serve({KEY: BODY})


@pytest.fixture
def store(server, clock):
    """That server's store. Waits take no time."""
    store = HttpStore(server.url, HttpOptions(connect_s=2.0, read_s=5.0, total_s=10.0), clock=clock)
    yield store
    store.close()


def _reset(handler):
    handler.answer(200, BODY[:50_000], n_stated=len(BODY))
    handler.reset()


def _reset_at_once(handler):
    handler.reset()


def _cut(handler):
    handler.answer(200, BODY[:50_000], n_stated=len(BODY))
    handler.close_connection = True


def _cut_without_length(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(BODY[:50_000])
    handler.close_connection = True


def _cut_in_chunks(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"c350\r\n" + BODY[:50_000] + b"\r\n10\r\n")
    handler.close_connection = True


def _silent(handler):
    time.sleep(0.3)
    handler.close_connection = True


def _silent_in_body(handler):
    handler.answer(200, BODY[:50_000], n_stated=len(BODY))
    handler.wfile.flush()
    _silent(handler)


def _trickle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.close_connection = True
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.005)


def _no_http(handler):
    handler.wfile.write(b"\x00\x01 what?\r\n\r\n")
    handler.close_connection = True


def _answer(status, body=b"", **headers):
    return lambda handler: handler.answer(status, body, **headers)


SLOW_DOWN = b"<Error><Code>SlowDown</Code></Error>"
PAGE = b"<html>Something went wrong</html>"
TRANSIENT = {
    "reset": (_reset, Reason.FETCH_FAILED, 10),
    "reset_at_once": (_reset_at_once, Reason.FETCH_FAILED, 10),
    "cut": (_cut, Reason.FETCH_FAILED, 10),
    "cut_in_chunks": (_cut_in_chunks, Reason.FETCH_FAILED, 10),
    "no_http": (_no_http, Reason.FETCH_FAILED, 10),
    "429": (_answer(429, Retry_After="3"), Reason.FETCH_FAILED, 10),
    "500": (_answer(500), Reason.FETCH_FAILED, 10),
    "503": (_answer(503, Retry_After="2"), Reason.FETCH_FAILED, 10),
    "slow_down": (_answer(503, SLOW_DOWN), Reason.FETCH_FAILED, 10),
    "slow_down_with_400": (_answer(400, SLOW_DOWN), Reason.FETCH_FAILED, 10),
    "html": (_answer(200, PAGE, Content_Type="text/html; charset=utf-8"), Reason.FETCH_FAILED, 3),
}
SPOILED = {
    "wrong_bytes": (_answer(200, BODY[::-1]), Reason.MD5_MISMATCH, 3),
    "html_that_says_jpeg": (_answer(200, PAGE, Content_Type="image/jpeg"), Reason.MD5_MISMATCH, 3),
    "cut_without_length": (_cut_without_length, Reason.MD5_MISMATCH, 3),
}
SLOW = {
    "silent": (_silent, Reason.FETCH_FAILED, 4),
    "silent_in_body": (_silent_in_body, Reason.FETCH_FAILED, 4),
    "trickle": (_trickle, Reason.FETCH_FAILED, 3),
}
PERMANENT = {
    "404": (_answer(404), Reason.MISSING_OBJECT),
    "403": (_answer(403, b"<Error><Code>AccessDenied</Code></Error>"), Reason.MISSING_OBJECT),
    "410": (_answer(410), Reason.MISSING_OBJECT),
    "400": (_answer(400), Reason.MISSING_OBJECT),
    "407": (_answer(407), Reason.FETCH_FAILED),
    "304": (_answer(304), Reason.FETCH_FAILED),
    "larger_than_stated": (_answer(200, b"", n_stated=10**9), Reason.TOO_LARGE),
    "redirect_loop": (lambda handler: handler.answer(302, b"", Location=handler.path), Reason.FETCH_FAILED),
    "redirect_to_a_file": (_answer(302, Location="file:///etc/passwd"), Reason.FETCH_FAILED),
}


@pytest.mark.parametrize("name", [*TRANSIENT, *SPOILED])
def test_a_fault_that_passes_is_outlived(server, store, md5, name: str):
    fault = (TRANSIENT | SPOILED)[name][0]
    server.faults[KEY] = [fault, fault]
    assert store.read(KEY, max_bytes=10**6, md5=md5(BODY)) == BODY
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", SLOW)
def test_a_server_that_is_slow_once_is_outlived(server, clock, md5, name: str):
    store = HttpStore(server.url, HttpOptions(read_s=0.2, total_s=0.25, n_spoiled_tries=9), clock=clock)
    server.faults[KEY] = [SLOW[name][0]]
    assert store.read(KEY, max_bytes=10**6, md5=md5(BODY)) == BODY
    assert len(server.requests) >= 2


@pytest.mark.parametrize("name", [*TRANSIENT, *SPOILED, *SLOW])
def test_a_fault_that_stays_has_its_reason(server, store, clock, md5, name: str):
    fault, reason, n_tries = (TRANSIENT | SPOILED | SLOW)[name]
    if name in SLOW:
        store = HttpStore(server.url, HttpOptions(read_s=0.15, total_s=0.2, n_tries=4, patience_s=0.0), clock=clock)
    server.faults[KEY], server.is_lasting = [fault], True
    with pytest.raises(SourceError, match=rf"fig%201%2Ba\.jpg: .*\({n_tries} tries\)") as caught:
        store.read(KEY, max_bytes=10**6, md5=md5(BODY))
    assert caught.value.reason == reason
    assert caught.value.is_transient is (name not in SPOILED)
    assert len(server.requests) == n_tries


@pytest.mark.parametrize("name", PERMANENT)
def test_a_permanent_fault_is_not_tried_again(server, store, clock, name: str):
    fault, reason = PERMANENT[name]
    server.faults[KEY], server.is_lasting = [fault], True
    with pytest.raises(SourceError) as caught:
        store.read(KEY, max_bytes=10**6)
    assert caught.value.reason == reason and not caught.value.is_transient
    assert clock.waits == []


def test_the_server_says_how_long_to_wait(server, store, clock):
    server.faults[KEY] = [_answer(503, Retry_After="17"), _answer(429, Retry_After="1")]
    store.read(KEY, max_bytes=10**6)
    assert clock.waits == [17 + 0.25, 1 + 0.5]


def test_a_server_that_is_away_for_half_a_minute(serve, clock, md5):
    away = serve({KEY: BODY})
    port = away.server_address[1]
    away.shutdown()
    away.server_close()
    back = []

    def come_back(waited_s: float) -> None:
        if waited_s >= 30 and not back:
            back.append(serve({KEY: BODY}, port))

    clock.when_waiting = come_back
    store = HttpStore(away.url, HttpOptions(), clock=clock)
    assert store.read(KEY, max_bytes=10**6, md5=md5(BODY)) == BODY
    assert len(back) == 1


def test_an_endless_body_is_too_large(server, store):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        for _ in range(1000):
            handler.wfile.write(BODY)

    server.faults[KEY] = [endless]
    with pytest.raises(SourceError) as caught:
        store.read(KEY, max_bytes=150_000)
    assert caught.value.reason == Reason.TOO_LARGE


def test_bytes_are_taken_as_they_are_stored(server, store, md5):
    packed = gzip.compress(BODY)
    server.faults[KEY] = [_answer(200, packed, Content_Encoding="gzip")]
    assert store.read(KEY, max_bytes=10**6, md5=md5(packed)) == packed


def test_a_redirect_is_followed(server, store, md5):
    server.faults["old/x"] = [lambda handler: handler.answer(307, b"moved", Location="/PMC1.1/fig%201%2Ba.jpg")]
    assert store.read("old/x", max_bytes=10**6, md5=md5(BODY)) == BODY


def test_connections_are_kept(server, store):
    for _ in range(10):
        store.read(KEY, max_bytes=10**6)
        with pytest.raises(SourceError):
            store.read("PMC1.1/none", max_bytes=10**6)
    assert len(server.requests) == 20
    assert len({port for _, port, _ in server.requests}) == 1


def test_who_is_asking(server, clock, tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    store = HttpStore(server.url, HttpOptions(contact="someone@example.org"), clock=clock)
    store.read(KEY, max_bytes=10**6)
    headers = server.requests[0][2]
    assert headers["User-Agent"].startswith("pmc15m/") and "someone@example.org" in headers["User-Agent"]
    assert "Authorization" not in headers and headers["Accept-Encoding"] == "identity"


def test_a_large_object_is_verified_before_it_is_read(server, store, md5):
    server.faults[KEY] = [_cut, _answer(200, BODY[::-1])]
    with store.open(KEY, max_bytes=10**6, md5=md5(BODY)) as file:
        assert file.read() == BODY
    assert len(server.requests) == 3


def test_what_is_no_json_is_asked_for_again(server, store):
    server.objects["metadata/PMC1.1.json"] = b'{"a": 1}'
    server.faults["metadata/PMC1.1.json"] = [_answer(200, PAGE), _answer(200, b'{"a": ')]
    assert store.read("metadata/PMC1.1.json", max_bytes=1000, is_json=True) == b'{"a": 1}'
    server.faults["metadata/PMC1.1.json"] = [_answer(200, PAGE)] * 3
    with pytest.raises(SourceError) as caught:
        store.read("metadata/PMC1.1.json", max_bytes=1000, is_json=True)
    assert caught.value.reason == Reason.BAD_METADATA


def test_requests_are_capped(server, clock):
    store = HttpStore(server.url, HttpOptions(requests_per_second=4.0), clock=clock)
    for _ in range(5):
        store.read(KEY, max_bytes=10**6)
    assert sum(clock.waits) == pytest.approx(4 / 4.0, abs=0.2)


def test_threads_share_a_store(server, store):
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(store.read(KEY, max_bytes=10**6) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [BODY] * 20
    assert len({port for _, port, _ in server.requests}) <= 4


def test_who_waits_to_ask_again_leaves_the_connection_to_others(serve):
    server = serve({KEY: BODY, "other": b"x"})
    server.faults[KEY] = [_answer(503, Retry_After="2")]
    store = HttpStore(server.url, HttpOptions(n_connections=1))
    outcomes = read_ahead(lambda key: (store.read(key, max_bytes=10**6), time.monotonic())[1], [KEY, "other"], 2)
    (_, waited), (_, other) = outcomes
    assert waited - other > 1.5
    assert len({port for _, port, _ in server.requests}) == 1


def test_a_pickled_store_reads_on(server, store):
    store.read(KEY, max_bytes=10**6)
    assert pickle.loads(pickle.dumps(store)).read(KEY, max_bytes=10**6) == BODY


def test_a_closed_store_opens_again(server, store):
    store.read(KEY, max_bytes=10**6)
    store.close()
    assert store.read(KEY, max_bytes=10**6) == BODY


def _page(names, token=None):
    keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"<ListBucketResult>{more}{keys}</ListBucketResult>".encode()


def test_a_listing_is_continued(serve, clock):
    server = serve({})
    server.faults[""] = [
        _answer(200, _page(["m/1", "m/2"], "t+/=1")),
        _answer(503, SLOW_DOWN),
        _answer(200, _page(["m/3"])),
    ]
    assert HttpStore(server.url, HttpOptions(), clock=clock).names("m/") == ["1", "2", "3"]
    assert "continuation-token=t%2B/%3D1" in server.requests[-1][0]


def test_a_source_over_a_faulty_server_is_the_directory(bucket, serve, clock):
    """Every object fails once before it is served; what is read is the same."""
    local = open_source(str(bucket.root))
    server = serve(bucket.objects())
    faults = [fault for fault, _, _ in TRANSIENT.values()]
    for n, key in enumerate(server.objects):
        server.faults[key] = [faults[n % len(faults)]]
    remote = CloudSource(HttpStore(server.url, HttpOptions(), clock=clock), server.url)
    listing = _page([f"{bucket.inventories}/{name}" for name in local.store.names(f"{bucket.inventories}/")])
    server.faults[""] = [_answer(503), _answer(200, listing)]
    assert remote.snapshot() == local.snapshot()
    file = local.snapshot().files[0]
    assert list(remote.entries(file)) == list(local.entries(file))
    for entry in local.entries(file):
        article = remote.metadata(entry.pmcid, entry.version)
        assert article == local.metadata(entry.pmcid, entry.version)
        assert remote.xml(article) == bucket.xml
        assert remote.media(article.media[0]) == bucket.image


def test_an_older_inventory_does_not_replace_one_that_is_late(bucket, serve, clock):
    server = serve(bucket.objects())
    names = [f"{bucket.inventories}/{date}/" for date in ("2026-11-19T01-00Z", "2026-11-20T01-00Z")]
    server.faults[""] = [_answer(200, _page(names))]
    server.faults[f"{bucket.inventories}/2026-11-20T01-00Z/manifest.json"] = [_answer(503)] * 10
    with pytest.raises(SourceError) as caught:
        CloudSource(HttpStore(server.url, HttpOptions(), clock=clock), server.url, Limits()).snapshot()
    assert caught.value.is_transient


def test_a_plain_web_server(bucket):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    handler = partial(Quiet, directory=str(bucket.root.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        source = open_source(f"http://127.0.0.1:{server.server_address[1]}/bucket")
        assert source.snapshot() == open_source(str(bucket.root)).snapshot()
        article = source.metadata("PMC1", 1)
        assert source.media(article.media[0]) == bucket.image
        source.close()
        server.shutdown()
