"""What of incidents was told, and ledgers of an older program: nothing they hold is lost."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.alerts.notice import ToldTimes
from mtdata.core.errors import StorageError
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import LEDGER
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
OLD = (Path(__file__).parent / "ledger_of_format_1.sql").read_text("utf-8")
ROWS = """
INSERT INTO scales (name, deleteable, size) VALUES ('QOL', 1, 2);
INSERT INTO files (number, kind, scale, day, part, path, mode, length, digest, columns, writing,
    state)
  VALUES (1, 'raw', 'QOL', '2026-03-12', 1, 'raw_data/QOL_Mar_12_2026.json', 'grow', 30, x'00',
    '[]', 0, 'live');
INSERT INTO entries (scale, id, digest, file, start, length, state)
  VALUES ('QOL', 7, x'00', 1, 0, 9, 2);
INSERT INTO incidents (kind, scale, detail, count, opened_at, last_at, closed_at, closed_by)
  VALUES ('leftover', 'QOL', 'old', 3, '{at}', '{at}', '{at}', 'round');
INSERT INTO incidents (kind, scale, detail, count, opened_at, last_at)
  VALUES ('drift', 'QOL', 'open', 1, '{at}', '{at}');
INSERT INTO runs (command, started_at, ended_at, exit, report)
  VALUES ('export study .', '{at}', '{at}', 0, '{{}}');
PRAGMA user_version=1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger as the program of before left it."""
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode=WAL;" + OLD + ROWS.format(at=AT.isoformat()))
    return path


def test_an_older_ledger_opens_with_all_its_rows(old: Path) -> None:
    with closing(Ledger(old)) as ledger:
        assert [one.name for one in ledger.listing.scales()] == ["QOL"]
        assert ledger.entries.held_and_owed("QOL") == (0, 1)
        assert [one.detail for one in ledger.incidents.incidents()] == ["open", "old"]
        assert ledger.runs.last_run(LATER) == (AT, 0)
        [one] = ledger.notifications.news("study")  # what was over before counts as told
        assert (one.incident.detail, one.told) == ("open", ToldTimes())
        ledger.incidents.raise_incident("storage", "", "new", LATER)
        ledger.notifications.enter(LATER, told=[2])
        assert ledger.is_sound()
    with closing(Ledger(old)) as again:
        assert len(again.notifications.news("study")) == 2


def test_an_older_ledger_has_the_tables_of_a_new_one_afterwards(old: Path, tmp_path: Path) -> None:
    Ledger(old).close()
    Ledger(tmp_path / "new").close()

    def tables(path: Path) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as db:
            columns = "SELECT m.name, p.name, p.type, p.pk FROM sqlite_master m, "
            found = db.execute(columns + "pragma_table_info(m.name) p ORDER BY 1, 2").fetchall()
            names = "SELECT type, name FROM sqlite_master ORDER BY 1, 2"
            return [*found, *db.execute(names), *db.execute("PRAGMA user_version")]

    assert tables(old) == tables(tmp_path / "new")


def _open(path: Path) -> None:
    Ledger(path).close()


def test_two_programs_may_open_an_older_ledger_at_once(old: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for path in (old, tmp_path / "none yet"):
        both = [context.Process(target=_open, args=(path,)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert [one.exitcode for one in both] == [0, 0]


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "l")) as db:
        db.executescript(f"PRAGMA user_version={LEDGER.format + 1};")
    with pytest.raises(StorageError, match="Nothing was changed"):
        Ledger(tmp_path / "l")


def test_a_migration_that_breaks_off_changes_nothing(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {1: "ALTER TABLE incidents ADD COLUMN told_at TEXT; SELECT nothing FROM nowhere;"}
    with monkeypatch.context() as patched:
        patched.setattr("mtdata.study.ledger.LEDGER", LEDGER._replace(newer=broken))
        with pytest.raises(StorageError):
            Ledger(old)
    with closing(Ledger(old)) as ledger:
        assert len(ledger.incidents.incidents()) == 2


def test_what_was_told_is_known_again() -> None:
    ledger = ledger_in_memory()
    for kind in ("storage", "silence"):
        ledger.incidents.raise_incident(kind, "", "so", AT)
    ledger.notifications.enter(AT, told=[1])
    ledger.notifications.enter(LATER, told=[1], escalated=[1])
    first, second = ledger.notifications.news("study")
    assert first.told == ToldTimes(AT, LATER, LATER, AT)
    assert (second.book, second.told) == ("study", ToldTimes())
    ledger.notifications.enter(LATER, over=[1, 2])
    assert ledger.notifications.news("study") == []


def test_a_trouble_that_comes_again_knows_when_the_one_before_was_told() -> None:
    ledger = ledger_in_memory()
    ledger.incidents.raise_incident("storage", "", "so", AT)
    ledger.notifications.enter(AT, told=[1])
    ledger.incidents.close_incidents("", ["storage"], AT)
    ledger.incidents.raise_incident("storage", "", "again", LATER)
    assert [one.told.before_at for one in ledger.notifications.news("study")] == [AT, AT]


def test_what_was_over_long_before_anybody_was_to_be_told_is_forgotten() -> None:
    ledger = ledger_in_memory()
    for number in range(3):
        ledger.incidents.raise_incident("storage", "", "so", AT + timedelta(hours=number))
        ledger.incidents.close_incidents("", ["storage"], AT + timedelta(hours=number))
    ledger.incidents.raise_incident("silence", "", "open", AT)
    ledger.notifications.enter(AT, told=[1])
    ledger.notifications.forget(AT + timedelta(hours=1, minutes=30))
    assert [one.incident.number for one in ledger.notifications.news("study")] == [1, 3, 4]
