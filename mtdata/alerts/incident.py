"""What can go wrong and how loudly; kinds are one line each in a table, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IncidentKind(NamedTuple):
    """A sort of incident.

    `stays`: no round closes it; `blocks`: meanwhile no deletes of its "scale", or of the whole
    "site", "" for none.
    """

    level: str
    stays: bool
    blocks: str
    title: str


KINDS: dict[str, IncidentKind] = {
    "site_unreachable": IncidentKind("critical", False, "", "the site cannot be reached"),
    "site_refused": IncidentKind("critical", False, "", "the site does not accept our account"),
    "package_broken": IncidentKind("error", False, "", "a package cannot be used"),
    "name_refused": IncidentKind("error", False, "", "a scale has a name that is not safe"),
    "entry_malformed": IncidentKind("error", False, "", "entries are held: malformed"),
    "entry_sealed": IncidentKind("error", False, "", "entries are held: still sealed"),
    "entry_drift": IncidentKind("warning", False, "", "entries are held: other fields than known"),
    "entry_conflict": IncidentKind("error", False, "", "entries are held: same id, other content"),
    "key_wrong": IncidentKind("critical", False, "", "a private key opens nothing"),
    "key_unreadable": IncidentKind("critical", False, "", "a private key cannot be used"),
    "drift": IncidentKind("warning", False, "", "the fields of a scale changed"),
    "leftover": IncidentKind("warning", False, "", "old entries still lie on the site"),
    "delete_failed": IncidentKind("critical", False, "", "deletes failed: a data security threat"),
    "listing_shrank": IncidentKind(
        "critical", True, "scale", "entries vanished that we did not delete"
    ),
    "ids_anew": IncidentKind("critical", True, "scale", "the ids of a scale began anew"),
    "sheet_changed": IncidentKind("error", True, "site", "a sheet was changed by someone else"),
    "raw_changed": IncidentKind("critical", True, "site", "a raw file was changed or damaged"),
    "files_older": IncidentKind("critical", True, "site", "files are older than the ledger"),
    "file_unplaced": IncidentKind("critical", False, "scale", "a raw file that nobody can place"),
    "raw_unreadable": IncidentKind("error", False, "", "a raw file that nobody can read"),
    "pool_damaged": IncidentKind("critical", True, "site", "files of the pool come back damaged"),
    "pool_away": IncidentKind("critical", False, "", "the pool is not the one that was known"),
    "pool_taken": IncidentKind("critical", False, "", "the pool belongs to another site"),
    "storage": IncidentKind("critical", False, "", "the pool cannot be written, read or trusted"),
    "replica_unreachable": IncidentKind("critical", False, "", "a replica cannot be reached"),
    "replica_refused": IncidentKind("critical", False, "", "a replica does not accept us"),
    "replica_wrong": IncidentKind("critical", False, "", "a replica lost or changed a copy"),
    "disk_low": IncidentKind("critical", False, "", "the disk is nearly full"),
    "schedule_missed": IncidentKind("critical", False, "", "no good round for too long"),
    "report_missed": IncidentKind("error", False, "", "a daily report did not come"),
    "silence": IncidentKind("warning", False, "", "no new entry where there usually are some"),
    "surge": IncidentKind("warning", False, "", "far more new entries than usual"),
    "lockout_ahead": IncidentKind(
        "critical", False, "", "the site is about to lock participants out"
    ),
    "task_failed": IncidentKind("critical", False, "", "a task ended by a fault of the program"),
    "config_refused": IncidentKind(
        "error", False, "", "a changed config is faulty; the old one holds"
    ),
    "log_unwritable": IncidentKind("error", False, "", "the log cannot be written"),
    "news_stuck": IncidentKind("error", False, "", "mails or web hooks cannot be delivered"),
    "benchmark_created": IncidentKind("notice", False, "", "the benchmark file was created"),
    "adopted": IncidentKind("notice", False, "", "the ledger was made from the files of the pool"),
    "ledger_behind": IncidentKind("notice", False, "", "an older ledger stood beside newer files"),
    "mended": IncidentKind("notice", False, "", "something was mended"),
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
