"""What the driver's servers say when whoever speaks to them dies in mid-sentence."""

from __future__ import annotations

import logging
import socket
import socketserver
import threading

import pytest

from jobs import interrupt


class _Broken(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        raise EOFError


def test_a_connection_that_breaks_prints_nothing(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketserver.BaseServer, "handle_error", socketserver.BaseServer.handle_error)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(logging.getLogger(), "handlers", [caplog.handler])  # none that a verb run before has left
    interrupt.listen()
    with caplog.at_level(logging.DEBUG, "pmc15m"), socketserver.TCPServer(("127.0.0.1", 0), _Broken) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        socket.create_connection(server.server_address).close()
        thread.join()
    assert capfd.readouterr().err == ""
    assert "TCPServer" in caplog.text and "EOFError" in caplog.text
