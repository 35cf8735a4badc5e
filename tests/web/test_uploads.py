"""Large bodies: taken from who may send them there, refused to others before they come."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from mtdata.web.uploads.spool import OF_ONE
from tests.jobs.place import until
from tests.web.own_server import files_without_a_name, is_cut, open_line
from tests.web.programs import program, token_of
from tests.web.site import Visitor, WebSite

ADDRESS = "/test/upload/"  # of tests/web/receiving.py
MB = 1 << 20
BODY = hashlib.shake_256(b"rows").digest(10 * MB)
DIGEST = hashlib.sha256(BODY).hexdigest()


def head_of(web: WebSite, length: int | None = 10 * MB, more: str = "", who: str = "") -> bytes:
    """The header of an upload, without its body."""
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    if who:
        how += f"\r\nAuthorization: Bearer {token_of(web, who)}"
    first = f"POST {ADDRESS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\n"
    return f"{first}{how}\r\n{more}\r\n".encode()


def answered(line: socket.socket) -> str:
    """The status of the next answer."""
    return line.recv(1 << 16).decode("latin-1").partition("\r\n")[0].partition(" ")[2]


def spooled(web: WebSite) -> list[str]:
    """What lies in the folder of uploads, which never has a name."""
    assert not list((web.place.folder / "state" / "uploads").glob("*"))
    there = files_without_a_name(str(web._server.pid))
    return [one for one in there if "uploads" in one]


@pytest.fixture
def empty(web: WebSite) -> Iterator[None]:
    """Nothing lies there before, nor after."""
    web.visitor("operator").post(ADDRESS, data=b"")
    yield
    until(lambda: not spooled(web), "what was uploaded is gone")


def form(visitor: Visitor, **files: Any) -> dict[str, Any]:
    mark = visitor.mark_of("/account/")
    return {"data": {"csrfmiddlewaretoken": mark, "note": "a field"}, "files": files}


@pytest.mark.usefixtures("empty")
def test_a_file_of_a_form_comes_in_pieces_by_a_session(web: WebSite) -> None:
    visitor = web.visitor("operator")
    sent = form(visitor, other=("x", b"y" * MB), file=("C:\\teams\\a\u202eb.csv", BODY))
    answer = visitor.post(ADDRESS, **sent)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["name"], found["digest"], found["note"]) == ("ab.csv", DIGEST, "a field")
    assert found["lengths"] == [1 << 18] * 40


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("chunked", [False, True])
def test_a_bare_body_comes_in_pieces_by_a_token(web: WebSite, chunked: bool) -> None:
    pieces = (BODY[at : at + MB] for at in range(0, len(BODY), MB))
    headers = {"Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="t.csv"'}
    answer = program(web).post(ADDRESS, data=pieces if chunked else BODY, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["digest"]) == ("t.csv", DIGEST)


@pytest.mark.usefixtures("empty")
def test_small_ones_come_as_ever(web: WebSite) -> None:
    visitor = web.visitor("operator")
    found = visitor.post(ADDRESS, **form(visitor, file=("a.csv", b"a,b\r\n"))).json()
    assert (found["name"], found["lengths"]) == ("a.csv", [5])
    assert program(web).post(ADDRESS, data=b"a").json()["lengths"] == [1]
    told = visitor.post(ADDRESS, **form(visitor, another=("a.csv", b"a")))
    assert (told.status_code, "no file was sent" in told.text) == (400, True)


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("length", [10 * MB, None])
@pytest.mark.parametrize(
    ("who", "status"),
    [("", "302 Found"), ("Bearer mtd_x", "401 Unauthorized"), ("viewer", "403 Forbidden")],
)
def test_who_may_not_is_refused_by_the_header_alone(
    web: WebSite, who: str, status: str, length: int | None
) -> None:
    more = f"Authorization: {who}\r\n" if " " in who else ""
    for expects in ("", "Expect: 100-continue\r\n"):
        with closing(open_line(web.port)) as line:
            line.sendall(head_of(web, length, more + expects, who if not more else ""))
            assert answered(line) == status
            assert not spooled(web)
            line.sendall(b"x" * 1000)
            assert is_cut(line)


def test_a_session_without_the_mark_of_our_pages_is_refused(web: WebSite) -> None:
    answer = web.visitor("operator").post(ADDRESS, files={"file": ("a", BODY)})
    assert (answer.status_code, "too old or not ours" in answer.text) == (403, True)
    answer = web.visitor("viewer").post(ADDRESS, files={"file": ("a", BODY)})
    assert (answer.status_code, "needs the role operator" in answer.text) == (403, True)


@pytest.mark.usefixtures("empty")
def test_too_large_a_file_is_refused_in_words(web: WebSite) -> None:
    with closing(open_line(web.port)) as line:
        line.sendall(head_of(web, 65 * MB, who="operator"))
        came = b"".join(iter(lambda: line.recv(1 << 16), b""))
        assert came.startswith(b"HTTP/1.1 413 ")
        assert b"larger than 64 MB (UPLOAD_MAX)" in came
    chunk = b"100000\r\n" + b"x" * MB + b"\r\n"
    with closing(open_line(web.port)) as line:
        line.sendall(head_of(web, None, who="operator"))
        for _ in range(65):
            line.sendall(chunk)
        assert answered(line) == "413 Request Entity Too Large"


@pytest.mark.parametrize("path", ["/account/mail/", "/nowhere/", "/static/web/x", "/api/v1/jobs"])
def test_other_addresses_keep_their_limit(web: WebSite, path: str) -> None:
    for asking in (web.visitor("operator"), program(web)):
        assert asking.post(path, data=BODY).status_code == 413
    assert program(web).put(ADDRESS, data=BODY).status_code == 413


@pytest.mark.usefixtures("empty")
def test_a_form_field_of_any_size_does_not_come_into_memory(web: WebSite) -> None:
    asking = program(web)
    fields = asking.post(ADDRESS, files={"note": (None, BODY), "file": ("a", b"a")})
    assert fields.status_code == 413
    assert asking.post(ADDRESS, data={"note": "x" * 2 * MB}).status_code == 413


@pytest.mark.usefixtures("empty")
def test_it_is_asked_to_continue_only_then_and_nobody_has_many_at_once(web: WebSite) -> None:
    with ExitStack() as held:
        lines = [held.enter_context(open_line(web.port)) for _ in range(OF_ONE + 1)]
        for line in lines[:OF_ONE]:
            line.sendall(head_of(web, more="Expect: 100-continue\r\n", who="operator"))
            assert answered(line) == "100 Continue"
            line.sendall(BODY[:MB])
        assert len(spooled(web)) == OF_ONE
        lines[-1].sendall(head_of(web, who="operator"))
        assert answered(lines[-1]) == "429 Too Many Requests"
        assert Visitor(web.url).get("/healthz").text == "ok\n"
        other = program(web, "admin").post(ADDRESS, data=BODY)
        assert other.json()["digest"] == DIGEST
        lines[0].sendall(BODY[MB:])
        assert answered(lines[0]) == "200 OK"
        until(lambda: len(spooled(web)) == OF_ONE - 1, "the place of it is free")


OPERATION = """
import json, sys
from pathlib import Path
from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.setting import prepare_web
prepare_web(load(Path(sys.argv[1]), {}), KINDS)
from django.urls import resolve
from mtdata.web.access.roles import Role
from mtdata.web.api import document, operations, shapes
from mtdata.web.api.operation import Operation
from mtdata.web.body_limits import upload_body
def add_rows(request):
    "Add rows."
