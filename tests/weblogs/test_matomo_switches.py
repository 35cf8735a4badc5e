"""Switches, limits and lock-out of the stand-in for Matomo, and hits that poison a batch."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from mtdata.demo.weblogs.settings import SUPER_USER, MatomoWebsite
from mtdata.demo.weblogs.site import MatomoSite
from tests.weblogs.matomo_wire import (
    BLANK,
    BODY,
    FORM,
    NOW,
    SECURE,
    TOKENS,
    VIEW,
    WRITE,
    MatomoReply,
    bulk,
    counts,
    error,
    hit,
    numbers,
    send,
)


class MovingClock:
    """The server's time, which stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(clock: MovingClock) -> Iterator[MatomoSite]:
    with MatomoSite(MatomoWebsite(1), MatomoWebsite(2), now=clock) as running:
        running.settings.tokens = dict(TOKENS)
        yield running


@pytest.mark.parametrize(
    ("more", "plugin", "body"),
    [
        ({"cdt": "1" * 20}, False, b""),
        ({"e_c": "x" * 4097, "e_a": "a"}, False, None),
        ({"e_n": "x" * 4097}, False, None),
        ({"res": "12345678é"}, False, None),
        ({"pv_id": "12345é"}, False, None),
        ({"bw_bytes": -1}, True, None),
    ],
)
def test_one_hit_poisons_its_batch(
    site: MatomoSite, more: dict[str, Any], plugin: bool, body: bytes | None
) -> None:
    site.settings.bandwidth_plugin = plugin
    bad = hit(2, idsite=99)
    for _again in range(2):
        answer = bulk(site, hit(0), bad, hit(1, **more), hit(2))
        assert answer.status == 500
        assert answer.body == b"" if body is not None else answer.json == error(1, [])
    assert site.store.total == 0
    assert bulk(site, hit(0), bad, hit(2)).json == counts(2, 1, [1])
    site.settings.transactions = False
    assert bulk(site, hit(3), hit(1, **more), hit(5)).status == 500
    assert numbers(site) == [0, 2, 3]


@pytest.mark.parametrize("more", [{"e_n": "x" * 4096}, {"res": "1280x1024"}, {"bw_bytes": -1}])
def test_what_is_just_no_poison(site: MatomoSite, more: dict[str, Any]) -> None:
    assert bulk(site, hit(**more)).json == counts(1, 0, [])


def test_twenty_one_wrong_tokens_lock_everybody_out(site: MatomoSite, clock: MovingClock) -> None:
    for token in ["0" * 32, VIEW, SECURE] * 7:
        assert bulk(site, hit(), hit(), token=token).json == counts(0, 2)
    for token in ("0" * 32, SUPER_USER, WRITE):
        answer = bulk(site, hit(**BLANK), token=token)
        assert (answer.status, answer.json) == (500, error())
    own = bulk(site, hit(token_auth=WRITE, **BLANK), token=None)
    assert (own.status, own.json) == (500, error())
    assert bulk(site, hit(**BLANK), token=None).json == counts(1, 0)
    assert (
        send(site, None, f"/matomo.php?idsite=1&rec=1&token_auth={WRITE}", method="GET").status
        == 500
    )
    clock.at += timedelta(hours=1)
    assert bulk(site, hit(), token=WRITE).json == counts(1, 0)


def test_the_lock_can_be_opened_and_counts_a_request_once(site: MatomoSite) -> None:
    for _ in range(20):
        bulk(site, *map(hit, range(30)), token="0" * 32)
        bulk(site, hit(**BLANK), token="1" * 32)
    assert bulk(site, hit(), token=None, path="/matomo.php?token_auth=22").json == counts(0, 1)
    assert not site.accounts.locked
    own = [hit(n, token_auth="3" * 32) for n in range(3)]
    assert bulk(site, *own, token=None).json == counts(0, 3)
    assert site.accounts.locked
    site.accounts.unlock()
    assert bulk(site, hit()).json == counts(1, 0, [])


def test_statistics_that_are_not_recorded(site: MatomoSite) -> None:
    site.settings.record_statistics = False
    assert bulk(site, hit()).json == counts(0, 0)
    assert send(site, None, "/matomo.php?idsite=1&rec=1", method="GET").status == 503
    assert site.store.total == 0


def test_maintenance_mode_alone_stops_no_tracking(site: MatomoSite) -> None:
    site.settings.maintenance_mode = True
    assert bulk(site, hit()).json == counts(1, 0, [])
    site.settings.record_statistics = False
    assert bulk(site, hit()).json == counts(0, 0)


