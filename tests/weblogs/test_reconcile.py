"""Hits, downloads and visits in the ledger beside a Matomo that counts its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.alerts.incidents import Incidents
from mtdata.core.sqlite import LedgerDatabase
from mtdata.demo.weblogs.settings import MatomoWebsite
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.demo.weblogs.visits import MatomoVisits
from mtdata.weblogs import visits
from mtdata.weblogs.ledger.schema import WEBLOGS
from mtdata.weblogs.visits import visits_between
from tests.weblogs.matomo_wire import bulk, hit
from tests.weblogs.test_commands import AGENT, DAY, Home

SECRET = {"visitor_id": "ip_ua", "visitor_secret": "s" * 32}


def line(client: int, at: str, path: str = "/page", *, user: str = "-", agent: str = AGENT) -> str:
    moment = datetime.fromisoformat(at)
    return (
        f"192.0.2.{client} - {user} [{moment:%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET {path} HTTP/1.1" 200 512 "-" "{agent}"\n'
    )


DAY_OF_LINES = (
    line(1, f"{DAY} 08:00:00"),
    line(1, f"{DAY} 08:29:59", "/a.pdf"),  # goes on
    line(1, f"{DAY} 08:59:59"),  # exactly half an hour later: another visit
    line(2, f"{DAY} 08:10:00", "/b.zip"),
    line(2, f"{DAY} 08:11:00", agent=f"{AGENT} Edg/120"),  # another browser
    line(3, f"{DAY} 22:50:00"),
    line(3, f"{DAY} 23:10:00", "/c.pdf"),  # in Berlin it is the next day: another visit
)


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Home]:
    with MatomoSite(MatomoWebsite(1, timezone="Europe/Berlin")) as site:
        found = Home(tmp_path, site, capsys)
        found.write(**SECRET, zone="Europe/Berlin")
        yield found


def imported_later(home: Home, name: str, lines: str) -> None:
    home.put(f"{name}-{DAY}.log", lines)
    code, said = home.call("import", "example.org", DAY)
    assert code == 0, said


def compared(home: Home) -> tuple[int, dict[str, Any]]:
    code, said = home.call("reconcile", "example.org", DAY)
    return code, {one["day"]: one for one in said["days"]}


def imported(home: Home, *logs: tuple[str, ...]) -> None:
    for number, lines in enumerate(logs):
        home.put(f"{number}-{DAY}.log", "".join(lines))
    code, said = home.call("import", "example.org", DAY)
    assert code == 0, said


def test_hits_downloads_and_visits_of_every_day_agree(home: Home) -> None:
    imported(home, DAY_OF_LINES[:2], DAY_OF_LINES[2:])
    code, days = compared(home)
    assert code == 0, days
    first, second = days[DAY], days["2026-03-13"]
    assert (first["stored"], first["reported"]) == (6, 6)
    assert (first["downloads_stored"], first["downloads"]) == (2, 2)
    assert (first["visits_by_hits"], first["visits"]) == ({"least": 5, "most": 5}, 5)
    assert (second["downloads_stored"], second["downloads"]) == (1, 1)
    assert (second["visits_by_hits"], second["visits"]) == ({"least": 1, "most": 1}, 1)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            [line(client, f"{DAY} 08:00:00") for client in range(1, 6)],
            "5 visits by the hits, 4 reported",
        ),
        (
            [line(1, f"{DAY} 08:0{minute}:00", "/a.pdf") for minute in range(5)],
            "5 downloads stored, 4 reported",
        ),
    ],
)
def test_what_is_counted_and_not_stored_is_noticed_where_another_hit_took_its_place(
    home: Home, lines: list[str], told: str
) -> None:
    home.site.fault("uncounted", nth=2)  # the first is the probe
    imported(home, tuple(lines))
    known = home.site.store.hits[0]
    bulk(home.site, hit(cid=known.params["cid"], cip=known.cip, ua=AGENT, cdt=f"{DAY} 08:02:00"))
    code, days = compared(home)
    assert (code, days[DAY]["differences"]) == (1, [told])
    home.write(**SECRET, zone="Europe/Berlin", archive="http")
    assert home.call("import", "example.org", DAY)[0] == 1
    assert told in shown_incidents(home)


def shown_incidents(home: Home) -> str:
    with closing(LedgerDatabase(ledger_of(home), WEBLOGS)) as database:
        return " ".join(one.detail for one in Incidents(database).open_incidents())


def ledger_of(home: Home) -> Path:
    return home.path / "state" / "weblogs" / "example.org.sqlite3"


def test_visits_without_an_id_of_ours_are_at_most_those_of_address_and_agent(home: Home) -> None:
    home.write(zone="Europe/Berlin")
    imported(home, DAY_OF_LINES)
    code, days = compared(home)
    assert (code, days[DAY]["visits_by_hits"]) == (0, {"least": 1, "most": 5})
    stranger = hit(cip="192.0.2.9", cdt=f"{DAY} 09:00:00")
    bulk(home.site, stranger)
    assert compared(home)[1][DAY]["differences"] == [
        "6 hits stored, 7 reported",
        "1 to 5 visits by the hits, 6 reported",
    ]


def test_a_campaign_may_begin_a_visit_and_a_users_visits_nobody_can_tell(home: Home) -> None:
    imported(home, (line(1, f"{DAY} 08:00:00"), line(1, f"{DAY} 08:01:00", "/?utm_source=x")))
    assert compared(home)[1][DAY]["visits_by_hits"] == {"least": 1, "most": 2}
    home.put(f"b-{DAY}.log", line(1, f"{DAY} 08:02:00", user="anna"))
    assert home.call("import", "example.org", DAY)[0] == 0
    code, days = compared(home)
    assert code == 0
    assert "names of users" in days[DAY]["visits_by_hits"]["unknown"]


def test_what_is_in_doubt_may_be_visits_and_downloads(home: Home) -> None:
    home.site.fault("status", nth=2, code=502, stored="all")
    home.put(f"a-{DAY}.log", "".join(DAY_OF_LINES))
    assert home.call("import", "example.org", DAY)[0] == 1
    code, days = compared(home)
    assert (code, days[DAY]["stored"], days[DAY]["downloads"]) == (0, 0, 2)
    assert days[DAY]["visits_by_hits"] == {"least": 0, "most": 6}


def test_who_came_is_kept_for_some_days_and_then_there_is_no_telling(home: Home) -> None:
    imported(home, DAY_OF_LINES)
    with closing(sqlite3.connect(ledger_of(home))) as database, database:
        database.execute("UPDATE batches SET forget_at = '2026-03-14T00:00:00+00:00'")
    home.put(f"b-{DAY}.log", line(9, f"{DAY} 09:00:00"))
    assert home.call("import", "example.org", DAY)[0] == 0
    code, days = compared(home)
    assert (code, days[DAY]["stored"], days[DAY]["reported"]) == (0, 7, 7)
    assert "is kept for 10 days" in days[DAY]["visits_by_hits"]["unknown"]


def test_what_an_older_program_sent_has_no_visitors(home: Home) -> None:
    imported(home, DAY_OF_LINES)
    with closing(sqlite3.connect(ledger_of(home))) as database, database:
        database.execute("UPDATE shares SET besides = NULL, visitors = NULL")
    code, days = compared(home)
    assert (days[DAY]["stored"], days[DAY]["reported"]) == (6, 6)
    assert days[DAY]["downloads_stored"] is None
    assert "not by older programs" in days[DAY]["visits_by_hits"]["unknown"]
    assert code == 0


def test_batches_that_were_under_way_together_may_have_come_in_any_order(home: Home) -> None:
    moments = ("08:00:00", "08:20:00", "08:35:00")
    imported(home, (line(1, f"{DAY} {moments[0]}"),))
    for number, moment in enumerate(moments[1:], 1):
        imported_later(home, f"{number}-late", line(1, f"{DAY} {moment}"))
    assert compared(home)[1][DAY]["visits_by_hits"] == {"least": 1, "most": 1}
    with closing(sqlite3.connect(ledger_of(home))) as database, database:
        database.execute("UPDATE batches SET ended_at = (SELECT max(ended_at) FROM batches)")
    assert compared(home)[1][DAY]["visits_by_hits"] == {"least": 1, "most": 3}


def test_visits_are_the_same_whether_they_are_counted_in_one_go_or_many(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(home, DAY_OF_LINES)
    once = compared(home)
    monkeypatch.setattr(visits, "AT_ONCE", 2)
    assert compared(home) == once


SECONDS = st.integers(0, 12).map(lambda step: step * 600) | st.integers(0, 7200)


@given(st.lists(SECONDS, min_size=1, max_size=30), st.booleans())
def test_matomo_makes_as_many_visits_as_the_bounds_allow(seconds: list[int], ordered: bool) -> None:
    moments = sorted(seconds) if ordered else seconds
    matomo, begin = MatomoVisits(), datetime(2026, 3, 12, 8, tzinfo=UTC)
    for moment in moments:
        matomo.add(1, ("cid", "1"), "pageview", begin + timedelta(seconds=moment), UTC)
    least, most = visits_between(moments)
    counted = matomo.day_report(1, date(2026, 3, 12))["nb_visits"]
    assert least <= counted <= most
    if ordered:
        assert least == most
    few, many = visits_between(sorted(moments), is_order_known=False)
    assert few <= counted <= many
