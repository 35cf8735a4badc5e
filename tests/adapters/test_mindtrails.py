"""MindTrailsSite over real sockets against the stand-in and against rawer servers; no pipeline."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.errors import ConfigError, PackageError, SiteError, SiteRefused, SiteSlow
from mtdata.demo.study.site import Request, StudySite
from mtdata.study.collectors import KINDS, open_site
from mtdata.study.collectors.http import SiteAccess, SiteMoved
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.model.receipt import Outcome
from tests.adapters import saying, text, told_by
from tests.adapters.certificates import self_signed
from tests.contracts.site_contract import MANY, SiteContract, World, fetched
from tests.fakes import MemorySite

DONE, ABSENT, FAILED, REFUSED = Outcome
USER, PASSWORD, ANSWER = "jörg:x y", "p:ä ss€ wörd", "an answer that nobody may see"
SHORT_S = 0.3


def access(server: str, **changed: Any) -> SiteAccess:
    # To connect may take longer than any test: were the two limits mixed up, it would show.
    known: dict[str, Any] = {"timeout_s": 10.0, "connect_timeout_s": 900.0, "delete_connections": 4}
    known |= {"max_response_bytes": 2_000_000, "user": USER, "password": PASSWORD}
    return SiteAccess(server=server, **(known | changed))


@contextmanager
def opened(server: str, *pauses: list[float], **changed: Any) -> Iterator[MindTrailsSite]:
    """A client that notes its pauses in the list, if one is given, and makes none."""
    site = MindTrailsSite(access(server, **changed), (*pauses, [])[0].append)
    yield site
    site.close()


@pytest.fixture
def study() -> Iterator[StudySite]:
    with StudySite(user=USER, password=PASSWORD) as site:
        site.put("QOL", [*MANY, {"id": 1000, "note": ANSWER}])
        yield site


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

    def tell_schedule(self, body: bytes | None) -> None:
        self.study.schedule = body

    def refuse_deletes(self) -> None:
        self.study.fault("import_mode")

    def fail_deletes(self, times: int | None) -> None:
        self.study.fault("status", code=500, method="DELETE", times=times)


BAD = [
    # fault, detail; then what the listing, a package and a delete end as
    ("status", {"code": 500}, SiteError, PackageError, FAILED),
    ("status", {"code": 503}, SiteError, SiteError, FAILED),
    ("hang", {}, SiteSlow, PackageError, FAILED),
    ("drop", {}, SiteError, SiteError, FAILED),
    ("truncated", {"keep": 5}, SiteError, PackageError, FAILED),
    ("truncated", {"keep": 5, "chunked": True}, SiteError, PackageError, FAILED),
    ("html", {}, SiteRefused, PackageError, REFUSED),
    ("login_page", {}, SiteRefused, SiteRefused, REFUSED),
    ("unauthorized", {}, SiteRefused, SiteRefused, REFUSED),
    ("status", {"code": 403}, SiteRefused, SiteRefused, REFUSED),
    ("status", {"code": 404}, SiteError, PackageError, FAILED),
    ("status", {"code": 418}, SiteError, PackageError, FAILED),
    ("redirect", {}, SiteMoved, SiteMoved, REFUSED),
    ("redirect", {"location": "http://[", "code": 307}, SiteMoved, SiteMoved, REFUSED),
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


def test_a_package_that_drips_is_given_up(study: StudySite) -> None:
    study.fault("drip", pause_s=0.02, scale="QOL")
    with opened(study.url, timeout_s=SHORT_S) as site:
        with pytest.raises(PackageError, match="too slowly"):
            fetched(site, "QOL")
        assert site.listing()


@pytest.mark.parametrize("pause_s", [0.02, 2 * SHORT_S], ids=["body", "head"])
def test_a_package_that_is_too_slow_ends_its_scale_and_three_in_a_row_the_site(
    study: StudySite, pause_s: float
) -> None:
    study.fault("drip", pause_s=pause_s, scale="QOL")
    with opened(study.url, timeout_s=SHORT_S) as site:
        for kind in (PackageError, PackageError, SiteSlow):
            assert "kept us waiting beyond TIMEOUT" in told_by(partial(fetched, site, "QOL"), kind)
        study.heal()
        fetched(site, "QOL")
        study.fault("drip", pause_s=pause_s, scale="QOL")
        told_by(partial(fetched, site, "QOL"), PackageError)


def test_a_head_that_drips_is_given_up() -> None:
    def drip(talk: socket.socket) -> None:
        talk.sendall(b"HTTP/1.1 200 OK\r\n")
        while not threading.Event().wait(0.05):
            talk.sendall(b"X-More: to come\r\n")

    with saying(drip) as url, opened(url, timeout_s=SHORT_S) as site:
        (answer,) = site.delete("QOL", [1])
    assert answer.outcome is FAILED
    assert "TIMEOUT" in answer.reason


CUT = [b'[{"id":1},{"id":2}', b'[{"id":1},', b"[", gzip.compress(b"[" + b"1," * 999 + b"1]")[:20]]


@pytest.mark.parametrize("body", CUT, ids=len)
def test_a_body_without_a_length_that_breaks_off_is_noticed(body: bytes) -> None:
    packed = "\r\nContent-Encoding: gzip" if body[:1] == b"\x1f" else ""
    with saying(text("200 OK" + packed, body)) as url, opened(url) as site:
        told = told_by(lambda: fetched(site, "QOL"), PackageError)
    assert "QOL" in told


def test_bytes_are_passed_on_with_mark_and_blanks_and_unpacked(study: StudySite) -> None:
    sent = b'\xef\xbb\xbf \r\n[{"id":1}]\n'
    with saying(text("200 OK", sent)) as url, opened(url) as site:
        assert fetched(site, "QOL") == sent
    study.fault("gzip")
    with opened(study.url) as site:
        assert len(json.loads(fetched(site, "QOL"))) == 301


def test_odd_lines_of_the_listing_are_passed_on_for_others_to_judge(study: StudySite) -> None:
    lines = [{"name": 5}, {}, {"name": "../x", "size": "many"}, {"name": "A", "deleteable": None}]
    study.fault("listing", body=lines)
    with opened(study.url) as site:
        assert site.listing() == lines


@pytest.mark.parametrize("body", [["QOL"], {"name": "QOL"}, [[]], None, b"[" + b"9" * 5000 + b"]"])
def test_a_listing_that_is_none_is_a_fault_of_the_site(study: StudySite, body: object) -> None:
    study.fault("listing", body=body)
    with opened(study.url) as site, pytest.raises(SiteError, match="no JSON array of objects"):
        site.listing()


def test_a_site_that_is_busy_is_asked_three_times_and_one_that_fails_once(study: StudySite) -> None:
    pauses: list[float] = []
    with opened(study.url, pauses) as site:
        study.fault("status", code=503, times=2)
        assert site.listing()
        assert len(pauses) == 2
        study.fault("status", code=500, times=1)
        assert "500" in told_by(site.listing, SiteError)
    assert [request.status for request in study.requests] == [503, 503, 200, 500]


@pytest.mark.parametrize(("told", "least", "tries"), [("7", 7, 2), ("3600", 0, 0), ("soon", 0, 2)])
def test_the_site_says_when_to_come_back(told: str, least: int, tries: int) -> None:
    pauses: list[float] = []
    busy = text(f"503 Busy\r\nRetry-After: {told}")
    with saying(busy, busy, busy) as url, opened(url, pauses) as site:
        told_by(site.listing, SiteError)
    assert len(pauses) == tries
    assert all(least <= pause < 31 for pause in pauses)


def test_redirects_are_followed_within_the_site_only(study: StudySite) -> None:
    with StudySite(user=USER, password=PASSWORD) as other, opened(study.url) as site:
        study.fault("redirect", location=f"{other.url}/export", times=3)
        assert other.base_url in told_by(site.listing, SiteMoved)
        assert other.base_url in told_by(lambda: fetched(site, "QOL"), SiteMoved)
        assert next(site.delete("QOL", [1])).outcome is REFUSED
        assert other.connections == 0
    with opened(study.url) as site:
        study.put("New", [{"id": 1}])
        study.fault("redirect", location="/api/export/New", scale="QOL")
        assert fetched(site, "QOL") == b'[{"id":1}]'
        study.fault("redirect", location="/api/export/QOL")
        assert "more than 3 times" in told_by(site.listing, SiteError)


def test_one_log_in_and_few_connections_serve_many_deletes(study: StudySite) -> None:
    with opened(study.url) as site:
        site.listing()
        assert {answer.outcome for answer in site.delete("QOL", range(300))} == {DONE}
        assert (study.logins, study.connections <= 4 + 300 // 100) == (1, True)
        study.forget_sessions()
        study.put("QOL", MANY)
        assert {answer.outcome for answer in site.delete("QOL", range(300))} == {DONE}
        assert study.logins <= 1 + 4
    with opened(study.url) as site:  # deletes first, no listing: the first one logs in for all
        before = study.logins
        list(site.delete("QOL", range(100)))
        assert study.logins == before + 1


def test_a_connection_that_the_site_quietly_closed_is_replaced(study: StudySite) -> None:
    pauses: list[float] = []
    with opened(study.url, pauses) as site:
        site.listing()
        study.fault("drop", times=1)
        assert site.listing()
        study.fault("drop", times=1)
        assert next(site.delete("QOL", [1])).outcome is DONE
    assert pauses == []


def test_neither_netrc_nor_a_proxy_of_the_environment_is_asked(
    study: StudySite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with opened(study.url) as site:
        assert site.listing()
        assert next(site.delete("QOL", [1])).outcome is DONE
        study.stop()
        assert "could not connect to http://127" in told_by(site.listing, SiteError)
        assert "could not connect to http://127" in next(site.delete("QOL", [1])).reason


def test_a_certificate_is_verified_for_reading_and_for_deleting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = self_signed(tmp_path)
    with StudySite(user=USER, password=PASSWORD, tls=tls) as study:
        study.put("QOL", MANY)
        with opened(study.url) as site:
            assert "certificate" in told_by(site.listing, SiteError)
            assert "is not trusted" in next(site.delete("QOL", [1])).reason
        assert study.requests == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls[0]))
        with opened(study.url) as site:
            assert {answer.outcome for answer in site.delete("QOL", range(250))} == {DONE}
            assert len(json.loads(fetched(site, "QOL"))) == 50
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere"))
        with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE"):
            MindTrailsSite(access(study.url))


def test_a_kind_of_site_is_one_line_and_what_cannot_be_a_site_is_a_fault_of_the_config() -> None:
    assert type(open_site("mindtrails", access("http://127.0.0.1:1"))) is KINDS["mindtrails"]
    with pytest.raises(ConfigError, match="there are: mindtrails"):
        open_site("qualtrics", access("http://127.0.0.1:1"))
    for server in ("ftp://host/api", "host/api", f"http://u:{PASSWORD}@host", "http://"):
        with pytest.raises(ConfigError) as caught:
            MindTrailsSite(access(server))
        assert PASSWORD not in str(caught.value) + repr(access(server))


def test_the_session_that_a_question_brought_is_that_of_the_next(study: StudySite) -> None:
    with opened(study.url) as site:
        site.listing()
        assert site._wire.has_session
        site.listing()
    with opened(study.url) as site:
        site.listing()
        fetched(site, "QOL")
    assert study.logins == 2
