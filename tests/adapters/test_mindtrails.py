"""MindTrailsSite over real sockets against the stand-in and against rawer servers; no pipeline."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mtdata.collectors import KINDS, http, open_site
from mtdata.collectors.http import SiteAccess
from mtdata.collectors.mindtrails import MindTrailsSite
from mtdata.demo.study_site import Request, StudySite
from mtdata.domain.receipt import Outcome
from mtdata.errors import ConfigError, MTDataError, PackageError, SiteError, SiteRefused
from tests.contracts.site_contract import MANY, ROWS, SiteContract, World, fetched
from tests.fakes import MemorySite

DONE, ABSENT, FAILED, REFUSED = Outcome
USER, PASSWORD, ANSWER = "jörg:x y", "p:ä ss€ wörd", "an answer that nobody may see"
SHORT_S = 0.3


def access(server: str, **changed: Any) -> SiteAccess:
    known: dict[str, Any] = {"timeout_s": 10.0, "connect_timeout_s": 5.0, "delete_connections": 4}
    known |= {"max_response_bytes": 2_000_000, "user": USER, "password": PASSWORD}
    return SiteAccess(server=server, **(known | changed))


@contextmanager
def opened(server: str, pauses: list[float] | None = None, **changed: Any) -> Iterator[MindTrailsSite]:
    waited = [] if pauses is None else pauses
    site = MindTrailsSite(access(server, **changed), waited.append)
    yield site
    site.close()


@pytest.fixture
def study() -> Iterator[StudySite]:
    with StudySite(user=USER, password=PASSWORD) as site:
        site.put("QOL", [*MANY, {"id": 1000, "note": ANSWER}])
        yield site


@contextmanager
def saying(*speeches: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that hears one request a connection and speaks its own mind; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for speech in speeches:
                talk, _ = listener.accept()
                with talk:
                    talk.recv(65536)
                    try:
                        speech(talk)
                    except OSError:
                        continue  # the client left, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"


def text(head: str, body: bytes = b"", kind: str = "application/json") -> Callable[..., object]:
    lead = f"HTTP/1.1 {head}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()
    return lambda talk: talk.sendall(lead + body)


class TestMemorySite(SiteContract):
    """The fake, a world of its own."""

    @pytest.fixture
    def world(self) -> World:
        return MemorySite()


class TestMindTrailsSite(SiteContract):
    """The real one."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with StudySite(user=USER, password=PASSWORD) as study, opened(study.url) as site:
            yield StudyWorld(study, site)


class StudyWorld:
    def __init__(self, study: StudySite, site: MindTrailsSite) -> None:
        self.study, self.site = study, site
        self.put, self.ids = study.put, study.ids

    @property
    def asked(self) -> list[Request]:
        return [request for request in self.study.requests if request.method == "DELETE"]

    def go_down(self) -> None:
        self.study.stop()

    def refuse_account(self) -> None:
        self.study.fault("unauthorized")

    def break_package(self, scale: str) -> None:
        self.study.fault("truncated", scale=scale)

    def refuse_deletes(self) -> None:
        self.study.fault("import_mode")

    def fail_deletes(self, times: int | None) -> None:
        self.study.fault("status", code=500, method="DELETE", times=times)


BAD = [
    # fault, detail; then what the listing, a package and a delete end as
    ("status", {"code": 500}, SiteError, PackageError, FAILED),
    ("status", {"code": 503}, SiteError, SiteError, FAILED),
    ("hang", {}, SiteError, SiteError, FAILED),
    ("drop", {}, SiteError, SiteError, FAILED),
    ("truncated", {"keep": 5}, SiteError, PackageError, FAILED),
    ("truncated", {"keep": 5, "chunked": True}, SiteError, PackageError, FAILED),
    ("html", {}, SiteRefused, PackageError, REFUSED),
    ("login_page", {}, SiteRefused, SiteRefused, REFUSED),
    ("unauthorized", {}, SiteRefused, SiteRefused, REFUSED),
    ("status", {"code": 403}, SiteRefused, SiteRefused, REFUSED),
    ("status", {"code": 404}, SiteError, PackageError, FAILED),
    ("status", {"code": 418}, SiteError, PackageError, FAILED),
    ("redirect", {}, SiteRefused, SiteRefused, REFUSED),
    ("redirect", {"location": "http://[", "code": 307}, SiteRefused, SiteRefused, REFUSED),
    ("garbled", {"bytes": b'{"id": 1}'}, SiteError, PackageError, DONE),
    ("garbled", {"bytes": b"[1"}, SiteError, PackageError, DONE),
    ("garbled", {"bytes": b" \n <p>hello"}, SiteRefused, PackageError, REFUSED),
    ("garbled", {"bytes": b"[" * 100_000 + b"]"}, SiteError, None, DONE),
    ("garbled", {"bytes": b""}, SiteError, PackageError, DONE),
    ("endless", {}, SiteError, PackageError, DONE),
    ("gzip", {"size_mb": 20}, SiteError, PackageError, FAILED),
]


