"""The stand-in's wire, fact by fact, over real sockets; faults are tested next door."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from mtdata.demo.study.data import schedule
from mtdata.demo.study.site import Request, StudySite
from tests.adapters.certificates import self_signed

TIMEOUT = 20
ACCOUNT = (b"admin@example.org", "p:ss wörd".encode())


def row(id: int, **more: Any) -> dict[str, Any]:
    return {"id": id, "date": "Mon, 12 Mar 2018 15:45:05 -0500", "note": 'a "b",\nc 🙂', **more}


@pytest.fixture
def site() -> Iterator[StudySite]:
    with StudySite() as started:
        yield started


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ACCOUNT
        yield session


def get(web: requests.Session, site: StudySite, path: str) -> requests.Response:
    return web.get(site.url + path, timeout=TIMEOUT)


def delete(web: requests.Session, site: StudySite, path: str) -> requests.Response:
    return web.delete(site.url + path, timeout=TIMEOUT)


@pytest.mark.parametrize("path", ["/export", "/export/"])
def test_the_listing_tells_name_size_and_whether_a_scale_may_go(
    site: StudySite, web: requests.Session, path: str
) -> None:
    site.put("QOL", [row(1), row(2)])
    site.offer("TaskLog", deleteable=False)
    answer = get(web, site, path)
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.json() == [
        {"name": "QOL", "size": 2, "deleteable": True},
        {"name": "TaskLog", "size": 0, "deleteable": False},
    ]


def test_a_package_is_compact_json_and_its_name_matches_in_any_case(
    site: StudySite, web: requests.Session
) -> None:
    site.put("DASS21_AS", [row(7), row(3)])
    answer = get(web, site, "/export/dass21_as")
    assert answer.content == b"[" + b",".join(site.rows("DASS21_AS")) + b"]"
    assert b'},{"id":3,' in answer.content
    assert answer.json() == [row(7), row(3)]
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_a_large_package_comes_in_chunks(site: StudySite, web: requests.Session) -> None:
    site.put("QOL", (row(number) for number in range(2000)))
    answer = get(web, site, "/export/QOL")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert [entry["id"] for entry in answer.json()] == list(range(2000))


def test_an_empty_scale_is_an_empty_array(site: StudySite, web: requests.Session) -> None:
    site.offer("QOL")
    assert get(web, site, "/export/QOL").content == b"[]"


def test_planted_bytes_are_sent_as_they_are(site: StudySite, web: requests.Session) -> None:
    site.put("QOL", [b'{"id": 1, "x": NaN', b'{ "id" : "2" }', row(3)])
    assert get(web, site, "/export/QOL").content.startswith(b'[{"id": 1, "x": NaN,{ "id" : "2" },')
    assert site.ids("QOL") == [2, 3]


def test_an_unknown_scale_is_404_in_the_words_of_spring(
    site: StudySite, web: requests.Session
) -> None:
    answer = get(web, site, "/export/Nothing")
    told = answer.json()
    assert answer.status_code == told["status"] == 404
    assert type(told.pop("timestamp")) is int
    assert told == {
        "status": 404,
        "error": "Not Found",
        "message": "We have no questionnaire by that name.",
        "path": "/api/export/Nothing",
    }


def test_after_keeps_what_is_dated_strictly_later_in_the_sites_own_zone(
    site: StudySite, web: requests.Session
) -> None:
    dates = ("Mon, 12 Mar 2018 15:45:05 -0500", "Mon, 12 Mar 2018 20:45:06 +0000")
    site.put("QOL", [row(number, date=date) for number, date in enumerate(dates, 1)])
    site.put("QOL", [{"id": 3, "dateSubmitted": 1520887505000}])
    answer = get(web, site, "/export/QOL?after=2018-03-12-15-45-05")
    assert [entry["id"] for entry in answer.json()] == [2, 3]


def test_parameters_that_it_does_not_know_are_ignored(
    site: StudySite, web: requests.Session
) -> None:
    site.put("QOL", [row(1), row(2)])
    assert len(get(web, site, "/export/QOL?greaterThan=1").json()) == 2
    assert site.requests == [Request("GET", "/api/export/QOL", "greaterThan=1", 200)]


def test_a_row_that_is_deleted_is_gone_from_the_next_listing(
    site: StudySite, web: requests.Session
) -> None:
    site.put("QOL", [row(1), row(2)])
    answer = delete(web, site, "/export/qol/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert get(web, site, "/export").json()[0]["size"] == 1
    assert get(web, site, "/export/QOL").json() == [row(2)]
    assert site.deletes == [("QOL", 1)]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("QOL/9", 404, "Item with that ID does not exist."),
        ("Nothing/1", 404, "We have no questionnaire by that name."),
        ("TaskLog/1", 403, "This data must remain on the server, and cannot be removed."),
    ],
)
def test_a_delete_that_is_refused_takes_nothing_away(
    site: StudySite, web: requests.Session, path: str, status: int, message: str
) -> None:
    site.put("QOL", [row(1)])
    site.put("TaskLog", [row(1)], deleteable=False)
    answer = delete(web, site, f"/export/{path}")
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert site.ids("QOL") == site.ids("TaskLog") == [1]
    assert site.deletes == []


def test_the_schedule_is_on_the_site(site: StudySite, web: requests.Session) -> None:
    assert get(web, site, "/study").json() == schedule()


def test_a_password_may_hold_any_character(web: requests.Session) -> None:
    with StudySite(user="jo ümlaut", password=": 密码 🙂:") as site:
        web.auth = ("jo ümlaut".encode(), ": 密码 🙂:".encode())
        assert get(web, site, "/export").json() == []


@pytest.mark.parametrize("auth", [None, (b"admin@example.org", b"wrong")])
def test_nobody_gets_in_without_the_password(
    site: StudySite, web: requests.Session, auth: tuple[bytes, bytes] | None
) -> None:
    web.auth = auth
    answer = get(web, site, "/export")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert "Set-Cookie" not in answer.headers
    assert site.last_export_at is None


def test_the_session_cookie_spares_the_site_the_password_check(
    site: StudySite, web: requests.Session
) -> None:
    get(web, site, "/export")
    web.auth = None
    assert get(web, site, "/export").status_code == 200
    assert (site.logins, site.connections) == (1, 1)
    site.forget_sessions()
    assert get(web, site, "/export").status_code == 401
    assert site.logins == 2


def test_a_connection_is_closed_after_so_many_requests(web: requests.Session) -> None:
    with StudySite(keep_alive_requests=3) as site:
        answers = [get(web, site, "/export") for _ in range(7)]
    assert [a.headers.get("Connection") for a in answers] == [None, None, "close"] * 2 + [None]
    assert site.connections == 3


def test_the_listing_alone_resets_the_export_clock(site: StudySite, web: requests.Session) -> None:
    site.put("QOL", [row(1)])
    get(web, site, "/export/QOL")
    delete(web, site, "/export/QOL/1")
    get(web, site, "/study")
    assert site.last_export_at is None
    get(web, site, "/export/")
    assert site.last_export_at is not None


def test_too_many_rows_that_should_have_been_collected_lock_participants_out(
    site: StudySite, web: requests.Session
) -> None:
    site.max_records = 1
    site.put("TaskLog", [row(1), row(2)], deleteable=False)
    site.put("QOL", [row(3)])
    assert not site.locked_out
    site.put("BBSIQ", [row(4)])
    assert site.locked_out
    delete(web, site, "/export/BBSIQ/4")
    assert not site.locked_out


def test_rows_can_vanish_change_and_begin_anew_without_a_delete(site: StudySite) -> None:
    site.put("QOL", [row(1), row(2), row(3)])
    site.take("QOL", 1)
    site.replace("QOL", 2, row(2, note="other"))
    assert site.ids("QOL") == [2, 3]
    assert b'"note":"other"' in site.rows("QOL")[0]
    site.clear("QOL")
    site.put("QOL", [row(1)])
    assert (site.ids("QOL"), site.deletes) == ([1], [])
    with pytest.raises(KeyError):
        site.take("QOL", 99)


def test_other_methods_and_paths_are_refused(site: StudySite, web: requests.Session) -> None:
    assert web.post(site.url + "/export", json={}, timeout=TIMEOUT).status_code == 405
    assert get(web, site, "/elsewhere").status_code == 404
    assert delete(web, site, "/export/QOL").status_code == 404
    assert web.get(site.base_url + "/", timeout=TIMEOUT).status_code == 404


def test_many_clients_may_delete_at_once(site: StudySite, web: requests.Session) -> None:
    site.put("QOL", (row(number) for number in range(200)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: delete(web, site, f"/export/QOL/{n}"), range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(id for _, id in site.deletes) == list(range(200))
    assert site.rows("QOL") == []


def test_after_a_stop_it_comes_back_on_the_same_port_with_its_rows(
    site: StudySite, web: requests.Session
) -> None:
    site.put("QOL", [row(1)])
    url = site.url
    get(web, site, "/export")
    site.stop()
    with pytest.raises(requests.ConnectionError):
        get(web, site, "/export")
    site.start()
    assert site.url == url
    assert get(web, site, "/export/QOL").json() == [row(1)]
    assert site.connections == 2


def test_with_a_certificate_it_speaks_tls(tmp_path: Path, web: requests.Session) -> None:
    certificate, key = self_signed(tmp_path)
    with StudySite(tls=(certificate, key)) as site:
        assert site.url.startswith("https://127.0.0.1:")
        with pytest.raises(requests.exceptions.SSLError):
            get(web, site, "/export")
        web.verify = str(certificate)
        assert get(web, site, "/export").json() == []


def test_a_client_that_never_finishes_its_handshake_holds_up_nobody(
    tmp_path: Path, web: requests.Session
) -> None:
    certificate, key = self_signed(tmp_path)
    web.verify = str(certificate)
    with StudySite(tls=(certificate, key)) as site:
        with socket.create_connection(("127.0.0.1", int(site.base_url.rsplit(":")[-1]))):
            assert get(web, site, "/export").status_code == 200
        assert ssl.HAS_TLSv1_2
