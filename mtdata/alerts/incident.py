"""What can go wrong and how loudly; kinds are one line each in a table, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Kind(NamedTuple):
    """A sort of incident.

    `stays`: no round closes it; `blocks`: meanwhile no deletes of its "scale", or of the whole
    "site", "" for none.
    """

    level: str
    stays: bool
    blocks: str
    title: str


KINDS: dict[str, Kind] = {
    "site_unreachable": Kind("critical", False, "", "the site cannot be reached"),
    "site_refused": Kind("critical", False, "", "the site does not accept our account"),
    "package_broken": Kind("error", False, "", "a package cannot be used"),
    "name_refused": Kind("error", False, "", "a scale has a name that is not safe"),
    "entry_malformed": Kind("error", False, "", "entries are held: malformed"),
    "entry_sealed": Kind("error", False, "", "entries are held: still sealed"),
    "entry_drift": Kind("warning", False, "", "entries are held: other fields than known"),
    "entry_conflict": Kind("error", False, "", "entries are held: same id, other content"),
    "key_wrong": Kind("critical", False, "", "a private key opens nothing"),
    "key_unreadable": Kind("critical", False, "", "a private key cannot be used"),
    "drift": Kind("warning", False, "", "the fields of a scale changed"),
    "leftover": Kind("warning", False, "", "old entries still lie on the site"),
    "delete_failed": Kind("critical", False, "", "deletes failed: a data security threat"),
    "listing_shrank": Kind("critical", True, "scale", "entries vanished that we did not delete"),
    "ids_anew": Kind("critical", True, "scale", "the ids of a scale began anew"),
    "sheet_changed": Kind("error", True, "site", "a sheet was changed by someone else"),
    "raw_changed": Kind("critical", True, "site", "a raw file was changed or damaged"),
    "files_older": Kind("critical", True, "site", "files are older than the ledger"),
    "file_unplaced": Kind("critical", False, "scale", "a raw file that nobody can place"),
    "raw_unreadable": Kind("error", False, "", "a raw file that nobody can read"),
    "pool_damaged": Kind("critical", True, "site", "files of the pool come back damaged"),
    "pool_away": Kind("critical", False, "", "the pool is not the one that was known"),
    "pool_taken": Kind("critical", False, "", "the pool belongs to another site"),
    "storage": Kind("critical", False, "", "the pool cannot be written, read or trusted"),
    "replica_unreachable": Kind("critical", False, "", "a replica cannot be reached"),
    "replica_refused": Kind("critical", False, "", "a replica does not accept us"),
    "replica_wrong": Kind("critical", False, "", "a replica lost or changed a copy"),
    "disk_low": Kind("critical", False, "", "the disk is nearly full"),
    "schedule_missed": Kind("critical", False, "", "no good round for too long"),
    "report_missed": Kind("error", False, "", "a daily report did not come"),
    "silence": Kind("warning", False, "", "no new entry where there usually are some"),
    "surge": Kind("warning", False, "", "far more new entries than usual"),
    "lockout_ahead": Kind("critical", False, "", "the site is about to lock participants out"),
    "task_failed": Kind("critical", False, "", "a task ended by a fault of the program"),
    "config_refused": Kind("error", False, "", "a changed config is faulty; the old one holds"),
    "log_unwritable": Kind("error", False, "", "the log cannot be written"),
    "news_stuck": Kind("error", False, "", "mails or web hooks cannot be delivered"),
    "benchmark_created": Kind("notice", False, "", "the benchmark file was created"),
    "adopted": Kind("notice", False, "", "the ledger was made from the files of the pool"),
    "ledger_behind": Kind("notice", False, "", "an older ledger stood beside newer files"),
    "mended": Kind("notice", False, "", "something was mended"),
}
"""Every kind of incident; a new one is one line here."""

BLOCKING = frozenset(name for name, kind in KINDS.items() if kind.blocks)
DAMAGE = frozenset(name for name, kind in KINDS.items() if kind.blocks == "site")
"""Evidence of damage: while one stands, nothing of the whole site is deleted."""
NOTES = frozenset(name for name, kind in KINDS.items() if kind.level == "notice")


class Incident(NamedTuple):
    """One trouble of one scale ('' = the whole site), from its first to its last sight."""

    number: int
    kind: str
    scale: str
    detail: str
    seen: int
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None


def hinders(incident: Incident, scale: str) -> bool:
    """Whether an open incident forbids deletes of that scale."""
    blocks = KINDS[incident.kind].blocks
    return blocks == "site" or (blocks == "scale" and incident.scale == scale)
