"""Daily reports over every database: each once, however often and by however many it is looked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from mtdata.alerts import notify
from mtdata.cake.daily_reports import DAILY
from mtdata.duties import KINDS
from mtdata.jobs import queue
from mtdata.jobs.daily_reports import DailyScheduler, standing
from mtdata.jobs.records import daily_records
from tests.jobs.place import Place

ONE = timedelta(days=1)
NOW = datetime(2026, 6, 10, 8, 30, tzinfo=UTC)
CLICKS, CHANGES = "cake.clicks", "cake.changes"
EAST: dict[str, Any] = {
    "ADMIN_DOMAIN": "admin.example.com",
    "API_KEY": "k",
    "TIMEZONE": "America/New_York",
    "DAILY_AT": "04:30",
}


def configured(place: Place, **accounts: dict[str, Any]) -> None:
    own = {name: {"OUTPUT": name, **keys} for name, keys in (accounts or {"east": EAST}).items()}
    place.write("export", {"CAKE": own})
    place.configure()


def look(place: Place, now: datetime = NOW, by: DailyScheduler | None = None) -> None:
    """What a daemon does that has just begun."""
    (by or DailyScheduler([DAILY])).look(place.settings, now, lambda: None)


def jobs(kind: str = "") -> dict[str, dict[str, str]]:
    """The parameters of what is queued, by name; without the account."""
    from mtdata.jobs.records.models import Job

    found = Job.objects.filter(kind=kind) if kind else Job.objects.all()
    return {
        job.name: {key: value for key, value in job.parameters.items() if key != "account"}
        for job in found.order_by("created_at", "name")
    }


def turned(status: str, day: str, kind: str = CLICKS, account: str = "east", **more: str) -> None:
    from mtdata.jobs.records.models import Job

    name = f"daily_{kind}_{account}_{day}"
    assert Job.objects.filter(name=name).update(status=status, **more) == 1


def missed(place: Place) -> dict[str, str]:
    found = notify.program_incidents(place.settings)
    return {one.scale: one.detail for one in found if one.kind == "report_missed"}


def test_clicks_and_changes_are_queued_once_a_day_whoever_looks(place: Place) -> None:
    configured(place, east=EAST, east_2=EAST | {"TIMEZONE": "UTC"}, by_hand=EAST | {"DAILY_AT": ""})
    daemon = DailyScheduler([DAILY])
    for now in (NOW, NOW + timedelta(hours=5)):
        look(place, now, daemon)
        look(place, now)  # another one, or this one begun anew
    today = {
        "daily_cake.changes_east_2026-06-10": {"since": "2026-04-11"},
        "daily_cake.clicks_east_2026-06-10": {"from": "2026-06-08", "to": "2026-06-09"},
        "daily_cake.changes_east_2_2026-06-10": {"since": "2026-04-11"},
        "daily_cake.clicks_east_2_2026-06-10": {"from": "2026-06-08", "to": "2026-06-09"},
    }
    assert jobs() == today
    for status in ("In Progress", "Stopping", "Success", "Failed", "Stopped"):
        turned(status, "2026-06-10")
        look(place)
        look(place, NOW + timedelta(hours=23))
        assert jobs() == today
    look(place, NOW + ONE)  # east's clicks alone have ended
    later = {"daily_cake.clicks_east_2026-06-11": {"from": "2026-06-08", "to": "2026-06-10"}}
    assert jobs() == {**today, **later}
    look(place, NOW)  # the clock was put back
    assert jobs() == {**today, **later}


def test_two_daemons_that_saw_the_same_queue_one_job(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(place)
    met, known = Barrier(2, timeout=30), daily_records.daily_state
    faults: list[BaseException] = []

    def seen(*asked: Any) -> Any:
        found = known(*asked)
        met.wait()  # both have seen that nothing is queued
        return found

    def daemon() -> None:
        try:
            look(place)
        except BaseException as fault:
            faults.append(fault)
            raise

    monkeypatch.setattr(daily_records, "daily_state", seen)
    both = [Thread(target=daemon) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert not faults
    assert len(jobs(CLICKS)) == len(jobs(CHANGES)) == 1


def test_after_an_outage_one_job_asks_for_the_days_of_all_that_were_missed(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    configured(place)
    look(place)
    turned("Success", "2026-06-10")
    look(place, NOW + 10 * ONE)
    assert list(jobs(CLICKS).values())[1:] == [{"from": "2026-06-09", "to": "2026-06-19"}]
    turned("Failed", "2026-06-20", reason="no")
    look(place, NOW + 11 * ONE)
    assert list(jobs(CLICKS).values())[2:] == [{"from": "2026-06-09", "to": "2026-06-20"}]
    turned("Success", "2026-06-21")
    look(place, NOW + 12 * ONE)
    assert list(jobs(CLICKS).values())[3:] == [{"from": "2026-06-20", "to": "2026-06-21"}]
    assert "left out" not in caplog.text


def test_a_report_of_a_clock_that_stood_ahead_hides_no_missed_day(place: Place) -> None:
    configured(place)
    look(place)
    turned("Success", "2026-06-10")
    look(place, NOW + 100 * ONE)
    turned("Success", "2026-09-18")
    look(place, NOW + 5 * ONE)
    assert jobs(CLICKS)["daily_cake.clicks_east_2026-06-15"] == {
        "from": "2026-06-09", "to": "2026-06-14"
    }  # fmt: skip


def test_a_day_that_a_clock_ahead_took_is_asked_for_once_it_has_been(place: Place) -> None:
    """When the day itself has come, nothing but the order in which they were queued shows it."""
    configured(place, east=EAST | {"CLICK_LOOK_BACK": "1d"})
    look(place)
    turned("Success", "2026-06-10")
    look(place, NOW + 4 * ONE)
    turned("Success", "2026-06-14")
    last = standing([DAILY], place.settings, NOW)[0]["last"]
    assert last["name"] == "daily_cake.clicks_east_2026-06-10"
    for day in (11, 12, 13):
        look(place, NOW + (day - 10) * ONE)
        turned("Failed" if day == 13 else "Success", f"2026-06-{day}", reason="no")
    look(place, NOW + 4 * ONE)
    assert "2026-06-13 Failed" in missed(place)["cake.clicks east"]
    look(place, NOW + 5 * ONE)
    assert jobs(CLICKS)["daily_cake.clicks_east_2026-06-15"] == {
        "from": "2026-06-12", "to": "2026-06-14"
    }  # fmt: skip


def test_days_beyond_what_one_job_asks_for_are_told(
    plain: Place, caplog: pytest.LogCaptureFixture
) -> None:
    configured(plain)
    look(plain, datetime(2025, 1, 26, 12, tzinfo=UTC))
    turned("Success", "2025-01-26")
    caplog.set_level(logging.WARNING, "mtdata.jobs.daily_reports")
    look(plain)
    assert list(jobs(CLICKS).values())[1:] == [{"from": "2025-05-06", "to": "2026-06-09"}]
    assert "the days from 2025-01-25 until before 2025-05-06 are left out" in caplog.text


def test_nothing_piles_up_where_nobody_carries_and_that_is_told(plain: Place) -> None:
    configured(plain)
    daemon = DailyScheduler([DAILY])
    for number in range(5):
        look(plain, NOW + number * ONE, daemon)
    assert len(jobs(CLICKS)) == 1
    told = missed(plain)
    assert set(told) == {"cake.clicks east", "cake.changes east"}
    assert "daily_cake.clicks_east_2026-06-10 is Queued still" in told["cake.clicks east"]
    turned("Success", "2026-06-10")
    look(plain, NOW + 4 * ONE, daemon)
    assert list(jobs(CLICKS).values())[1:] == [{"from": "2026-06-09", "to": "2026-06-13"}]
    assert set(missed(plain)) == {"cake.changes east"}


def test_what_failed_is_an_incident_until_the_next_one_came(plain: Place) -> None:
    configured(plain)
    daemon = DailyScheduler([DAILY])
    look(plain, NOW, daemon)
    turned("Failed", "2026-06-10", reason="0000: the key is not accepted")
    look(plain, NOW, daemon)
    name = "daily_cake.clicks_east_2026-06-10"
    told = {"cake.clicks east": f"{name} Failed: 0000: the key is not accepted"}
    assert missed(plain) == told
    turned("Success", "2026-06-10", kind=CHANGES)
    look(plain, NOW + ONE, daemon)
    turned("In Progress", "2026-06-11")
    look(plain, NOW + ONE)
    assert missed(plain) == told  # it is tried, and did not come yet
    turned("Failed", "2026-06-11", reason="no")
    look(plain, NOW + ONE, daemon)
    told = {"cake.clicks east": "daily_cake.clicks_east_2026-06-11 Failed: no"}
    assert missed(plain) == told
    for status in ("Queued", "In Progress", "Stopping"):  # it is tried again, by hand
        turned(status, "2026-06-11")
        look(plain, NOW + ONE, daemon)
        look(plain, NOW + ONE)
        assert set(missed(plain)) == {"cake.clicks east"}
    turned("Success", "2026-06-11")
    look(plain, NOW + ONE, daemon)
    assert missed(plain) == {}


@pytest.mark.parametrize("how", [{}, {"west": EAST}], ids=["no time", "no account"])
def test_an_account_without_daily_reports_troubles_nobody(
    plain: Place, how: dict[str, dict[str, Any]]
) -> None:
    configured(plain)
    daemon = DailyScheduler([DAILY])
    look(plain, NOW, daemon)
    turned("Failed", "2026-06-10", reason="no")
    look(plain, NOW, daemon)
    assert missed(plain)
    configured(plain, **(how or {"east": EAST | {"DAILY_AT": ""}}))
    look(plain, NOW, daemon)
    assert missed(plain) == {}
    assert daemon.is_wanted(plain.settings) is bool(how)


def test_a_person_called_schedule_queues_no_daily_report(plain: Place) -> None:
    configured(plain)
    given = {"from": "2026-06-01", "to": "2026-06-09", "account": "east"}
    queue.add(plain.settings, KINDS, CLICKS, given, owner="schedule")
    look(plain)
    assert set(jobs(CLICKS)) == {"clicks_01062026_09062026", "daily_cake.clicks_east_2026-06-10"}


@pytest.mark.parametrize("cut", ["before the job", "before the ring"])
def test_a_kill_at_any_moment_leaves_each_job_to_be_queued_once(
    plain: Place, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*asked: Any, **more: Any) -> Any:
        raise Killed

    configured(plain)
    where: dict[str, tuple[Any, str]] = {
        "before the job": (queue.orders, "add_once"),
        "before the ring": (queue.ring, "ring_each"),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*where[cut], killed)
        with pytest.raises(Killed):
            look(plain)
    assert len(jobs()) == (cut == "before the ring")
    look(plain)
    assert {name.split("_")[1] for name in jobs()} == {CLICKS, CHANGES}
    assert len(jobs()) == 2


def test_how_they_stand_is_told(plain: Place) -> None:
    configured(plain)
    clicks, changes = standing([DAILY], plain.settings, NOW)
    assert (clicks["kind"], changes["kind"], clicks["last"]) == (CLICKS, CHANGES, None)
    assert clicks["next_at"] == "2026-06-11T08:30:00+00:00"
    look(plain)
    turned("Failed", "2026-06-10", reason="no")
    told: Callable[[], Any] = lambda: standing([DAILY], plain.settings, NOW)[0]["last"]  # noqa: E731
    wanted = {"name": "daily_cake.clicks_east_2026-06-10", "status": "Failed", "reason": "no"}
    assert told() == {**wanted, "ended_at": None}
