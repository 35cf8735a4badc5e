"""The tables of the ledger, and what brings those of an older program up to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from mtdata.alerts.incidents import INCIDENTS, INCIDENTS_NEWER, is_incident
from mtdata.core.cells import Cells, Meant, is_day, is_json_object, is_text_list
from mtdata.core.errors import StorageError
from mtdata.core.reach import is_plain
from mtdata.core.refusals import FOREIGN
from mtdata.core.sqlite import LedgerDatabase, Schema, format_of
from mtdata.study.model.states import ERASED, HELD, LIVE, MALFORMED, ROWED, STORED

EVENTS = """CREATE TABLE events (
  number INTEGER PRIMARY KEY, entered_at TEXT NOT NULL, event TEXT NOT NULL, first INTEGER,
  last INTEGER, body TEXT NOT NULL, head BLOB NOT NULL);
CREATE INDEX events_entries ON events (first, last) WHERE first IS NOT NULL;
"""
"""What a commit did, in a chain (model/events.py); since format 4."""
COUNTS = """CREATE TABLE counts (
  scale TEXT PRIMARY KEY, waiting INTEGER NOT NULL, held_back INTEGER NOT NULL,
  rowed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE day_counts (
  day TEXT NOT NULL, scale TEXT NOT NULL, kept INTEGER NOT NULL, PRIMARY KEY (day, scale))
  WITHOUT ROWID;
"""
"""How many entries there are (ledger/kept_counts.py); since format 5."""
KEPT_SINCE = 5
_WAITING = f"entries INDEXED BY entries_waiting WHERE scale = s.name AND state < {ROWED}"
COUNTED_SCALES = (
    "SELECT s.name AS scale,"
    f" (SELECT count(*) FROM {_WAITING} AND state = {STORED}) AS waiting,"
    f" (SELECT count(*) FROM {_WAITING} AND state = {HELD}) AS held_back,"
    " (SELECT count(*) FROM files f CROSS JOIN entries e INDEXED BY entries_line"
    " ON e.sheet = f.number WHERE f.scale = s.name) AS rowed"
    " FROM (SELECT name FROM scales UNION SELECT scale FROM files) s"
)
"""What the counts of each scale should be.  Each by an index of its own: no entry is read."""
_DAYS = (
    "SELECT f.day, f.scale, sum((SELECT count(*) FROM entries e INDEXED BY entries_raw"
    " WHERE e.file = f.number)) AS kept FROM files f"
    " WHERE f.kind <> 'sheet' AND f.day >= {} GROUP BY f.day, f.scale HAVING kept > 0"
)
COUNTS_FILLED = f"INSERT INTO counts {COUNTED_SCALES}"
DAYS_FILLED = "INSERT INTO day_counts " + _DAYS.format("''")
COUNTED_DAYS = _DAYS.format("?")
"""What those of each day should be, from a day on."""
REBUILD = " `mtdata verify SITE --rebuild-ledger` makes it again from the files of the pool."
FILE_KINDS = ("raw", "sheet", "held")
ERASING = """CREATE TABLE erasures (
  number INTEGER PRIMARY KEY, sign TEXT NOT NULL UNIQUE, erased_at TEXT NOT NULL,
  key BLOB NOT NULL, raw INTEGER NOT NULL);
CREATE TABLE tombstones (
  scale TEXT NOT NULL, id INTEGER NOT NULL, mark BLOB NOT NULL, line BLOB NOT NULL,
  erasure INTEGER NOT NULL, PRIMARY KEY (scale, id, mark, line, erasure)) WITHOUT ROWID;
"""
"""What was erased, and how it is known again (ledger/erased.py)."""
TABLES = f"""
CREATE TABLE files (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, scale TEXT NOT NULL, day TEXT NOT NULL,
  part INTEGER NOT NULL, path TEXT NOT NULL, mode TEXT NOT NULL, length INTEGER NOT NULL,
  digest BLOB NOT NULL, columns TEXT NOT NULL, writing INTEGER NOT NULL, state TEXT NOT NULL,
  read_at TEXT, form INTEGER NOT NULL DEFAULT 1);
CREATE INDEX files_live ON files (kind, scale, day, part) WHERE state = '{LIVE}';
CREATE TABLE ranges (
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, key TEXT NOT NULL,
  digest BLOB NOT NULL, kept_at TEXT NOT NULL, PRIMARY KEY (file, start)) WITHOUT ROWID;
CREATE TABLE replicas (
  number INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, wanted INTEGER NOT NULL);
CREATE TABLE copies (
  replica INTEGER NOT NULL, file INTEGER NOT NULL, start INTEGER NOT NULL, put_at TEXT,
  digest BLOB, confirmed_at TEXT, last_read_at TEXT, PRIMARY KEY (replica, file, start))
  WITHOUT ROWID;
CREATE INDEX copies_missing ON copies (replica, file, start) WHERE confirmed_at IS NULL;
CREATE INDEX copies_unread ON copies (replica, coalesce(last_read_at, confirmed_at), file, start)
  WHERE confirmed_at IS NOT NULL;
CREATE TRIGGER ranges_to_copy AFTER INSERT ON ranges BEGIN
  INSERT OR IGNORE INTO copies (replica, file, start)
  SELECT number, NEW.file, NEW.start FROM replicas WHERE wanted = 1; END;
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, scale TEXT NOT NULL, id INTEGER NOT NULL, digest BLOB NOT NULL,
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
  state INTEGER NOT NULL, held TEXT, reason TEXT, tried_with TEXT, accepted INTEGER DEFAULT 0,
  sheet INTEGER, line_start INTEGER, line_length INTEGER, cells BLOB,
  asked_at TEXT, answer TEXT, gone_at TEXT, raw_lost INTEGER DEFAULT 0);
