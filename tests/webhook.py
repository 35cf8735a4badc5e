"""An HTTP server on this machine that keeps what it is asked, for web hooks and the heartbeat."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    body: dict[str, Any] | None


class Hook:
    """What was asked, and the answer to be given (`place` = where a redirect leads)."""

    def __init__(self, port: int) -> None:
        self.asked: list[Asked] = []
        self.code = 200
        self.place = ""
        self.url = f"http://127.0.0.1:{port}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def web_hook() -> Iterator[Hook]:
    """A server that is told things by HTTP."""
    hook: Hook

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            hook.asked.append(Asked(self.command, self.path, body))
            self.send_response(hook.code)
            if hook.place:
                self.send_header("Location", hook.place)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    hook = Hook(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
