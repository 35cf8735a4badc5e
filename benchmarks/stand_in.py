"""A study site in a process of its own, as cheap as Python allows; it checks no password.

One loop over sockets: its share of the two cores is small, is measured, and is told beside what it
took part in.  What it answers stands in a file of scales that may be written anew meanwhile.
"""

from __future__ import annotations

import heapq
import json
import multiprocessing
import os
import selectors
import socket
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, process_time
from types import TracebackType
from typing import Any, Self

HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
COOKIE = b"Set-Cookie: JSESSIONID=1; Path=/\r\n"
MOST = 1 << 16


class StandIn:
    """The site at `url` while the `with` lasts.  Scales: name -> path, size, deleteable."""

    def __init__(self, scales: Path, latency_s: float = 0.0) -> None:
        self._scales, self._latency_s = scales, latency_s
        self.url = ""

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = theirs, str(self._scales), self._latency_s
        self._served = context.Process(target=_serve, args=arguments, daemon=True)
        self._served.start()
        self.url = f"http://127.0.0.1:{self._pipe.recv()}/api"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._served.join(5)
        self._served.kill()

    def stats(self) -> dict[str, Any]:
        """Requests by method, connections, and CPU seconds, since the start."""
        return self._told_after("stats")

    def forget(self) -> None:
        """Begin anew: no delete was ever asked for."""
        self._told_after("forget")

    def _told_after(self, word: str) -> dict[str, Any]:
        self._pipe.send(word)
        told: dict[str, Any] = self._pipe.recv()
        return told


class _Loop:
    """Every connection and every answer that waits for its time."""

    def __init__(self, pipe: Connection, scales: Path, latency_s: float) -> None:
        self._pipe, self._scales, self._latency_s = pipe, scales, latency_s
        self._selector = selectors.DefaultSelector()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._gone: dict[str, set[bytes]] = {}
        self._waiting: list[tuple[float, int, socket.socket, bytes]] = []
        self._told = {"GET": 0, "DELETE": 0, "connections": 0}

    def run(self) -> None:
        """Answer until the other end of the pipe is closed."""
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._pipe.send(self._listening.getsockname()[1])
        while True:
            soonest = self._waiting[0][0] - monotonic() if self._waiting else None
            for key, _ in self._selector.select(soonest):
                if key.fileobj is self._pipe:
                    self._tell()
                elif key.fileobj is self._listening:
                    self._accept()
                else:
                    self._hear(key.fileobj)  # type: ignore[arg-type]  # only sockets are left
            while self._waiting and self._waiting[0][0] <= monotonic():
                _, _, there, answer = heapq.heappop(self._waiting)
                self._send(there, answer)

    def _tell(self) -> None:
        try:
            if self._pipe.recv() == "forget":
                self._gone.clear()
        except EOFError:
            os._exit(0)
        self._pipe.send(self._told | {"cpu_s": process_time()})

    def _accept(self) -> None:
        there, _ = self._listening.accept()
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._told["connections"] += 1
        self._selector.register(there, selectors.EVENT_READ)

    def _hear(self, there: socket.socket) -> None:
        try:
            asked = there.recv(MOST)
        except OSError:
            asked = b""
        if not asked:
            self._selector.unregister(there)
            there.close()
            return
        method, path, _ = asked.split(b" ", 2)  # a request is one packet here, without a body
        self._told[method.decode()] += 1
        answer = self._answer(method, path)
        if self._latency_s:
            due = monotonic() + self._latency_s
            heapq.heappush(self._waiting, (due, self._told["DELETE"], there, answer))
        else:
            self._send(there, answer)

    def _answer(self, method: bytes, path: bytes) -> bytes:
        parts = path.split(b"/")  # ["", "api", "export", scale, id]
        if method == b"DELETE":
            self._gone.setdefault(parts[3].decode(), set()).add(parts[4])
            return HEAD % (200, b"", 0)
        scales: dict[str, Any] = json.loads(self._scales.read_bytes())
        if len(parts) == 3:
            body = json.dumps([self._listed(name, scales[name]) for name in scales]).encode()
        else:
            name = parts[3].decode()
            body = Path(scales[name]["path"]).read_bytes()
            if gone := self._gone.get(name):
                left = [row for row in json.loads(body) if str(row["id"]).encode() not in gone]
                body = json.dumps(left, ensure_ascii=False, separators=(",", ":")).encode()
        return HEAD % (200, COOKIE, len(body)) + body

    def _listed(self, name: str, scale: dict[str, Any]) -> dict[str, Any]:
        size = max(0, scale["size"] - len(self._gone.get(name, ())))
        return {"name": name, "size": size, "deleteable": scale["deleteable"]}

    def _send(self, there: socket.socket, answer: bytes) -> None:
        try:
            there.sendall(answer)
        except OSError:
            there.close()


def _serve(pipe: Connection, scales: str, latency_s: float) -> None:
    _Loop(pipe, Path(scales), latency_s).run()