one = Operation("POST", "/rows", Role.OPERATOR, add_rows, shapes.Ordered, body=upload_body)
operations.JOBS = (*operations.JOBS, one)
ways = resolve("/api/v1/rows").func.route, resolve("/api/v1/jobs").func.route
told = json.loads(document.openapi(None).content)["paths"]["/api/v1/rows"]["post"]
print(json.dumps([[way.takes_uploads for way in ways], told]))
"""


def test_an_operation_that_takes_a_file_says_so(web: WebSite) -> None:
    words = [sys.executable, "-P", "-c", OPERATION, str(web.config)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    takes, told = json.loads(done.stdout)
    assert takes == [True, False]
    assert told["requestBody"]["content"] == {
        "text/csv": {"schema": {"type": "string", "format": "binary"}}
    }
    assert {"413", "429", "503"} <= set(told["responses"])


@pytest.mark.usefixtures("empty")
def test_a_header_and_its_body_that_come_together_are_one_request(web: WebSite) -> None:
    small = head_of(web, 2, who="operator") + b"ab"
    with closing(open_line(web.port)) as line:
        line.sendall(small + head_of(web, who="operator") + BODY + small)
        came = b""
        while came.count(b"HTTP/1.1 200 OK") < 3:
            piece = line.recv(1 << 16)
            assert piece, came
            came += piece
        assert came.count(DIGEST.encode()) == 1
    smuggled = head_of(web, None, "Content-Length: 1\r\n", who="operator")
    with closing(open_line(web.port)) as line:
        line.sendall(smuggled + b"2\r\nab\r\n0\r\n\r\n")
        came = b""
        while b'"lengths": [2]' not in came:
            piece = line.recv(1 << 16)
            assert piece, came
            came += piece
