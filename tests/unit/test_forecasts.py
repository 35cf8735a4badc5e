"""What is foreseen of a pool: opened once, closed when it is over; a pool in memory, no site."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from mtdata.core.clock import SystemClock
from mtdata.core.ports import Room
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.model.package import entries, in_batches
from mtdata.study.model.scale import Scale
from mtdata.study.pool import Pool
from mtdata.study.status import forecasts
from tests.fakes import compact
from tests.fakes_disk import MemoryDisk
from tests.ledgers import ledger_in_memory
from tests.sites import site_config

BEGUN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SCALE = "QOL"


class HandClock(SystemClock):
    """Port Clock, set by hand."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        super().__init__(zone)
        self.at = BEGUN

    def now(self) -> datetime:
        return self.at


class World:
    """A pool in memory, to which rounds come."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.disk, self.ledger, self.clock = MemoryDisk(), ledger_in_memory(), HandClock(zone)
        self.archive = FolderArchive(self.disk, self.ledger, "%Y-%m-%d", "%H%M%S")
        sheets = CsvSheets(self.disk, self.ledger, "%Y-%m-%d")
        self.pool = Pool(
            self.disk, self.archive, sheets, self.ledger, ClearCipher(), self.clock, ()
        )
        self.config = site_config("study", timezone=zone)
        self.next_id = 1

    def keep(self, count: int = 1, scale: str = SCALE) -> None:
        """Back up new entries."""
        self.ledger.listing.see(Scale(scale, count, True))
        numbers = range(self.next_id, self.next_id + count)
        self.next_id += count
        body = b"[" + b",".join(compact({"id": number}) for number in numbers) + b"]"
        for batch in in_batches(entries([body])):
            put = self.archive.volume(scale, self.clock.now()).append([one.body for one in batch])
            self.ledger.entries.back_up(
                put.mark, list(zip(batch, put.spans, strict=True)), key=put.key, start=put.start,
                piece=put.piece, conflicts=frozenset(), at=self.clock.now(),
            )  # fmt: skip

    def round(self, code: int = 0, wanted: str = ".") -> None:
        runs, now = self.ledger.runs, self.clock.at
        number = runs.begin_run(f"export study {wanted}", now)
        runs.end_run(number, code, {}, now, {SCALE: None} if code in (0, 1) else {})

    def go_on(self, length: timedelta, *, every: timedelta = HOUR / 4, code: int = 0) -> None:
        """Rounds that bring nothing, for so long."""
        end = self.clock.at + length
        while self.clock.at < end:
            self.clock.at += every
            self.round(code)

    def weeks(self, count: int) -> None:
        """Working days with an entry at eight, noon and sixteen hours."""
        for _ in range(7 * count):
            for hour in (0, 4, 8):
                moment = self.clock.at + hour * HOUR
                if moment.weekday() < 5:
                    at, self.clock.at = self.clock.at, moment
                    self.keep()
                    self.clock.at = at
            self.clock.at += DAY

    def look(self) -> set[tuple[str, str]]:
        forecasts.look_ahead(self.pool, self.config, self.clock.now())
        return self.open()

    def open(self) -> set[tuple[str, str]]:
        return {(one.kind, one.scale) for one in self.ledger.incidents.open_incidents()}

    def detail(self) -> str:
        [one] = self.ledger.incidents.open_incidents()
        return one.detail


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.ledger.close()


SILENCE = {("silence", SCALE)}


def test_silence_is_told_once_and_over_with_the_next_entry(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.config = site_config("study", every_s=900)
    world.weeks(4)
    world.clock.at -= 2 * DAY  # Saturday, eight o'clock; the longest gap is a weekend of 64 h
    world.go_on(7 * DAY)
    assert world.look() == set()
    world.go_on(DAY)
    with caplog.at_level(logging.DEBUG, "mtdata"):
        assert world.look() == SILENCE
        assert world.look() == SILENCE
    told = [one.levelno for one in caplog.records if "no new entry" in one.getMessage()]
    assert told == [logging.WARNING, logging.DEBUG]
    world.keep()
    world.round()
    assert world.look() == set()


def test_an_empty_weekend_is_no_silence(world: World) -> None:
    world.config = site_config("study", every_s=900)
    world.weeks(3)
    world.clock.at -= 2 * DAY
    for _ in range(12):
        world.go_on(4 * HOUR)
        assert world.look() == set()


def test_rounds_that_did_not_go_well_hear_no_silence(world: World) -> None:
    world.config = site_config("study", every_s=900)
    world.weeks(4)
    world.go_on(10 * DAY, every=HOUR, code=69)
    world.round()
    assert world.look() == set()


@pytest.mark.parametrize("move", [DAY, -DAY])
def test_a_clock_that_is_moved_by_a_day_makes_no_silence(world: World, move: timedelta) -> None:
    world.config = site_config("study", every_s=900)
    for _ in range(16 * 24):
        world.clock.at += HOUR
        world.keep()
    world.round()
    world.clock.at += move
    for _ in range(8):
        world.go_on(HOUR)
        assert world.look() == set()


def test_a_silence_that_a_person_closed_is_not_told_again_and_the_next_one_is(
    world: World,
) -> None:
    world.config = site_config("study", every_s=900)
    for _ in range(16 * 6):
        world.clock.at += 4 * HOUR
        world.keep()
    world.go_on(1.1 * DAY)
    assert world.look() == SILENCE
    [one] = world.ledger.incidents.open_incidents()
    assert world.ledger.incidents.close_by_hand(one.number, world.clock.at)
    world.go_on(HOUR)
    assert world.look() == set()
    world.keep()
    world.go_on(HOUR)
    assert world.look() == set()
    world.go_on(4 * DAY)
    assert world.look() == SILENCE


def test_after_four_weeks_none_is_what_is_usual(world: World) -> None:
    world.config = site_config("study", every_s=900)
    for _ in range(16 * 6):
        world.clock.at += 4 * HOUR
        world.keep()
    world.go_on(27 * DAY)
    assert world.look() == SILENCE
    world.go_on(2.5 * DAY)
    assert world.look() == set()


def test_an_adopted_pool_tells_no_moments_and_so_no_silence(world: World) -> None:
    world.config = site_config("study", every_s=900)
    world.weeks(4)
    world.ledger._db.run("UPDATE ranges SET kept_at = ?", world.clock.at.isoformat())
    world.go_on(9 * DAY)
    assert world.look() == set()


def test_a_surge_is_told_for_its_day_and_not_in_the_first_week(world: World) -> None:
    for back in range(8):
        world.keep(1200 if back in (0, 7) else 3)
        assert world.look() == set()  # the first day is as high
        world.clock.at += DAY
    world.clock.at += 10 * DAY
    world.keep(20)
    world.clock.at += 3 * DAY
    world.keep(1100)
    assert world.look() == set()  # 14 days back there is a high day still
    world.clock.at += 15 * DAY
    world.keep(1200)
    world.round()
    assert world.look() == {("surge", SCALE)}
    assert "1,200 new entries today" in world.detail()
    world.clock.at += DAY
    world.round()
    assert world.look() == set()


LOCKOUT = {("lockout_ahead", "")}


def test_a_lockout_is_foreseen_from_what_lies_on_the_site_and_comes(world: World) -> None:
    world.config = site_config("study", max_records=100)
    for _ in range(3):
        world.keep(15)
        world.round()
        world.clock.at += DAY
    world.round()
    assert world.look() == set()
    world.keep(3)
    world.clock.at += 10 * timedelta(minutes=1)
    world.round()
    assert world.look() == set()
    world.keep(25)
    world.clock.at += 10 * timedelta(minutes=1)
    world.round()
    assert world.look() == LOCKOUT
    assert "73 rows" in world.detail()
    assert "reached in about 23 h at 28 new rows a day" in world.detail()
    world.ledger._db.run("UPDATE entries SET gone_at = '2026-03-09'")
    world.round()
    assert world.look() == set()


def test_rows_that_cannot_be_carried_home_count_as_the_site_counts_them(world: World) -> None:
    world.config = site_config("study", max_records=100)
    world.keep(5)
    number = world.ledger.runs.begin_run("export study .", BEGUN)
    world.ledger.runs.end_run(number, 1, {}, BEGUN, {SCALE: 85})
    assert world.ledger.arrivals.rows_on_site() == 85
    assert world.ledger.arrivals.listed() == {}
    assert world.look() == LOCKOUT


def test_a_site_whose_limit_is_not_known_is_not_watched(world: World) -> None:
    world.keep(500)
    world.round()
    assert world.look() == set()


def test_a_disk_without_room_is_told_and_over_when_there_is_some(world: World) -> None:
    world.round()
    world.disk.free = Room(100 << 20, None)
    assert world.look() == {("disk_low", "")}
    assert "100.0 MiB are free, and 512.0 MiB should be" in world.detail()
    world.disk.free = Room(1 << 40, 12)
    assert world.look() == {("disk_low", "")}
    assert "inodes" in world.detail()
    world.disk.free = Room(1 << 40, 1 << 20)
    assert world.look() == set()


def test_a_disk_must_have_room_for_another_week_like_the_last(world: World) -> None:
    world.keep(10)
    world.ledger._db.run("UPDATE files SET length = ?", 3 << 30)
    world.round()
    world.disk.free = Room(2 << 30, None)
    assert world.look() == {("disk_low", "")}
    world.clock.at += 9 * DAY
    world.round()
    assert world.look() == set()


MISSED = {("schedule_missed", "")}


def test_a_missed_schedule_is_told_and_closed_by_a_good_round_alone(world: World) -> None:
    assert world.look() == set()
    world.round()
    world.clock.at += 16 * timedelta(minutes=1)
    assert world.look() == MISSED
    assert "no good round since 2026-03-02 08:00 UTC; one is due every 5 min" in world.detail()
    world.round(69)
    assert world.look() == MISSED
    world.round()
    assert world.look() == set()


def test_scales_that_stay_are_missed_after_six_hours(world: World) -> None:
    world.round(wanted="static")
    world.clock.at = BEGUN + 25 * HOUR
    world.round()
    assert world.look() == set()
    world.clock.at += HOUR
    world.round()
    assert world.look() == MISSED
    assert "must stay were not collected since 2026-03-02 08:00 UTC" in world.detail()
    world.round(wanted="all")
    assert world.look() == set()


def test_a_pool_in_which_only_some_scales_are_asked_for_is_not_late(world: World) -> None:
    world.round(wanted=SCALE)
    world.clock.at += 3 * DAY
    assert world.look() == set()


def test_a_round_that_begins_after_a_jump_of_the_clock_is_waited_for(world: World) -> None:
    world.round()
    world.clock.at += DAY
    world.ledger.runs.begin_run("export study .", world.clock.at)
    assert world.look() == set()
    world.clock.at += HOUR
    assert world.look() == MISSED


@pytest.mark.parametrize(
    ("begun", "move"),
    [
        (datetime(2026, 2, 19, tzinfo=UTC), 0 * DAY),  # the 23-hour day is among them
        (datetime(2026, 10, 14, tzinfo=UTC), 0 * DAY),  # and here the one of 25
        (datetime(2026, 2, 19, tzinfo=UTC), DAY),
        (datetime(2026, 2, 19, tzinfo=UTC), -DAY),
    ],
)
def test_steady_days_alarm_nobody_whatever_the_clock_does(begun: datetime, move: timedelta) -> None:
    world = World(ZoneInfo("America/New_York"))
    world.config = site_config(
        "study", every_s=6 * 3600, timezone=world.config.timezone, max_records=100_000
    )
    world.clock.at = begun
    for number in range(25 * 4):
        world.clock.at += 6 * HOUR + (move if number == 70 else 0 * DAY)
        world.keep(2)
        world.round()
        world.round(wanted="static")
        assert world.look() == set()
    world.go_on(5 * DAY, every=6 * HOUR)  # and what is wrong afterwards is told all the same
    assert world.look() == {("silence", SCALE), ("schedule_missed", "")}
    world.ledger.close()
