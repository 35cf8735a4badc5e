"""When the daemon looks at a site for what is foreseen: with its rounds, else by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest

from mtdata.config import SiteConfig, load
from mtdata.core.errors import StorageError
from mtdata.core.stop import StopToken
from mtdata.jobs.rounds import TaskTurn
from mtdata.study.operations import looking, tasks
from mtdata.study.status import forecasts
from tests.system.home import Home, row


class Daily:
    """A site of the daemon, and how often it is looked at."""

    def __init__(self, home: Home, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.looks = 0
        self.site = self.anew()
        for name in ("look_ahead", "look_behind_round"):
            patch.setattr(forecasts, name, self._counted(getattr(forecasts, name)))

    def _counted(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*of: Any) -> Any:
            self.looks += 1
            return look(*of)

        return counted

    def anew(self) -> SiteConfig:
        """The site by a config that is read anew."""
        self._settings = load(self.home.folder / "config", {})
        [site] = self._settings.sites
        return site

    def round(self) -> int:
        """What the daemon does every EVERY; the looks of it."""
        turn = TaskTurn(self.site, self._settings.daemon, self.home.now, StopToken(), [])
        before = self.looks
        tasks.COLLECT.act(turn)
        return self.looks - before

    def minute(self) -> int:
        """What it does every minute; the looks of it."""
        before = self.looks
        looking.look_ahead(self.site)
        return self.looks - before


@pytest.fixture
def daily(home: Home, monkeypatch: pytest.MonkeyPatch) -> Daily:
    """A daemon's site, of which everything was collected and looked at."""
    home.site.put("QOL", [row(1)])
    home.configure(DELETE_MODE=True)
    found = Daily(home, monkeypatch)
    assert found.round() == 1
    return found


def test_who_was_not_there_for_a_round_is_looked_at_by_the_minute(daily: Daily) -> None:
    looking._LAST.clear()
    assert [daily.minute(), daily.minute()] == [1, 1]


def test_a_round_that_looked_spares_the_minute_for_ten_of_them(daily: Daily) -> None:
    assert daily.minute() == 0
    daily.home.now += timedelta(minutes=9)
    assert daily.minute() == 0
    daily.home.now += timedelta(minutes=1)
    assert [daily.minute(), daily.minute()] == [1, 1]


def test_rounds_that_change_nothing_look_once_an_hour_and_on_another_day(daily: Daily) -> None:
    looks = []
    for _ in range(14):
        daily.home.now += timedelta(minutes=5)
        looks.append(daily.round())
        assert daily.minute() == 0
    assert looks == [*[0] * 11, 1, 0, 0]
    looking._LAST[daily.site.path] = looking._LAST[daily.site.path]._replace(
        looked_at=daily.home.now - timedelta(hours=23)
    )
    assert daily.round() == 1


def test_a_round_of_another_day_looks_though_the_last_was_just_before(daily: Daily) -> None:
    there = daily.home.now.astimezone(daily.site.timezone) + timedelta(days=1)
    daily.home.now = there.replace(hour=0, minute=0).astimezone(UTC) - timedelta(minutes=15)
    assert daily.round() == 1
    daily.home.now += timedelta(minutes=10)
    assert daily.round() == 0
    daily.home.now += timedelta(minutes=10)
    assert daily.round() == 1


def test_a_round_that_brought_something_looks(daily: Daily) -> None:
    daily.home.now += timedelta(minutes=5)
    assert daily.round() == 0
    daily.home.site.put("QOL", [row(2)])
    assert daily.round() == 1
    assert daily.round() == 0


def test_behind_a_round_that_failed_every_minute_looks(daily: Daily) -> None:
    daily.home.site.fault("drop")
    assert daily.round() == 1
    assert daily.minute() == 1
    daily.home.site.heal()
    daily.round()
    assert daily.minute() == 0


def test_a_clock_that_was_set_back_spares_nobody(daily: Daily) -> None:
    daily.home.now -= timedelta(hours=3)
    assert daily.minute() == 1
    assert daily.round() == 1


def test_a_config_that_is_read_anew_is_looked_at_at_once(daily: Daily) -> None:
    daily.site = daily.anew()
    assert daily.minute() == 1
    assert daily.round() == 1


def test_a_look_that_fails_ends_no_round_and_is_made_again(
    daily: Daily, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*of: object) -> None:
        raise StorageError("no room")

    daily.home.site.put("QOL", [row(2)])
    with monkeypatch.context() as full:
        full.setattr(forecasts, "look_behind_round", failing)
        daily.round()
    assert "2" in daily.home.ids("QOL")
    assert daily.minute() == 1


def test_a_schedule_that_is_missed_is_told_by_the_minute_behind_a_good_round(daily: Daily) -> None:
    daily.home.now += timedelta(hours=2)
    assert daily.minute() == 1
    assert daily.home.troubles() == {("schedule_missed", "")}
    daily.round()
    assert daily.home.troubles() == set()


def test_a_daily_round_that_is_late_is_told_by_the_minute_and_by_no_round(daily: Daily) -> None:
    turn = TaskTurn(daily.site, daily._settings.daemon, daily.home.now, StopToken(), [])
    [static, _] = tasks.DAILY
    static.act(turn)
    daily.home.now += timedelta(days=3)
    assert daily.round() == 1
    assert daily.home.troubles() == set(), "it may be the next thing that is done"
    assert daily.minute() == 1
    assert daily.home.troubles() == {("schedule_missed", "")}
    static.act(turn)
    assert daily.home.troubles() == set()
    daily.round()
    assert daily.minute() == 0
