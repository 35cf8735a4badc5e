"""The stand-in for Matomo answers and stores as the tables of the facts say, a case a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mtdata.demo.weblogs.settings import SUPER_USER, MatomoWebsite
from mtdata.demo.weblogs.site import MatomoSite
from tests.weblogs.matomo_wire import (
    ADMIN,
    BLANK,
    BODY,
    NOW,
    SECURE,
    TOKENS,
    VIEW,
    WRITE,
    bulk,
    counts,
    hit,
    numbers,
    send,
)


@pytest.fixture
def site() -> Iterator[MatomoSite]:
    with MatomoSite(MatomoWebsite(1), MatomoWebsite(2), now=lambda: NOW) as running:
        running.settings.tokens = dict(TOKENS)
        yield running


def test_a_batch_of_good_hits_is_stored_in_its_order(site: MatomoSite) -> None:
    answer = bulk(site, *map(hit, range(5)), path="/piwik.php?queuedtracking=0")
    assert answer[:2] == (200, "application/json")
    assert answer.body == b'{"status":"success","tracked":5,"invalid":0,"invalid_indices":[]}'
    assert numbers(site) == [0, 1, 2, 3, 4]
    stored = site.store.hits[0]
    assert (stored.cip, stored.at, stored.ua) == (
        "192.0.2.1",
        NOW - timedelta(hours=1),
        "Mozilla/5.0",
    )
    assert (stored.idsite, stored.kind, stored.batch, stored.stored_at) == (1, "pageview", 1, NOW)


def test_the_example_of_matomos_own_tests(site: MatomoSite) -> None:
    wrong, cid = hit(idsite=99), hit(cid="short")
    answer = bulk(site, hit(0), hit(1), wrong, hit(3), wrong, cid)
    assert answer.json == counts(3, 3, [2, 4, 5])
    assert numbers(site) == [0, 1, 3]


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b'"rec": 1', b'"rec": NaN'),
        BODY.replace(b'"rec": 1', b'"rec": -Infinity'),
        BODY.replace(b"}]", b"},]"),
        BODY.replace(b"Mozilla", b"Mo\tzilla"),
        BODY.replace(b"Mozilla", rb"\udce9"),
        BODY.replace(b"Mozilla", b"\xe9"),
        BODY[:-9],
        BODY.replace(b'"', b"'"),
        b'{"a": ' + b"[" * 100_000 + b'"requests"',
    ],
    ids="mark NaN infinity comma tab surrogate latin cut quotes deep".split(),
)
def test_json_that_php_refuses_is_success_with_nothing(site: MatomoSite, body: bytes) -> None:
    answer = send(site, body)
    assert (answer.status, answer.kind, answer.json) == (200, "application/json", counts(0, 0))
    assert site.store.total == 0


@pytest.mark.parametrize("agent", [b"Mo\nzilla", rb"\ud83d\ude00", "é".encode(), "😀".encode()])
def test_json_that_php_takes(site: MatomoSite, agent: bytes) -> None:
    assert send(site, BODY.replace(b"Mozilla", agent)).json == counts(1, 0, [])
    assert site.store.total == 1


@pytest.mark.parametrize("requests", [[], None, "text", {}])
def test_a_request_of_no_hits(site: MatomoSite, requests: Any) -> None:
    assert bulk(site, requests=requests).json == counts(0, 0)


@pytest.mark.parametrize(
    ("entry", "invalid"),
    [([1], [1])]
    + [(empty, []) for empty in (None, {}, [], 5, "", {"idsite": 1, "rec": 0}, {"idsite": 1})],
)
def test_entries_that_are_counted_and_not_stored(
    site: MatomoSite, entry: Any, invalid: list[int]
) -> None:
    answer = bulk(site, hit(0), entry, hit(2))
    assert answer.json == counts(3 - len(invalid), len(invalid), invalid)
    assert numbers(site) == [0, 2]


def test_texts_without_a_query_are_dropped_and_indices_shift(site: MatomoSite) -> None:
    by_text = "?idsite=1&rec=1&url=https://www.example.org/?n%3D7"
    answer = bulk(site, "nothing", by_text, "https://h/piwik.php", hit(idsite=99))
    assert answer.json == counts(1, 1, [1])
    assert numbers(site) == [7]


@pytest.mark.parametrize(
    ("token", "good", "named"),
    [
        (SUPER_USER, True, True),
        (ADMIN, True, False),
        (WRITE, True, False),
        (VIEW, False, False),
        (SECURE, False, False),
        ("0" * 32, False, False),
        ("", False, False),
        (None, False, False),
    ],
    ids="super admin write view secure wrong empty none".split(),
)
def test_address_and_time_need_a_token(
    site: MatomoSite, token: str | None, good: bool, named: bool
) -> None:
    answer = bulk(site, hit(0), hit(1), hit(2), token=token)
    assert answer.json == counts(3 if good else 0, 0 if good else 3, [] if named else None)
    free = bulk(site, *(hit(n, **BLANK) for n in range(3)), token=token)
    assert free.json == counts(3, 0, [] if named else None)
    assert site.store.total == (6 if good else 3)


def test_a_token_that_writes_on_one_site_alone(site: MatomoSite) -> None:
    assert bulk(site, hit(0), hit(1, idsite=2), hit(2), token=WRITE).json == counts(2, 1)


def test_the_token_of_a_hit_counts_where_the_request_has_none(site: MatomoSite) -> None:
    own = [hit(n, token_auth=WRITE) for n in range(2)]
    assert bulk(site, *own, token=None).json == counts(2, 0)
    assert bulk(site, *own, token="0" * 32).json == counts(0, 2)


def test_a_super_users_token_in_the_url_names_the_invalid_and_lets_none_in(
    site: MatomoSite,
) -> None:
    where = f"/matomo.php?token_auth={SUPER_USER}"
    answer = bulk(site, hit(0), hit(1), hit(2), token=None, path=where)
    assert answer.json == counts(0, 3, [0, 1, 2])


def test_a_bearer_token_counts_for_nothing(site: MatomoSite) -> None:
    body = json.dumps({"requests": [hit()]}).encode()
    assert send(site, body, Authorization=f"Bearer {SUPER_USER}").json == counts(0, 1)


@pytest.mark.parametrize(
    "more",
    [{"idsite": bad} for bad in (99, "", None, "abc", 1.5)]
    + [{"cid": "0123456789abcde"}, {"cid": "g" * 16}, {"pf_srv": -5}],
)
def test_one_bad_hit_of_three(site: MatomoSite, more: dict[str, Any]) -> None:
    assert bulk(site, hit(0), hit(1, **more), hit(2)).json == counts(2, 1, [1])
    assert numbers(site) == [0, 2]
    assert bulk(site, hit(0), hit(1, **more), hit(2), token=WRITE).json == counts(2, 1)


def test_a_server_time_of_minus_one_is_none_at_all(site: MatomoSite) -> None:
    assert bulk(site, hit(pf_srv=-1)).json == counts(1, 0, [])


@pytest.mark.parametrize("address", ["999.1.1.1", "192.0.2.7:4321"])
def test_a_bad_address_is_stored_as_zeros(site: MatomoSite, address: str) -> None:
    assert bulk(site, hit(cip=address)).json == counts(1, 0, [])
    assert site.store.hits[0].cip == "0.0.0.0"
    assert bulk(site, hit(cip=address), token=None).json == counts(0, 1)


AT = datetime(2026, 3, 10, 9, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cdt", "at"),
    [
        ("2026-03-10 09:05:07", AT),
        ("2026-03-10T09:05:07Z", AT),
        ("2026-03-10T11:05:07+02:00", AT),
        ("2026-03-10 11:05:07 +0200", AT),
        ("2026-03-10 10:05:07 Europe/Berlin", AT),
        ("2026-03-10 10:05:07 CET", AT),
        ("10/Mar/2026:10:05:07 +0100", AT),
        (str(int(AT.timestamp())), AT),
        (int(AT.timestamp()), AT),
        (AT.timestamp() + 0.25, AT),
        (f"{int(AT.timestamp())}.75", AT),
        ("2026-02-30 09:05:07", datetime(2026, 3, 2, 9, 5, 7, tzinfo=UTC)),
        ("2026-03-10 12:00:01", NOW),
        ("tomorrow-ish", NOW),
        ("", NOW),
        (str(int(AT.timestamp()) * 1000), NOW),
        ("2006-03-01 00:00:00", NOW),
        ("2026-13-01 00:00:00", NOW),
        ("2026-03-10 25:00:00", NOW),
        ("2026-03-10 09:05:07 Nowhere/Land", NOW),
        ("1e15", NOW),
    ],
)
def test_a_time_is_read_as_php_does(site: MatomoSite, cdt: Any, at: datetime) -> None:
    assert bulk(site, hit(cdt=cdt)).json == counts(1, 0, [])
    assert site.store.hits[0].at == at


def test_a_time_of_over_a_day_ago_needs_a_token(site: MatomoSite) -> None:
    old, young = hit(cip="", cdt="2026-03-09 11:59:59"), hit(cip="", cdt="2026-03-09 12:00:00")
    assert bulk(site, old, young, token=None).json == counts(1, 1)
    assert bulk(site, old, young, token=WRITE).json == counts(2, 0)


def test_what_is_older_than_raw_data_is_kept_is_invalid(site: MatomoSite) -> None:
    days = [f"{NOW - timedelta(days=ago):%Y-%m-%d %H:%M:%S}" for ago in (185, 200)]
    site.settings.retention_days = 180
    assert bulk(site, *(hit(cdt=day) for day in days)).json == counts(1, 1, [1])
    site.settings.retention_days = None
    assert bulk(site, hit(cdt=days[1])).json == counts(1, 0, [])


@pytest.mark.parametrize(
    ("on_site", "on_all", "more"),
    [
        ({}, {}, {"rec": 2}),
        ({}, {}, {"rec": None}),
        *(
            ({}, {}, {"ua": f"Mozilla/5.0 ({bot}/1.0)"})
            for bot in "GPTBot ClaudeBot bingbot".split()
        ),
        ({}, {}, {"ua": "facebookexternalhit/1.1"}),
        ({}, {}, {"ua": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"}),
        ({"excluded_ips": "198.51.100.0/24, 192.0.2.1"}, {}, {}),
        ({"excluded_ips": "192.0.2.*"}, {}, {}),
        ({}, {"excluded_ips": "192.0.2.0/28"}, {}),
        ({"excluded_user_agents": "other,MOZILLA"}, {}, {}),
        ({}, {"excluded_user_agents": "zilla/5"}, {}),
        ({"exclude_unknown_urls": True}, {}, {"url": "https://foreign.example.net/?n=1"}),
        ({}, {}, {"urlref": "http://www.semalt.com/x"}),
    ],
)
def test_what_the_site_leaves_out_is_counted_as_tracked(
    site: MatomoSite, on_site: dict[str, Any], on_all: dict[str, Any], more: dict[str, Any]
) -> None:
    site.settings.websites[1] = replace(site.settings.websites[1], **on_site)
    for name, value in on_all.items():
        setattr(site.settings, name, value)
    plain = hit(0, ua="curl/8", cip="203.0.113.9")
    assert bulk(site, plain, hit(1, **more), plain).json == counts(3, 0, [])
    assert numbers(site) == [0, 0]


@pytest.mark.parametrize("agent", ["curl/8.5.0", "python-requests/2.31", "", "Cubot/1"])
def test_agents_that_are_no_bots(site: MatomoSite, agent: str) -> None:
    assert bulk(site, hit(ua=agent)).json == counts(1, 0, [])
    assert site.store.total == 1


def test_a_bot_that_says_so_is_stored(site: MatomoSite) -> None:
    assert bulk(site, hit(ua="GPTBot/1.0", bots=1)).json == counts(1, 0, [])
    assert site.store.total == 1


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        *((bad, "") for bad in ("", None, "not a url", "javascript:alert(1)", "http://")),
        ("https://foreign.example.net/a", "https://foreign.example.net/a"),
        ("https://www.example.org/a😀b", "https://www.example.org/a?b"),
        ("https://www.example.org/a\0b", "https://www.example.org/ab"),
        ("https://www.example.org/?SID=1&n=2&token=3", "https://www.example.org/?n=2"),
        ("https://www.example.org/?sid=1", "https://www.example.org/"),
    ],
)
def test_the_url_that_is_stored(site: MatomoSite, url: Any, stored: str) -> None:
    site.settings.websites[1].excluded_parameters = "sid"
    site.settings.excluded_parameters = "token"
    assert bulk(site, hit(url=url)).json == counts(1, 0, [])
    assert [kept.url for kept in site.store.hits] == [stored]