CREATE UNIQUE INDEX entries_key ON entries (scale, id, digest);
CREATE INDEX entries_waiting ON entries (scale, seq) WHERE state < {ROWED};
CREATE INDEX entries_on_site ON entries (scale, id, digest) WHERE gone_at IS NULL;
CREATE INDEX entries_raw ON entries (file, start);
CREATE INDEX entries_line ON entries (sheet, line_start) WHERE sheet IS NOT NULL;
CREATE TABLE snapshots (
  number INTEGER PRIMARY KEY, scale TEXT NOT NULL, day TEXT NOT NULL, digest BLOB NOT NULL,
  file INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, count INTEGER NOT NULL,
  columns TEXT NOT NULL, highest INTEGER NOT NULL, malformed INTEGER NOT NULL,
  sealed INTEGER, tried_with TEXT, sheet INTEGER);
CREATE TABLE scales (
  name TEXT PRIMARY KEY, deleteable INTEGER NOT NULL, columns TEXT, listed_at TEXT,
  size INTEGER NOT NULL);
{INCIDENTS}CREATE TABLE runs (
  number INTEGER PRIMARY KEY, command TEXT NOT NULL, started_at TEXT NOT NULL,
  ended_at TEXT, exit INTEGER, report TEXT);
CREATE INDEX files_day ON files (scale, day);
CREATE INDEX runs_command ON runs (command, exit, ended_at);
{EVENTS}{ERASING}{COUNTS}"""
NEWER = {
    1: f"""
{INCIDENTS_NEWER[1]}CREATE INDEX IF NOT EXISTS files_day ON files (scale, day);
CREATE INDEX IF NOT EXISTS runs_command ON runs (command, exit, ended_at);
""",
    2: f"""
ALTER TABLE files ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
UPDATE entries SET state = {STORED}, held = NULL, reason = NULL, tried_with = NULL
  WHERE held = '{MALFORMED}' AND sheet IS NULL
  AND reason IN ('a number too large', 'a value that cannot be written');
""",
    3: EVENTS + ERASING,
    4: f"{COUNTS}{COUNTS_FILLED}; {DAYS_FILLED};",
}
"""What makes a ledger of that format one of the next."""
WORKING = """
CREATE TEMP TABLE present (
  id INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (id, digest)) WITHOUT ROWID;
