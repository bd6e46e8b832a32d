"""The pace keeper of a job: a small server in the driver that tells each worker when it may ask the source."""

from __future__ import annotations

import socketserver
import threading
from functools import lru_cache

from pyspark.sql import SparkSession

from pipeline.sources.clock import SystemClock
from pipeline.sources.pace import NEXT, SLOW, RateLimiter

_LOOPBACK = "127.0.0.1"


def keep_pace(spark: SparkSession, requests_per_second: float) -> str:
    """Address at which the workers of this session ask for their next request, at most so many a second in all.

    It is served until the driver ends.
    """
    host = spark.sparkContext.getConf().get("spark.driver.host") or _LOOPBACK
    return f"{host}:{_serve(host, requests_per_second)}"


@lru_cache(maxsize=8)
def _serve(host: str, requests_per_second: float) -> int:
    server = _Server(("" if host != _LOOPBACK else host, 0), requests_per_second)
    threading.Thread(target=server.serve_forever, name="pace", daemon=True).start()
    return int(server.server_address[1])


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], requests_per_second: float) -> None:
        super().__init__(address, _Handler)
        self.limiter = RateLimiter(requests_per_second, SystemClock())


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Answers one worker until it hangs up."""
        for line in self.rfile:
            if line == SLOW:
                self.server.limiter.slow_down()
            seconds = self.server.limiter.reserve() if line == NEXT else 0.0
            self.wfile.write(b"%.6f\n" % seconds)
