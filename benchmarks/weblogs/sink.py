"""A Matomo that counts what it is sent and stores nothing: `python -m benchmarks.weblogs.sink MS`.

It prints its port, answers each batch after MS milliseconds as if it had stored it, and says at
`/counted` how many hits came.  It reads no hit: what it takes of the machine is little.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

SITE = {
    "idsite": "1", "main_url": "https://www.example.org", "timezone": "UTC", "excluded_ips": "",
    "excluded_user_agents": "", "excluded_parameters": "", "exclude_unknown_urls": "0",
}  # fmt: skip


class Sink(ThreadingHTTPServer):
    """Counts hits from many connections."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, wait_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.wait_s, self.hits, self.batches, self.lock = wait_s, 0, 0, Lock()


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sink

    def do_GET(self) -> None:
        self._answer({"hits": self.server.hits, "batches": self.server.batches})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b'"requests"' not in body[:200]:
            self._answer(SITE if b"Global" not in self.path.encode() else {"value": ""})
            return
        hits = body.count(b'"cip":')
        time.sleep(self.server.wait_s)
        with self.server.lock:
            self.server.hits += hits
            self.server.batches += 1
        self._answer({"status": "success", "tracked": hits, "invalid": 0, "invalid_indices": []})

    def _answer(self, what: object) -> None:
        content = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Serve until the process is ended."""
    sink = Sink(int(sys.argv[1]) / 1000)
    print(sink.server_port, flush=True)
    sink.serve_forever()


if __name__ == "__main__":
    main()