"""
_NO_FILE = "NOT IN (SELECT number FROM files)"
_NO_SCALE = "NOT IN (SELECT name FROM scales)"
ASTRAY = (
    f"entries WHERE (file {_NO_FILE} AND start >= 0) OR scale {_NO_SCALE}",
    f"entries WHERE sheet {_NO_FILE} OR (sheet IS NOT NULL AND line_start IS NULL)",
    "entries WHERE line_start IS NOT NULL AND line_length IS NULL",
    f"snapshots WHERE file {_NO_FILE} OR sheet {_NO_FILE} OR scale {_NO_SCALE}",
    f"ranges WHERE file {_NO_FILE}",
)
"""What names something that the ledger does not know."""


def _is_kind(text: str) -> bool:
    return text in FILE_KINDS or is_incident(text)


def _is_state(state: object) -> bool:
    return isinstance(state, str) or (isinstance(state, int) and state <= ERASED)


MEANT: Meant = {
    "columns": is_text_list,
    "day": is_day,
    "kind": _is_kind,
    "report": is_json_object,
    "state": _is_state,
}
LEDGER = Schema(5, TABLES, NEWER, Cells(TABLES, MEANT), WORKING, ASTRAY, REBUILD, looked_into=4)


class LedgerPart:
    """What is asked of some of the tables, and entered in them, over the one connection."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def _number(self, question: str, *values: Any) -> int:
        row = self._db.row(question, *values)
        return int(row[0]) if row else 0

    def _file_states(self) -> dict[str, int]:
        """The states that files are in, each with whether any of them is being written.

        One question, remembered, for all that a round wants to know is not there.
        """
        found: dict[str, int] = {}
        # no GROUP BY: to sort the files of years by their state takes three times as long
        for state, writing in self._db.remembered("SELECT DISTINCT state, writing FROM files"):
            found[state] = max(writing, found.get(state, 0))
        return found

    def any_in_hand(self) -> bool:
        """Whether a file is being written, or a round ended that left one so."""
        return any(self._file_states().values())

    def _commit(self, statement: str, *values: Any) -> int:
        """Commit one statement; how many rows it changed."""
        with self._db.commit():
            return self._db.run(statement, *values)

    def _commit_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._db.commit():
            self._db.run_many(statement, rows)


def last_head(path: Path) -> str | None:
    """The head of the last event of the ledger there, hexadecimal; None where none can be read."""
    newest = "SELECT hex(head) FROM events ORDER BY number DESC LIMIT 1"
    try:
        if not is_plain(path):
            return None
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            found = db.execute(newest).fetchone()
            return str(found[0]).lower() if found else None
    except FOREIGN:
        return None


class LedgerLost(StorageError):
    """No file is entered in the ledger that is there; nothing was changed."""


class KnowingDatabase(LedgerDatabase):
    """A ledger in which a file is entered; LedgerLost for another."""

    def _judge(self, db: sqlite3.Connection) -> None:
        super()._judge(db)
        if _lacks_files(db):
            raise LedgerLost(f"{self._path}: the ledger knows no file.{REBUILD}")


def _lacks_files(db: sqlite3.Connection) -> bool:
    """False where that cannot be read: what is wrong is told by who goes on with it."""
    try:
        return db.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None
    except sqlite3.OperationalError:
        return _has_no_files(db)
    except FOREIGN:
        return False


def _has_no_files(db: sqlite3.Connection) -> bool:
    """Whether the table itself is lacking; asked only where it cannot be read."""
    try:
        named = "SELECT 1 FROM sqlite_master WHERE name = 'files'"
        return db.execute(named).fetchone() is None
    except FOREIGN:
        return False


def knows_nothing(path: Path) -> bool:
    """Whether no file is entered in that ledger, be it empty or without our tables.

    One that cannot be read, is no file, or a newer program's, is told when it is opened, and False
    here.
    """
    try:
        if not is_plain(path):
            return False
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return format_of(db) <= LEDGER.format and _lacks_files(db)
    except FOREIGN:
        return False


def erasures_in(path: Path, otherwise: set[str]) -> set[str]:
    """The signs of the erasures that a ledger knows; `otherwise` where that is not to be read.

    What is wrong with it is told when it is opened.
    """
    try:
        if not is_plain(path):
            return otherwise
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'erasures'").fetchone() is None:
                return set()
            return {str(sign) for (sign,) in db.execute("SELECT sign FROM erasures")}
    except FOREIGN:
        return otherwise
