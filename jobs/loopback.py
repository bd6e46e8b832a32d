"""A server of objects on loopback, in a process of its own, as slow and as faulty as it is told to be."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import unquote, urlsplit

_HEAD_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Weather:
    """How the server behaves."""

    latency_s: float = 0.0
    """Before each answer, and once more for each new connection, whose handshake takes a way there and back too."""
    failure_rate: float = 0.0
    """Share of requests that fail: half of them with 503, half by a reset in the middle of the body."""
    seed: int = 15


class Loopback:
    """A running server."""

    def __init__(self, port: int, pipe: Connection) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self._pipe = pipe

    def n_requests(self) -> int:
        """Requests since the last call."""
        self._pipe.send("count")
        return int(self._pipe.recv())


@contextmanager
def serve(objects: Mapping[str, bytes], weather: Weather) -> Iterator[Loopback]:
    """A server of these objects by key, until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(dict(objects), weather, theirs), daemon=True)
    process.start()
    try:
        yield Loopback(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _run(objects: dict[str, bytes], weather: Weather, pipe: Connection) -> None:
    asyncio.run(_Server(objects, weather).serve(pipe))


class _Server:
    def __init__(self, objects: dict[str, bytes], weather: Weather) -> None:
        self._objects = objects
        self._weather = weather
        self._chance = random.Random(weather.seed)
        self._n_requests = 0

    async def serve(self, pipe: Connection) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=_HEAD_LIMIT, backlog=1024)
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._tell, pipe)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    def _tell(self, pipe: Connection) -> None:
        pipe.recv()
        pipe.send(self._n_requests)
        self._n_requests = 0

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._weather.latency_s)
        try:
            while await self._answer(await reader.readuntil(b"\r\n\r\n"), writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answers a request; returns whether the connection stays."""
        self._n_requests += 1
        await asyncio.sleep(self._weather.latency_s)
        if self._chance.random() < self._weather.failure_rate:
            return await self._fail(_key(head), writer)
        body = self._objects.get(_key(head))
        status = "404 Not Found" if body is None else "200 OK"
        writer.write(_headers(status, len(body or b"")) + (body or b""))
        await writer.drain()
        return b"connection: close" not in head.lower()

    async def _fail(self, key: str, writer: asyncio.StreamWriter) -> bool:
        if self._chance.random() < 0.5:
            writer.write(_headers("503 Slow Down", 0))
            await writer.drain()
            return True
        body = self._objects.get(key, b"")
        writer.write(_headers("200 OK", len(body)) + body[: len(body) // 2])
        await writer.drain()
        # A socket that is closed so sends RST in place of FIN.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()
        return False


def _key(head: bytes) -> str:
    target = head.split(b" ", 2)[1].decode("latin-1")
    return unquote(urlsplit(target).path).removeprefix("/")


def _headers(status: str, n_bytes: int) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {n_bytes}\r\nContent-Type: binary/octet-stream\r\n\r\n".encode()
