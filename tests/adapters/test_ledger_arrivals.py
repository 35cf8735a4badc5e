"""When entries came and what is on the site, as the ledger has it; old entries are never read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.arrivals import OnSite
from mtdata.study.model.forecast import RoundTries
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Span
from mtdata.study.model.scale import Scale
from tests.fakes import compact
from tests.ledgers import kept

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATE = NOON + 30 * DAY
COMMANDS = ("export study .", "export study all")


class Book:
    """A ledger on the disk, and the short ways into it."""

    def __init__(self, path: Path) -> None:
        self.ledger = kept(Ledger(path / "ledger.sqlite3"))
        self.arrivals = self.ledger.arrivals
        self.starts: dict[str, int] = {}

    def keep(self, at: datetime, *ids: int, scale: str = "QOL", deleteable: bool = True) -> None:
        """One range of new entries in the raw file of that day."""
        self.ledger.listing.see(Scale(scale, 1, deleteable))
        day, files = at.date().isoformat(), self.ledger.files
        mark = files.live("raw", scale, day)
        mark = mark or files.begin(files.fresh_mark("raw", scale, day, 1, f"{scale}{day}"))
        found = [read_entry(compact({"id": number})) for number in ids]
        start = mark.length
        added = [(one, Span(mark.number, start + 10 * n, 9)) for n, one in enumerate(found)]
        self.ledger.entries.back_up(
            mark._replace(length=start + 10 * len(ids)), added, key=str(start), start=start,
            piece=b" " * 10 * len(ids), conflicts=frozenset(), at=at,
        )  # fmt: skip

    def round(self, at: datetime, code: int | None = 0, command: str = COMMANDS[0]) -> None:
        number = self.ledger.runs.begin_run(command, at)
        if code is not None:
            self.ledger.runs.end_run(number, code, {}, at + MINUTE)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_new_entries_are_counted_by_scale_and_day(book: Book) -> None:
    book.keep(NOON - 40 * DAY, 1)
    book.keep(NOON - DAY, 2, 3)
    book.keep(NOON, 4)
    book.keep(NOON + MINUTE, 5, 6)
    book.keep(NOON, 7, scale="BBSIQ")
    book.keep(NOON, 8, scale="TaskLog", deleteable=False)
    assert book.arrivals.by_day("2026-03-01") == {
        "QOL": {"2026-03-11": 2, "2026-03-12": 3},
        "BBSIQ": {"2026-03-12": 1},
    }
    assert book.arrivals.totals_by_day("2026-03-12") == {"2026-03-12": 4}
    assert book.arrivals.first_days()["QOL"] == "2026-01-31"


def test_the_newest_moment_and_every_moment_of_a_scale(book: Book) -> None:
    for at in (NOON - 40 * DAY, NOON - DAY, NOON, NOON + MINUTE):
        book.keep(at, int(at.timestamp()))
    assert book.arrivals.newest("2026-03-01", LATE) == {"QOL": NOON + MINUTE}
    assert book.arrivals.newest("2026-03-13", LATE) == {}
    assert book.arrivals.moments("QOL", "2026-03-01", LATE) == [NOON - DAY, NOON, NOON + MINUTE]


def test_what_is_on_the_site_is_dated_by_its_oldest_entry(book: Book) -> None:
    book.keep(NOON - 2 * DAY, 1)
    book.keep(NOON - DAY, 2, 3)
    book.keep(NOON, 4)
    assert book.arrivals.on_site() == {"QOL": OnSite(4, 0, NOON - 2 * DAY)}
    book.ledger._db.run("UPDATE entries SET gone_at = '2026-03-12' WHERE id < 3")
    assert book.arrivals.on_site() == {"QOL": OnSite(2, 0, NOON - DAY)}


def test_what_the_pool_grew_by_is_that_of_the_days_asked_for(book: Book) -> None:
    book.keep(NOON - 9 * DAY, 1)
    book.keep(NOON - DAY, 2, 3)
    book.keep(NOON, 4, scale="TaskLog", deleteable=False)
    assert book.arrivals.grown("2026-03-05") == (30, 2)
    assert book.arrivals.grown("2026-03-13") == (0, 0)


def test_a_round_enters_what_it_carried_home_and_what_it_could_not(book: Book) -> None:
    book.keep(NOON, 1, 2)
    book.keep(NOON, 3, scale="BBSIQ")
    assert book.arrivals.listed() == {}
    number = book.ledger.runs.begin_run(COMMANDS[0], NOON)
    book.ledger.runs.end_run(number, 1, {}, NOON, {"QOL": None, "BBSIQ": 40, "unknown": 9})
    assert book.arrivals.listed() == {"QOL": NOON}
    assert book.arrivals.rows_on_site() == 42


def test_rounds_that_were_tried_are_told_from_the_last_good_one_on(book: Book) -> None:
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries()
    book.round(NOON, 69)
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(None, NOON, 1)
    book.round(NOON + MINUTE, 1)
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(NOON + 2 * MINUTE)
    book.round(NOON + DAY, 0, "export study QOL")
    book.round(NOON + 2 * DAY, 74, COMMANDS[1])
    book.round(NOON + 3 * DAY, None)
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(
        NOON + 2 * MINUTE, NOON + 2 * DAY, 2, running=True
    )
    assert book.arrivals.good_rounds(NOON, LATE, *COMMANDS) == [NOON + 2 * MINUTE]


def test_of_good_rounds_the_last_that_was_begun_counts_even_where_a_clock_was_set_back(
    book: Book,
) -> None:
    book.round(NOON + DAY)
    book.round(NOON)
    book.round(NOON + MINUTE, 69)
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(NOON + MINUTE, NOON + MINUTE, 1)


def test_what_is_read_of_rounds_does_not_grow_with_them(book: Book) -> None:
    steps = [_steps_of_tries(book, count) for count in (20, 1_000)]
    assert steps[1] < 1.5 * steps[0], steps


def _steps_of_tries(book: Book, count: int) -> int:
    """Steps of SQLite's virtual machine to tell of the tries, behind so many good rounds more."""
    for number in range(count):
        book.round(NOON + number * MINUTE)
    steps: list[None] = []
    book.ledger._db._db.set_progress_handler(lambda: steps.append(None), 1)
    assert book.arrivals.tried(LATE, *COMMANDS).tries == 0
    assert book.arrivals.tried(LATE, COMMANDS[1]) == RoundTries()  # there never was one
    book.ledger._db._db.set_progress_handler(None, 0)
    return len(steps)


