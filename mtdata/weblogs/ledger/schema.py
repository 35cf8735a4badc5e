"""The tables of a site's ledger of web logs: which lines went out, and in which batch."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

from mtdata.alerts.incidents import INCIDENTS, is_incident
from mtdata.core.cells import Cells, Meant, is_day, is_json_object
from mtdata.core.sqlite import Schema


class LogState(StrEnum):
    """How far a log is."""

    OPEN = "open"
    """Begun, and not read to its end."""
    DONE = "done"
    """Read to its end: every line is in a batch, or counted under a reason."""
    CUT = "cut"
    """It breaks off, as a file does that is still being written: its whole lines were taken."""
    CHANGED = "changed"
    """Its earlier bytes are others than were taken: it is left as it is."""
    UNREADABLE = "unreadable"
    """No line of it can be read: an unknown format, a bomb, no archive."""


class BatchState(StrEnum):
    """How a batch stands."""

    WAITING = "waiting"
    """Nothing of it is stored: it may be sent again."""
    SENDING = "sending"
    """It is under way, or was when the program ended."""
    STORED = "stored"
    """Matomo counted each of its hits."""
    QUARANTINED = "quarantined"
    """Nobody knows what is stored of it; it is never sent again by itself."""
    POISONED = "poisoned"
    """One hit that Matomo takes in no batch: nothing of it is stored."""


def log_digest(bucket: str, key: str) -> str:
    """What tells a log from any other: a digest, for databases differ on which keys are one."""
    return sha256(f"{bucket}\0{key}".encode(errors="surrogatepass")).hexdigest()


MOVED = """CREATE TABLE moved (
  only_one INTEGER PRIMARY KEY, token TEXT NOT NULL, moved_at TEXT NOT NULL);"""
"""Says that the lines are elsewhere: whatever else the file has of them counts no more."""
FORGETTING = "CREATE INDEX batches_forget ON batches (forget_at) WHERE forget_at IS NOT NULL;"
"""Who came with a batch is forgotten at a time; most batches have none any more."""
TABLES = f"""
CREATE TABLE logs (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '',
  bucket TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL, etag TEXT NOT NULL,
  size INTEGER NOT NULL, modified_at TEXT NOT NULL, format TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL, lines INTEGER NOT NULL, ending INTEGER NOT NULL,
  digest BLOB NOT NULL, skipped TEXT NOT NULL, again INTEGER NOT NULL, turn BLOB NOT NULL,
  read_at TEXT, pushed_at TEXT);
CREATE UNIQUE INDEX logs_place ON logs (site, place);
CREATE INDEX logs_day ON logs (day, key);
CREATE TABLE batches (
  number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
  hits INTEGER NOT NULL, size INTEGER NOT NULL, tries INTEGER NOT NULL, tracked INTEGER NOT NULL,
  invalid INTEGER NOT NULL, reason TEXT NOT NULL, resolved TEXT NOT NULL,
  sent_at TEXT, ended_at TEXT, forget_at TEXT);
CREATE INDEX batches_unsettled ON batches (state) WHERE state != '{BatchState.STORED}';
{FORGETTING}
CREATE TABLE shares (
  batch INTEGER NOT NULL, log INTEGER NOT NULL, first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL, hits INTEGER NOT NULL, invalid INTEGER NOT NULL,
  taken BLOB NOT NULL, refused BLOB, local_days TEXT NOT NULL,
  besides TEXT, visitors BLOB,
  PRIMARY KEY (log, last_line, batch)) WITHOUT ROWID;
CREATE INDEX shares_batch ON shares (batch);
CREATE TABLE days (
  day TEXT PRIMARY KEY, site TEXT NOT NULL DEFAULT '', archive TEXT NOT NULL, push TEXT NOT NULL,
  archived_at TEXT, compared_at TEXT, found TEXT NOT NULL);
{MOVED}
{INCIDENTS}"""
NEWER = {
    1: f"""
ALTER TABLE logs ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE logs ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE logs SET place = log_digest(bucket, key);
DROP INDEX logs_key;
CREATE UNIQUE INDEX logs_place ON logs (site, place);
ALTER TABLE batches ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN forget_at TEXT;
{FORGETTING}
ALTER TABLE shares ADD COLUMN besides TEXT;
ALTER TABLE shares ADD COLUMN visitors BLOB;
ALTER TABLE days ADD COLUMN site TEXT NOT NULL DEFAULT '';
{MOVED}""",
}
"""What makes a ledger of that format one of the next: the first knew no sites and no visitors."""
ASTRAY = (
    "shares WHERE batch NOT IN (SELECT number FROM batches)",
    "shares WHERE log NOT IN (SELECT number FROM logs)",
)
MENDED_BY = (
    " Put back the ledger from a copy that is not older than the last import; without it a new "
    "import of a day would count its lines twice."
)


def _is_state(word: str) -> bool:
    return word in {*LogState, *BatchState}


MEANT: Meant = {
    "day": is_day,
    "kind": is_incident,
    "state": _is_state,
    "skipped": is_json_object,
    "found": is_json_object,
    "local_days": is_json_object,
    "besides": is_json_object,
}
WEBLOGS = Schema(
    2,
    TABLES,
    NEWER,
    Cells(TABLES, MEANT),
    "",
    ASTRAY,
    MENDED_BY,
    functions={"log_digest": log_digest},
)