@pytest.mark.parametrize(("kind", "detail", "listing", "package", "delete"), BAD)
def test_each_fault_ends_as_the_table_says_and_tells_no_secret(
    study: StudySite, kind: str, detail: dict[str, Any], listing: Any, package: Any, delete: Outcome
) -> None:
    study.fault(kind, **detail)
    with opened(study.url, timeout_s=SHORT_S) as site:
        tellings = [told_by(site.listing, listing)]
        tellings.append(told_by(lambda: fetched(site, "QOL"), package))
        (answer,) = site.delete("QOL", [2_000_000])
        assert answer.outcome is delete
        study.heal()
        assert site.listing(), "the client is none the worse"
        assert ANSWER.encode() in fetched(site, "QOL")
    secrets = [PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(), ANSWER]
    for telling in [*tellings, answer.reason]:
        assert not any(secret in telling for secret in secrets)


def told_by(ask: Callable[[], object], kind: type[MTDataError] | None) -> str:
    if kind is None:
        ask()
        return ""
    with pytest.raises(kind) as caught:
        ask()
    error = caught.value
    assert type(error) is kind
    return "".join([str(error), repr(error), *traceback.format_exception(error)])


def test_a_site_that_is_down_is_told_in_words(study: StudySite) -> None:
    study.stop()
    with opened(study.url) as site:
        with pytest.raises(SiteError, match=r"could not connect to http://127.*refused"):
            site.listing()
        (answer,) = site.delete("QOL", [1])
    assert answer.outcome is FAILED
    assert "could not connect" in answer.reason


def test_a_package_that_drips_is_given_up(study: StudySite) -> None:
    study.fault("drip", pause_s=0.02, scale="QOL")
    with opened(study.url, timeout_s=SHORT_S) as site:
        with pytest.raises(PackageError, match="too slowly"):
            fetched(site, "QOL")
        assert site.listing()


def test_a_head_that_drips_is_given_up() -> None:
    def drip(talk: socket.socket) -> None:
        talk.sendall(b"HTTP/1.1 200 OK\r\n")
        while not threading.Event().wait(0.05):
            talk.sendall(b"X-More: to come\r\n")

    with saying(drip) as url, opened(url, timeout_s=SHORT_S) as site:
        (answer,) = site.delete("QOL", [1])
    assert answer.outcome is FAILED
    assert "TIMEOUT" in answer.reason


@pytest.mark.parametrize(
    "body",
    [b'[{"id":1},{"id":2}', b'[{"id":1},', b"[", gzip.compress(b"[" + b"1," * 999 + b"1]")[:-9]],
)
def test_a_body_without_a_length_that_breaks_off_is_noticed(body: bytes) -> None:
    packed = "\r\nContent-Encoding: gzip" if body[:1] == b"\x1f" else ""
    with saying(text("200 OK" + packed, body)) as url, opened(url) as site:
        with pytest.raises(PackageError, match="QOL"):
            fetched(site, "QOL")


def test_bytes_are_passed_on_with_mark_and_blanks_and_unpacked(study: StudySite) -> None:
    sent = b'\xef\xbb\xbf \r\n[{"id":1}]\n'
    with saying(text("200 OK", sent)) as url, opened(url) as site:
        assert fetched(site, "QOL") == sent
    study.fault("gzip")
    with opened(study.url) as site:
        assert len(json.loads(fetched(site, "QOL"))) == 301


@pytest.mark.parametrize(
    "line", [{"name": 5}, {}, {"name": "../x", "size": "many"}, {"name": "A", "deleteable": None}]
)
def test_odd_lines_of_the_listing_are_passed_on_for_others_to_judge(
    study: StudySite, line: dict[str, Any]
) -> None:
    study.fault("listing", body=[line])
    with opened(study.url) as site:
        assert site.listing() == [line]


@pytest.mark.parametrize("body", [["QOL"], {"name": "QOL"}, [[]], None, b"[" + b"9" * 5000 + b"]"])
def test_a_listing_that_is_none_is_a_fault_of_the_site(study: StudySite, body: object) -> None:
    study.fault("listing", body=body)
    with opened(study.url) as site, pytest.raises(SiteError, match="no JSON array of objects"):
        site.listing()
