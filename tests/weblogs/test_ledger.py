"""The ledger in a file of its own, and how a file of an older program becomes one of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from mtdata.alerts.incidents import INCIDENTS
from mtdata.core.errors import ConfigError
from mtdata.weblogs.ledger import WeblogLedger
from mtdata.weblogs.ledger.counts import day_besides, day_count
from tests.contracts.line_contract import DAY, LOG, NOW, LineContract, Open, begun

FIRST_FORMAT = f"""
CREATE TABLE logs (
  number INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL,
  etag TEXT NOT NULL, size INTEGER NOT NULL, modified_at TEXT NOT NULL, format TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, lines INTEGER NOT NULL, ending INTEGER NOT NULL,
  digest BLOB NOT NULL, skipped TEXT NOT NULL, again INTEGER NOT NULL, turn BLOB NOT NULL,
  read_at TEXT, pushed_at TEXT);
CREATE UNIQUE INDEX logs_key ON logs (bucket, key);
CREATE INDEX logs_day ON logs (day, key);
CREATE TABLE batches (
  number INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, hits INTEGER NOT NULL,
  size INTEGER NOT NULL, tries INTEGER NOT NULL, tracked INTEGER NOT NULL, invalid INTEGER NOT NULL,
  reason TEXT NOT NULL, resolved TEXT NOT NULL, sent_at TEXT, ended_at TEXT);
CREATE INDEX batches_unsettled ON batches (state) WHERE state != 'stored';
CREATE TABLE shares (
  batch INTEGER NOT NULL, log INTEGER NOT NULL, first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL, hits INTEGER NOT NULL, invalid INTEGER NOT NULL,
  taken BLOB NOT NULL, refused BLOB, local_days TEXT NOT NULL,
  PRIMARY KEY (log, last_line, batch)) WITHOUT ROWID;
CREATE INDEX shares_batch ON shares (batch);
CREATE TABLE days (
  day TEXT PRIMARY KEY, archive TEXT NOT NULL, push TEXT NOT NULL, archived_at TEXT,
  compared_at TEXT, found TEXT NOT NULL);
{INCIDENTS}
INSERT INTO logs VALUES (1, 'bucket', 'key', '{DAY}', 'etag', 100, '{NOW.isoformat()}', 'combined',
  'done', '', 3, 50, x'00', '{{}}', 0, x'01', NULL, NULL);
INSERT INTO batches VALUES (1, 'stored', 3, 10, 1, 3, 0, '', '', '{NOW.isoformat()}',
  '{NOW.isoformat()}');
INSERT INTO shares VALUES (1, 1, 1, 3, 3, 0, x'00', NULL, '{{"{DAY}": 3}}');
INSERT INTO days VALUES ('{DAY}', 'done', 'place', NULL, NULL, '{{}}');
PRAGMA user_version = 1;"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    found: list[WeblogLedger] = []

    def open_one(site: str = "example.org") -> WeblogLedger:
        found.append(WeblogLedger(tmp_path / f"{site}.sqlite3"))
        return found[-1]

    yield open_one
    for ledger in found:
        with suppress(sqlite3.ProgrammingError):  # a thread's own ends with it
            ledger.close()


class TestLineFile(LineContract):
    pass


def test_a_file_of_the_first_format_goes_on_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST_FORMAT)
    with closing(WeblogLedger(path)) as ledger:
        log = ledger.logs.find("bucket", "key")
        assert log is not None
        assert log.is_whole(LOG)
        assert ledger.days.state(DAY).push == "place"
        assert day_count(ledger.database, DAY).stored == 3
        assert day_besides(ledger.database, DAY)[0].untold == 1
        assert ledger.file.is_sound()
        taken, _ = begun(ledger, [4, 5])
        assert taken.number == log.number


def test_a_file_whose_lines_are_elsewhere_counts_none(tmp_path: Path) -> None:
    with closing(WeblogLedger(tmp_path / "ledger.sqlite3")) as ledger:
        begun(ledger, [1])
        with closing(WeblogLedger(tmp_path / "ledger.sqlite3")) as other, other.file.commit():
            other.file.mark_moved("token", NOW)
        with pytest.raises(ConfigError, match="ledger: records"), ledger.commit():
            ledger.logs.advance(1, ledger.logs.of_number(1).mark)