def test_a_good_round_is_found_behind_many_others(book: Book) -> None:
    book.round(NOON, 0, COMMANDS[1])
    for number in range(1, 30):
        book.round(NOON + number * MINUTE, 0, "export study QOL")
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(NOON + MINUTE)
    for number in range(30, 60):
        book.round(NOON + number * MINUTE, 69)
    assert book.arrivals.tried(LATE, *COMMANDS) == RoundTries(NOON + MINUTE, NOON + 30 * MINUTE, 30)


def test_rounds_that_lie_in_the_future_are_counted_apart(book: Book) -> None:
    book.round(NOON + 365 * DAY, 0)
    assert book.arrivals.tried(NOON, *COMMANDS) == RoundTries(ahead=1)
    assert book.arrivals.good_rounds(NOON - DAY, NOON, *COMMANDS) == []
    book.round(NOON, 69)
    assert book.arrivals.tried(NOON + MINUTE, *COMMANDS) == RoundTries(None, NOON, 1, ahead=1)
    book.round(NOON, 0)
    assert book.arrivals.tried(NOON + MINUTE, *COMMANDS) == RoundTries(NOON + MINUTE)
    assert book.ledger.queries.ahead(NOON) == {"rounds": NOON + 365 * DAY + MINUTE}
    assert book.ledger.queries.ahead(NOON + 366 * DAY) == {}


def test_entries_that_came_in_the_future_end_no_silence(book: Book) -> None:
    book.keep(NOON, 1)
    book.keep(NOON + 365 * DAY, 2)
    assert book.arrivals.newest("2026-03-01", NOON) == {"QOL": NOON}
    assert book.arrivals.moments("QOL", "2026-03-01", NOON) == [NOON]


def test_no_question_reads_old_entries_or_every_round(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.keep(NOON, 1)
    book.round(NOON)
    asked: list[tuple[str, tuple[Any, ...]]] = []
    answered = LedgerDatabase.all

    def noting(self: LedgerDatabase, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        asked.append((sql, values))
        return answered(self, sql, *values)

    with monkeypatch.context() as noted:
        noted.setattr(LedgerDatabase, "all", noting)
        noted.setattr(LedgerDatabase, "row", lambda self, *q: next(iter(noting(self, *q)), None))
        book.arrivals.by_day("2026-03-01")
        book.arrivals.first_days()
        book.arrivals.newest("2026-03-01", LATE)
        book.arrivals.moments("QOL", "2026-03-01", LATE)
        book.arrivals.on_site()
        book.arrivals.grown("2026-03-01")
        book.arrivals.rows_on_site()
        book.arrivals.tried(LATE, *COMMANDS)
        book.arrivals.good_rounds(NOON, LATE, *COMMANDS)
        book.ledger.entries.counts()
    assert len(asked) >= 12
    for sql, values in asked:
        plan = [row[3] for row in book.ledger._db.all(f"EXPLAIN QUERY PLAN {sql}", *values)]
        scans = [
            step for step in plan if re.match(r"SCAN (e|entries|f|files|r|ranges|runs)\b", step)
        ]
        assert [step for step in scans if "entries_on_site" not in step] == [], (sql, plan)
