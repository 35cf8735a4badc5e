"""Connections that are opened and left so: nobody else waits for them, and none stays for ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtdata.core.errors import StorageError
from mtdata.web import connections
from mtdata.web.connections import Limits, listening
from mtdata.web.downloads.pouring import FULL, LOW
from mtdata.web.forwarded import behind_a_proxy
from mtdata.web.serve import MOST_HEADERS
from tests.jobs.place import until
from tests.web.site import PASSWORD, Visitor, WebSite

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
POST = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
LARGE = 64 << 20


def _socket(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), 30)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)  # else the system reads for us
    return line


def _files_without_a_name(pid: str) -> list[str]:
    """Files that this process has open and that stand in no folder."""
    names = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names += [str(one.readlink())] if int(one.name) > 2 else []
    return [name for name in names if name.endswith("(deleted)")]


def _is_over(line: socket.socket) -> bool:
    try:
        while line.recv(1 << 16):
            pass
        return True
    except ConnectionResetError:
        return True


def _read(line: socket.socket, until: bytes = b"nowhere", most: int = 1 << 62) -> None:
    came, count = b"", 0
    while until not in came and count < most:
        piece = line.recv(1 << 20)
        assert piece
        came, count = (came + piece)[-1000:], count + len(piece)


def test_half_open_connections_keep_nobody_out(web: WebSite) -> None:
    visitor = web.visitor("viewer")
    with ExitStack() as held:
        lines = [held.enter_context(_socket(web.port)) for _ in range(150)]
        for line in lines[:100]:
            line.sendall(HALF)
        for line in lines[100:110]:
            line.sendall(POST + b"Content-Length: 1000000\r\n\r\nusername=")
        for _ in range(3):
            lines[105].sendall(b"x")
            assert Visitor(web.url).get("/healthz", timeout=10).text == "ok\n"
            assert visitor.get("/account/", timeout=10).status_code == 200
        assert _is_over(lines[0]), "the oldest gave way"


@pytest.mark.parametrize("how", ["a length", "pieces"])
def test_a_body_that_is_too_large_is_refused_before_it_has_come(web: WebSite, how: str) -> None:
    with closing(_socket(web.port)) as line:
        if how == "a length":
            line.sendall(POST + b"Content-Length: 62914560\r\n\r\n")
        else:
            line.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            piece = b"10000\r\n" + b"x" * (1 << 16) + b"\r\n"
            for _ in range(20):
                line.sendall(piece)
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


def test_who_sends_all_of_it_can_read_why_it_was_refused(web: WebSite) -> None:
    answer = Visitor(web.url).post("/login/", data=b"x" * (8 << 20))
    assert (answer.status_code, "exceeds" in answer.text) == (413, True)
    assert Visitor(web.url).post("/login/", data=b"x" * (1 << 20)).status_code in (403, 413)


def test_headers_that_never_end_are_refused(web: WebSite) -> None:
    with closing(_socket(web.port)) as line:
        line.sendall(HALF + b"x" * MOST_HEADERS)
        assert line.recv(1 << 16).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize("told", ["unknown", '"', ":80", "192.0.2.1:x", "[", ""])
def test_a_server_in_front_that_knows_no_address_is_answered(web: WebSite, told: str) -> None:
    for headers in ({"X-Forwarded-For": told}, {"X-Forwarded-Proto": told, "Forwarded": told}):
        assert Visitor(web.url).get("/healthz", headers=headers).status_code == 200
    visitor = Visitor(web.url)
    visitor.headers["X-Forwarded-For"] = told
    if told == "unknown":
        assert visitor.log_in("nobody of this name").status_code == 200


def test_a_form_is_accepted_at_any_port_by_the_name_that_the_browser_has(web: WebSite) -> None:
    visitor = Visitor(web.url)
    visitor.headers.update({"X-Forwarded-Proto": "https", "Host": "localhost:8443"})
    mark = visitor.mark_of("/login/")
    (name,) = [one for one in visitor.cookies.keys() if "_csrf_" in one]  # noqa: SIM118
    cookie = {"Cookie": f"{name}={visitor.cookies[name]}"}  # kept to TLS
    sent = {"csrfmiddlewaretoken": mark, "username": "viewer", "password": PASSWORD}
    for origin, code in (("https://localhost:8443", 302), ("https://localhost", 403)):
        more = cookie | {"Origin": origin}
        assert visitor.post("/login/", data=sent, headers=more).status_code == code
    guide = (Path(__file__).parents[2] / "docs" / "OPERATING.md").read_text()
    assert "proxy_set_header Host $http_host;" in guide


# --- a server of its own, whose time is ours


class Served:
    """Pages of many bytes, in pieces or whole, or of what was sent, served in this process."""

    def __init__(self, limits: Limits, now: list[float], threads: int = 2) -> None:
        self._now, self.closed = now, threading.Event()
        self.bodies: list[bytes] = []
        how = {"cleanup_interval": 3600, "outbuf_high_watermark": 1 << 20, "threads": threads}
        self.server: Any = listening(
            behind_a_proxy(self._answer), limits, host="127.0.0.1", port=0,
            asyncore_use_poll=True, max_request_body_size=1 << 20, **how,
        )  # fmt: skip
        self.port = int(self.server.effective_port)
        self._is_over = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_over:
            self.server.asyncore.loop(1, map=self.server._map, use_poll=True, count=1)

    def _answer(self, environ: dict[str, Any], start: Any) -> Any:
        path, length = environ["PATH_INFO"], environ["QUERY_STRING"]
        start("200 OK", [("Content-Length", length)] if length else [])
        if path == "/whole":
            return [b"x" * LARGE]
        if path in ("/large", "/fault"):
            return self._pieces(is_sound=path == "/large")
        self.bodies.append(environ["wsgi.input"].read())
        return [environ["REMOTE_ADDR"].encode()]

    def _pieces(self, *, is_sound: bool) -> Iterator[bytes]:
        try:
            for _ in range(LARGE >> 16):
                yield b"x" * (1 << 16)
            if not is_sound:
                raise StorageError("it was changed")
        finally:
            self.closed.set()

    def later(self, seconds: float) -> None:
        """So much later: what has had its time by then ends."""
        self._now[0] += seconds
        done = threading.Event()
        kept = self.server.maintenance

        def once(now: float) -> None:
            kept(now)
            self.server.maintenance = kept
            done.set()

        self.server.maintenance = once
        self.server.next_channel_cleanup = 0
        self.server.pull_trigger()
        assert done.wait(30)

    def close(self) -> None:
        self._is_over = True
        self.server.pull_trigger()
        self._thread.join()
        self.server.task_dispatcher.shutdown()
        for one in list(self.server._map.values()):
            one.close()


@contextmanager
def _served(monkeypatch: pytest.MonkeyPatch, threads: int = 2) -> Iterator[Served]:
    now = [1000.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with closing(Served(Limits(), now, threads)) as served:
        yield served


def _known(served: Served, count: int) -> None:
    until(lambda: len(served.server.active_channels) == count, f"{count} connections are known")


def test_an_unfinished_request_ends_however_slowly_it_drips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _served(monkeypatch) as served, ExitStack() as held:
        expects = POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        beginnings = (b"", b"\r\n", HALF, expects, POST + b"Content-Length: 9\r\n\r\nx",
                      POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\nx")  # fmt: skip
        lines = [held.enter_context(_socket(served.port)) for _ in beginnings]
        _known(served, len(lines))
        for line, beginning in zip(lines, beginnings, strict=True):
            line.sendall(beginning)
        served.later(8)
        for line in lines[1:]:
            line.sendall(b"\r\n" if line is lines[1] else b"x")
        served.later(8)
        assert [_is_over(line) for line in lines] == [True] * len(lines)
        assert not served.bodies


def test_a_connection_between_two_requests_stays_for_a_while_and_not_by_blank_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _served(monkeypatch) as served, closing(_socket(served.port)) as line:
        for _ in range(2):
            line.sendall(HALF + b"\r\n\r\n")
            _read(line, until=b"127.0.0.1")
            _idle(served)
            served.later(0)
            served.later(29)
        for _ in range(4):
            line.sendall(b"\r\n\r\n")
            served.later(4)
            if not served.server.active_channels:
                break
        assert _is_over(line)


def test_a_reader_that_pauses_is_not_cut_and_one_that_never_reads_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _served(monkeypatch) as served, closing(_socket(served.port)) as line:
        line.sendall(HALF.replace(b"healthz", b"large") + b"\r\n\r\n")
        for _ in range(3):
            _still(served)
            served.later(80)
            assert not served.closed.is_set()
            _read(line, most=LARGE >> 2)
        _still(served)
        served.later(299)
        assert not served.closed.is_set()
        served.later(2)
        assert served.closed.wait(30), "what it came from is free"


def _asked(served: Served, path: str, version: str = "1.1", times: int = 1) -> socket.socket:
    line = _socket(served.port)
    line.sendall(f"GET {path} HTTP/{version}\r\nHost: a\r\n\r\n".encode() * times)
    return line


def _all_of(line: socket.socket) -> tuple[bytes, bytes]:
    """Head and body, until the end.  ConnectionResetError where it was cut off."""
    came = b"".join(iter(lambda: line.recv(1 << 20), b""))
    head, _, body = came.partition(b"\r\n\r\n")
    return head.lower(), body


@pytest.mark.parametrize("path", ["/large", f"/large?{LARGE}", "/whole"])
def test_who_reads_nothing_holds_no_thread_and_no_file(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    before = _files_without_a_name("self")
    with _served(monkeypatch, threads=1) as served, ExitStack() as held:
        lines = [held.enter_context(_asked(served, path)) for _ in range(3)]
        _known(served, 3)
        _still(served)
        assert _files_without_a_name("self") == before
        _read(held.enter_context(_asked(served, "/small")), until=b"127.0.0.1")
        if path != "/whole":
            waiting = [one.total_outbufs_len for one in served.server.active_channels.values()]
            assert max(waiting) < 2 * FULL
        _read(lines[0], most=LARGE)


def test_requests_of_who_reads_no_answer_wait_and_hold_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _served(monkeypatch, threads=1) as served, closing(_asked(served, "/whole", times=3)):
        _still(served)
        [line] = served.server.active_channels.values()
        with closing(_asked(served, "/small")) as other:
            _read(other, until=b"127.0.0.1")
        assert (len(line.requests), line.total_outbufs_len <= LARGE) == (2, True)


def test_requests_that_come_at_once_are_answered_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/large?{LARGE}"
    with _served(monkeypatch) as served, closing(_asked(served, path, times=3)) as line:
        _read(line, most=3 * LARGE)
        line.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
        _read(line, until=b"127.0.0.1")


def test_what_breaks_off_on_its_way_looks_whole_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _served(monkeypatch) as served:
        for version in ("1.0", "1.1"):
            with closing(_asked(served, "/large", version)) as line:
                head, body = _all_of(line)
            assert body.count(b"x") == LARGE
            assert b"content-length" not in head
            assert b"connection: close" in head
            with (
                closing(_asked(served, "/fault", version)) as line,
                pytest.raises(ConnectionResetError),
            ):
                _all_of(line)


def _idle(served: Served) -> None:
    """Until the server is done with what was asked."""
    known = served.server.active_channels
    until(lambda: not any(one.requests for one in list(known.values())), "all is answered")


def _still(served: Served) -> None:
    """Until nothing more goes out, while enough waits to go."""
    seen: list[list[int]] = []
    while len(seen) < 5 or any(one != seen[-1] for one in seen[-5:]) or min(seen[-1]) < LOW:
        seen.append([one.total_outbufs_len for one in served.server.active_channels.values()])
        time.sleep(0.02)


def test_no_body_is_laid_into_the_temp_folder(web: WebSite) -> None:
    with closing(_socket(web.port)) as line:
        line.sendall(POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 900_000)
        assert Visitor(web.url).get("/healthz").status_code == 200
        assert not _files_without_a_name(str(web._server.pid))