def test_without_an_image_nothing_is_accounted_for(site: MatomoSite) -> None:
    answer = bulk(site, hit(0), hit(1, idsite=99), send_image="0")
    assert (answer.status, answer.body, numbers(site)) == (204, b"", [0])
    assert bulk(site, hit(2), send_image=0).status == 204


def test_a_database_that_is_away(site: MatomoSite) -> None:
    site.settings.database_up = False
    answer = bulk(site, hit())
    assert (answer.status, answer.json) == (500, error())


@pytest.mark.parametrize(
    ("token", "entry", "expected"),
    [
        (SUPER_USER, hit(), (200, counts(3, 0, []))),
        (WRITE, hit(), (200, counts(3, 0))),
        (None, hit(**BLANK), (500, error())),
        ("0" * 32, hit(**BLANK), (500, error())),
        (VIEW, hit(**BLANK), (500, error())),
        (SUPER_USER, hit(idsite=99), (400, error())),
    ],
)
def test_bulk_requests_that_require_authentication(
    site: MatomoSite, token: str | None, entry: dict[str, Any], expected: tuple[int, Any]
) -> None:
    site.settings.require_authentication = True
    answer = bulk(site, hit(), entry, hit(), token=token)
    assert (answer.status, answer.json) == expected
    assert site.store.total == (3 if expected[0] == 200 else 0)


def test_a_batch_of_many_meets_the_time_limit(site: MatomoSite) -> None:
    site.settings.time_limit_hits = 4
    assert bulk(site, *map(hit, range(4))).json == counts(4, 0, [])
    answer = bulk(site, *map(hit, range(5)))
    assert (answer.status, answer.body, site.store.total) == (500, b"", 4)
    site.settings.transactions = False
    bulk(site, *map(hit, range(5)))
    assert site.store.total == 8


def test_a_body_larger_than_nginx_takes(site: MatomoSite) -> None:
    answer = send(site, b" " * (2**20 + 1))
    assert (answer.status, answer.kind) == (413, "text/html")
    assert b"413 Request Entity Too Large" in answer.body
    assert send(site, b" " * (2**20 - len(BODY)) + BODY).json == counts(1, 0, [])


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_in_chunks_by_any_method_and_type(site: MatomoSite, method: str) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:50], BODY[50:]))
    chunked = {"Transfer_Encoding": "chunked", "Content_Type": "text/csv"}
    assert send(site, body + b"0\r\n\r\n", method=method, **chunked).json == counts(1, 0, [])


def single(site: MatomoSite, query: str) -> MatomoReply:
    return send(site, None, f"/matomo.php?{query}", method="GET")


def test_single_hits_are_answered_by_a_picture(site: MatomoSite) -> None:
    good = "idsite=1&rec=1&url=https://www.example.org/?n%3D1"
    answer = single(site, good)
    assert (answer.status, answer.kind, len(answer.body)) == (200, "image/gif", 43)
    assert single(site, f"{good}&send_image=0")[::2] == (204, b"")
    assert single(site, f"{good}&cip=192.0.2.9")[:2] == (400, "image/gif")
    assert single(site, f"{good}&cip=192.0.2.9&token_auth={SECURE}")[:2] == (400, "image/gif")
    form = f"{good}&cip=192.0.2.9&token_auth={SECURE}".encode()
    assert send(site, form, Content_Type=FORM).status == 200
    assert [stored.cip for stored in site.store.hits] == ["127.0.0.1", "127.0.0.1", "192.0.2.9"]
    assert single(site, "idsite=99&rec=1").status == 400
    assert single(site, f"{good}&e_n={'x' * 4097}").status == 500


@pytest.mark.parametrize(
    ("body", "path", "kind", "status"),
    [
        (gzip.compress(BODY), "/matomo.php", "text/html", 400),
        (b"", "/matomo.php", "text/html", 400),
        (b'"requests"', "/piwik.php", "text/html", 400),
        (gzip.compress(BODY), "/piwik.php?queuedtracking=0", "image/gif", 400),
        (BODY, "/elsewhere.php", "text/html", 404),
    ],
)
def test_what_is_no_bulk_request(
    site: MatomoSite, body: bytes, path: str, kind: str, status: int
) -> None:
    answer = send(site, body, path)
    assert (answer.status, answer.kind, site.store.total) == (status, kind, 0)


def test_the_tracker_alone_says_what_it_is(site: MatomoSite) -> None:
    answer = send(site, None, method="GET")
    assert (answer.status, b"part of Matomo" in answer.body) == (200, True)
    assert send(site, None, method="OPTIONS").status == 204


def test_a_small_limit_of_the_body(site: MatomoSite) -> None:
    site.settings.max_body = 100
    assert send(site, b"x" * 101).status == 413
    chunks = b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n"
    assert send(site, chunks, Transfer_Encoding="chunked").status == 413
