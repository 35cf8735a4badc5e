"""Connections that are opened and left so: nobody else waits for them, and none stays for ever."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mtdata.web.downloads.pouring import FULL, LOW
from mtdata.web.serve import MOST_HEADERS
from tests.web.own_server import (
    LARGE,
    Served,
    files_without_a_name,
    is_cut,
    open_line,
    own_server,
    wait_idle,
    wait_known,
)
from tests.web.site import PASSWORD, Visitor, WebSite

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
POST = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def _read(line: socket.socket, until: bytes = b"nowhere", most: int = 1 << 62) -> None:
    came, count = b"", 0
    while until not in came and count < most:
        piece = line.recv(1 << 20)
        assert piece
        came, count = (came + piece)[-1000:], count + len(piece)


def test_half_open_connections_keep_nobody_out(web: WebSite) -> None:
    visitor = web.visitor("viewer")
    with ExitStack() as held:
        lines = [held.enter_context(open_line(web.port)) for _ in range(150)]
        for line in lines[:100]:
            line.sendall(HALF)
        for line in lines[100:110]:
            line.sendall(POST + b"Content-Length: 1000000\r\n\r\nusername=")
        for _ in range(3):
            lines[105].sendall(b"x")
            assert Visitor(web.url).get("/healthz", timeout=10).text == "ok\n"
            assert visitor.get("/account/", timeout=10).status_code == 200
        assert is_cut(lines[0]), "the oldest gave way"


@pytest.mark.parametrize("how", ["a length", "pieces"])
def test_a_body_that_is_too_large_is_refused_before_it_has_come(web: WebSite, how: str) -> None:
    with closing(open_line(web.port)) as line:
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
    with closing(open_line(web.port)) as line:
        line.sendall(HALF + b"x" * MOST_HEADERS)
        assert line.recv(1 << 16).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET\r\n\r\n",
        b"PO\0ST / HTTP/1.1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://a]/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nCookie: a=\1\r\n\r\n",
        b"GET / HTTP/1.1\r\n: a\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_so(web: WebSite, sent: bytes) -> None:
    with closing(open_line(web.port)) as line:
        line.sendall(sent)
        assert line.recv(1 << 16).split(b" ")[1:3] == [b"400", b"Bad"]


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


def test_an_unfinished_request_ends_however_slowly_it_drips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server(monkeypatch) as served, ExitStack() as held:
        expects = POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        beginnings = (b"", b"\r\n", HALF, expects, POST + b"Content-Length: 9\r\n\r\nx",
                      POST + b"Transfer-Encoding: chunked\r\n\r\n9\r\nx")  # fmt: skip
        lines = [held.enter_context(open_line(served.port)) for _ in beginnings]
        wait_known(served, len(lines))
        for line, beginning in zip(lines, beginnings, strict=True):
            line.sendall(beginning)
        served.later(8)
        for line in lines[1:]:
            line.sendall(b"\r\n" if line is lines[1] else b"x")
        served.later(8)
        assert [is_cut(line) for line in lines] == [True] * len(lines)
        assert not served.bodies


def test_a_connection_between_two_requests_stays_for_a_while_and_not_by_blank_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server(monkeypatch) as served, closing(open_line(served.port)) as line:
        for _ in range(2):
            line.sendall(HALF + b"\r\n\r\n")
            _read(line, until=b"127.0.0.1")
            wait_idle(served)
            served.later(0)
            served.later(29)
        for _ in range(4):
            line.sendall(b"\r\n\r\n")
            served.later(4)
            if not served.server.active_channels:
                break
        assert is_cut(line)


def test_a_reader_that_pauses_is_not_cut_and_one_that_never_reads_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server(monkeypatch) as served, closing(open_line(served.port)) as line:
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
    line = open_line(served.port)
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
    before = files_without_a_name("self")
    with own_server(monkeypatch, threads=1) as served, ExitStack() as held:
        lines = [held.enter_context(_asked(served, path)) for _ in range(3)]
        wait_known(served, 3)
        _still(served)
        assert files_without_a_name("self") == before
        _read(held.enter_context(_asked(served, "/small")), until=b"127.0.0.1")
        if path != "/whole":
            waiting = [one.total_outbufs_len for one in served.server.active_channels.values()]
            assert max(waiting) < 2 * FULL
        _read(lines[0], most=LARGE)


def test_requests_of_who_reads_no_answer_wait_and_hold_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server(monkeypatch, threads=1) as served, closing(_asked(served, "/whole", times=3)):
        _still(served)
        [line] = served.server.active_channels.values()
        with closing(_asked(served, "/small")) as other:
            _read(other, until=b"127.0.0.1")
        assert (len(line.requests), line.total_outbufs_len <= LARGE) == (2, True)


def test_requests_that_come_at_once_are_answered_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/large?{LARGE}"
    with own_server(monkeypatch) as served, closing(_asked(served, path, times=3)) as line:
        _read(line, most=3 * LARGE)
        line.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
        _read(line, until=b"127.0.0.1")


def test_what_breaks_off_on_its_way_looks_whole_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with own_server(monkeypatch) as served:
        for version in ("1.0", "1.1"):
            with closing(_asked(served, "/large", version)) as line:
                head, body = _all_of(line)
            assert body.count(b"x") == LARGE
            assert b"content-length" not in head
            assert b"connection: close" in head
            for path in ("/fault", "/odd"):
                with (
                    closing(_asked(served, path, version)) as line,
                    pytest.raises(ConnectionResetError),
                ):
                    _all_of(line)


def _still(served: Served) -> None:
    """Until nothing more goes out, while enough waits to go."""
    seen: list[list[int]] = []
    while len(seen) < 5 or any(one != seen[-1] for one in seen[-5:]) or min(seen[-1]) < LOW:
        seen.append([one.total_outbufs_len for one in served.server.active_channels.values()])
        time.sleep(0.02)


def test_no_body_is_laid_into_the_temp_folder(web: WebSite) -> None:
    with closing(open_line(web.port)) as line:
        line.sendall(POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 900_000)
        assert Visitor(web.url).get("/healthz").status_code == 200
        assert not files_without_a_name(str(web._server.pid))
