"""What can go wrong on the stand-in for Matomo does, where and as often as it is asked for."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtdata.demo.weblogs.faults import GONE_AWAY
from mtdata.demo.weblogs.settings import SUPER_USER
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.demo.wire import compact
from tests.weblogs.matomo_wire import NOW, ask, bulk, hit, numbers, send

ALL, NONE, PART = [0, 1, 2, 3], list[int](), [0, 1]
JSON, HTML, GIF = "application/json", "text/html", "image/gif"


@pytest.fixture
def site() -> Iterator[MatomoSite]:
    with MatomoSite(now=lambda: NOW) as running:
        yield running


def success(tracked: int, *invalid: int, named: bool = True) -> dict[str, Any]:
    told = {"status": "success", "tracked": tracked, "invalid": len(invalid)}
    return told | ({"invalid_indices": list(invalid)} if named else {})


ERROR = {"status": "error", "tracked": 0, "invalid": 0}
NO_HITS = {"status": "success", "tracked": 0, "invalid": 0}
UNNAMED = {"status": "success", "tracked": 0, "invalid": 4}


@pytest.mark.parametrize(
    ("kind", "detail", "status", "counts", "stored"),
    [
        ("late", {"seconds": 0}, 200, success(4), ALL),
        ("slow", {"seconds": 0}, 200, success(4), ALL),
        ("drip", {"pause_s": 0}, 200, success(4), ALL),
        ("rollback", {"tracked": 2}, 500, ERROR | {"tracked": 2, "invalid_indices": []}, NONE),
        ("lock_wait", {"index": 1}, 200, success(3), [0, 2, 3, 1]),
        ("lock_wait", {"index": 1, "stored": False}, 200, success(3), [0, 2, 3]),
        ("zero", {}, 200, success(0, named=False), NONE),
        ("zero", {"stored": "all"}, 200, success(0, named=False), ALL),
        ("all_invalid", {}, 200, UNNAMED, NONE),
        ("invalid_hit", {}, 200, success(3, 2), [0, 1, 3]),
        ("invalid_hit", {"index": 0}, 200, success(3, 0), [1, 2, 3]),
        ("uncounted", {}, 200, success(4), [0, 1, 3]),
        ("uncounted", {"whole_batch": True}, 200, success(4), NONE),
        ("error", {}, 500, ERROR, NONE),
    ],
)
def test_a_fault_that_answers_by_counts(
    site: MatomoSite,
    kind: str,
    detail: dict[str, Any],
    status: int,
    counts: dict[str, Any],
    stored: list[int],
) -> None:
    site.fault(kind, **detail)
    answer = bulk(site, *map(hit, range(4)))
    assert (answer.status, answer.kind, answer.json) == (status, JSON, counts)
    assert numbers(site) == stored


@pytest.mark.parametrize(
    ("kind", "detail", "status", "media", "begins", "stored"),
    [
        ("not_bulk", {}, 400, HTML, b"This resource is part of Matomo", NONE),
        ("status", {"code": 413}, 413, HTML, b"<html>\r\n<head><title>413 Req", NONE),
        ("status", {"code": 502}, 502, HTML, b"<html>\r\n<head><title>502 Bad G", NONE),
        ("status", {"code": 502, "stored": "part"}, 502, HTML, b"<html>", PART),
        ("status", {"code": 504, "stored": "all"}, 504, HTML, b"<html>", ALL),
        ("status", {"code": 200, "body": b"[]", "media": JSON}, 200, JSON, b"[]", NONE),
        ("empty_500", {}, 500, HTML, b"", NONE),
        ("warning", {}, 200, JSON, b"<br />\n<b>Warning</b>", ALL),
        ("gif", {}, 200, GIF, b"GIF89a", ALL),
        ("gif", {"stored": "none"}, 200, GIF, b"GIF89a", NONE),
        ("gone_away", {}, 200, HTML, b"Error:SQLSTATE[HY000]: General error: 2006 MySQL", NONE),
        ("gone_away", {"stored": "part"}, 200, HTML, b"Error:SQLSTATE", PART),
        ("truncated", {"ends": True}, 200, JSON, b'{"status":', ALL),
    ],
)
def test_a_fault_that_answers_no_json(
    site: MatomoSite,
    kind: str,
    detail: dict[str, Any],
    status: int,
    media: str,
    begins: bytes,
    stored: list[int],
) -> None:
    site.fault(kind, **detail)
    answer = bulk(site, *map(hit, range(4)))
    assert (answer.status, answer.kind) == (status, media)
    assert answer.body.startswith(begins)
    assert numbers(site) == stored
    if answer.body != b"[]":
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|decode"):
            json.loads(answer.body)


@pytest.mark.parametrize(
    ("kind", "detail", "error", "stored"),
    [
        ("drop", {}, http.client.RemoteDisconnected, NONE),
        ("drop", {"after": True}, http.client.RemoteDisconnected, ALL),
        ("reset", {}, ConnectionResetError, ALL),
        ("reset", {"after": False}, ConnectionResetError, NONE),
        ("hang", {"seconds": 0}, http.client.RemoteDisconnected, NONE),
        ("truncated", {}, http.client.IncompleteRead, ALL),
        ("bad_chunk", {}, http.client.IncompleteRead, ALL),
        ("closed_early", {}, ConnectionError, NONE),
        ("closed_early", {"resets": True}, ConnectionError, NONE),
    ],
)
def test_a_fault_of_the_connection(
    site: MatomoSite,
    kind: str,
    detail: dict[str, Any],
    error: type[Exception],
    stored: list[int],
) -> None:
    site.fault(kind, times=1, **detail)
    with pytest.raises(error) as raised:
        bulk(site, *map(hit, range(4)))
    if error is not ConnectionError:
        assert raised.type is error
    assert numbers(site) == stored
    assert bulk(site, hit(9)).status == 200


@pytest.mark.parametrize("kind", ["lock_wait", "invalid_hit", "uncounted", "gone_away"])
def test_a_fault_meets_a_request_that_cannot_be_decoded(site: MatomoSite, kind: str) -> None:
    site.fault(kind)
    answer = send(site, b'{"requests": [')
    assert answer.body == (GONE_AWAY if kind == "gone_away" else compact(NO_HITS))


def test_a_redirect_to_https(site: MatomoSite) -> None:
    site.fault("redirect", location="https://127.0.0.1/matomo.php", code=301)
    assert bulk(site, hit()).status == 301
    assert site.store.total == 0


def test_nobody_listens(site: MatomoSite) -> None:
    where = site.url
    with site.refusing(), pytest.raises(ConnectionRefusedError):
        bulk(site, hit())
    assert site.url == where
    assert bulk(site, hit()).json == success(1)


def test_faults_strike_where_and_as_often_as_they_should(site: MatomoSite) -> None:
    def statuses(count: int) -> list[int]:
        return [bulk(site, hit(number)).status for number in range(count)]

    site.fault("error", nth=2)
    assert statuses(4) == [200, 500, 200, 200]
    site.heal()
    site.fault("empty_500", every=2, times=1)
    assert statuses(4) == [200, 500, 200, 200]
    site.heal("empty_500")
    site.fault("rollback", when=lambda sent: any("n=2" in url for url in sent.urls))
    assert statuses(4) == [200, 200, 500, 200]
    site.fault("status", code=502, target="api")
    assert ask(site, "API.getMatomoVersion").status == 502
    site.fault("error", when=lambda sent: sent.method == "Actions.get", target="api")
    assert ask(site, "API.getMatomoVersion").status == 502
    assert ask(site, "Actions.get", idSite=1).status == 500
    assert [call.hits for call in site.calls if call.target == "bulk"] == [1] * 12


def test_a_fault_that_does_not_exist_and_a_detail_that_it_does_not_take(site: MatomoSite) -> None:
    with pytest.raises(ValueError, match="no fault 'sneeze'; there are: all_invalid"):
        site.fault("sneeze")
    with pytest.raises(TypeError):
        site.fault("late", minutes=3)


def test_hits_are_stored_though_their_client_went(site: MatomoSite) -> None:
    came = threading.Event()
    add = site.store.add

    def noted(*stored: Any) -> None:
        add(*stored)
        came.set()

    site.store.add = noted  # type: ignore[method-assign]
    site.fault("late", seconds=600)
    with pytest.raises(TimeoutError):
        bulk(site, *map(hit, range(3)), timeout=0.5)
    assert came.wait(120)
    assert numbers(site) == [0, 1, 2]


def raw(site: MatomoSite, request: bytes) -> bytes:
    """What comes back for these bytes, until the other side ends the connection."""
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])), 120) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


HEAD = b"POST /matomo.php HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: 9999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
    ],
)
def test_half_a_body_is_none(site: MatomoSite, request_bytes: bytes) -> None:
    body = json.dumps({"requests": [hit()], "token_auth": SUPER_USER}).encode()
    assert raw(site, request_bytes + body) == b""
    assert site.store.total == 0


def test_a_length_that_is_none(site: MatomoSite) -> None:
    assert b"400 Bad Request" in raw(site, HEAD + b"Content-Length: many\r\n\r\n")


def test_a_server_that_is_busy_stores_nothing_once_it_is_stopped(site: MatomoSite) -> None:
    site.settings.hits_per_s = 0.001
    site.settings.latency_s = 0.01
    ended: list[Any] = []

    def client() -> None:
        try:
            ended.append(bulk(site, hit()))
        except (OSError, http.client.HTTPException) as error:
            ended.append(error)

    busy = threading.Event()
    work = site._closing.wait

    def noted(seconds: float | None = None) -> bool:
        if seconds and seconds > 1:
            assert seconds == pytest.approx(2000)  # a core of two has half of the rate
            busy.set()
        return work(seconds)

    site._closing.wait = noted  # type: ignore[method-assign]
    thread = threading.Thread(target=client)
    thread.start()
    assert busy.wait(120)
    site.stop()
    thread.join(120)
    assert len(ended) == 1
    assert site.store.total == 0


def test_a_log_and_a_bound_for_the_hits(tmp_path: Path) -> None:
    log = tmp_path / "hits.jsonl"
    with MatomoSite(now=lambda: NOW, most_hits=2, log=log) as site:
        for number in (1, 2, 1):
            bulk(site, hit(number), hit(7))
        assert (site.store.total, numbers(site)) == (6, [1, 7])
        report = ask(site, "VisitsSummary.get", idSite=1, period="day", date="today").json
        assert report["nb_actions"] == 6
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line["batch"] for line in lines] == [1, 1, 2, 2, 3, 3]
    assert lines[2]["url"] == "https://www.example.org/page?n=2"
    assert lines[2]["params"]["cip"] == lines[2]["cip"] == "192.0.2.1"


def test_duplicates_are_counted_by_a_key_of_the_url(site: MatomoSite) -> None:
    bulk(site, hit(1), hit(2), hit(1), hit(3))
    bulk(site, hit(3), hit(3))
    assert site.store.duplicates("n") == {"1": 2, "3": 3}
    assert site.store.duplicates("") == {
        "https://www.example.org/page?n=1": 2,
        "https://www.example.org/page?n=3": 3,
    }
    assert [stored.batch for stored in site.store.by_key("n")["3"]] == [1, 2, 2]


def test_a_kept_alive_connection_serves_many(site: MatomoSite) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(site.url.rpartition(":")[2]))
    body = json.dumps({"requests": [hit()], "token_auth": SUPER_USER}).encode()
    for _ in range(3):
        connection.request("POST", "/matomo.php", body)
        assert json.loads(connection.getresponse().read()) == success(1)
    connection.close()
    assert (site.connections, site.store.total) == (1, 3)
