"""What can go wrong and how loudly; kinds are one line each in a table, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Kind(NamedTuple):
    """A sort of incident; `stays`: only a person closes it; `blocks`: no deletes meanwhile."""

    level: str
    stays: bool
    blocks: bool
    title: str


KINDS: dict[str, Kind] = {
    "site_unreachable": Kind("critical", False, False, "the site cannot be reached"),
    "site_refused": Kind("critical", False, False, "the site does not accept our account"),
    "package_broken": Kind("error", False, False, "a package cannot be used"),
    "name_refused": Kind("error", False, False, "a scale has a name that is not safe"),
    "entry_malformed": Kind("error", False, False, "entries are held: malformed"),
    "entry_sealed": Kind("error", False, False, "entries are held: still sealed"),
    "entry_drift": Kind("warning", False, False, "entries are held: other fields than known"),
    "entry_conflict": Kind("error", False, False, "entries are held: same id, other content"),
    "key_wrong": Kind("critical", False, False, "a private key opens nothing"),
    "key_unreadable": Kind("critical", False, False, "a private key cannot be used"),
    "drift": Kind("warning", False, False, "the fields of a scale changed"),
    "leftover": Kind("warning", False, False, "old entries still lie on the site"),
    "delete_failed": Kind("critical", False, False, "deletes failed: a data security threat"),
    "listing_shrank": Kind("critical", True, True, "entries vanished that we did not delete"),
    "ids_anew": Kind("critical", True, True, "the ids of a scale began anew"),
    "sheet_changed": Kind("error", True, False, "a sheet was changed by someone else"),
    "raw_changed": Kind("critical", True, False, "a raw file was changed or damaged"),
    "files_older": Kind("critical", True, True, "files are older than the ledger"),
    "file_unplaced": Kind("critical", False, True, "a raw file that nobody can place"),
    "storage": Kind("critical", False, False, "the pool cannot be written, read or trusted"),
    "replica_unreachable": Kind("critical", False, False, "a replica cannot be reached"),
    "replica_refused": Kind("critical", False, False, "a replica does not accept us"),
    "replica_wrong": Kind("critical", False, False, "a replica lost or changed a copy"),
    "disk_low": Kind("critical", False, False, "the disk is nearly full"),
    "schedule_missed": Kind("critical", False, False, "no good round for too long"),
    "report_missed": Kind("error", False, False, "a daily report did not come"),
    "silence": Kind("warning", False, False, "no new entry where there usually are some"),
    "surge": Kind("warning", False, False, "far more new entries than usual"),
    "lockout_ahead": Kind("critical", False, False, "the site is about to lock participants out"),
    "task_failed": Kind("critical", False, False, "a task ended by a fault of the program"),
    "config_refused": Kind("error", False, False, "a changed config is faulty; the old one holds"),
    "log_unwritable": Kind("error", False, False, "the log cannot be written"),
    "news_stuck": Kind("error", False, False, "mails or web hooks cannot be delivered"),
    "benchmark_created": Kind("notice", False, False, "the benchmark file was created"),
    "adopted": Kind("notice", False, False, "the ledger was made from the files of the pool"),
    "ledger_behind": Kind("notice", False, False, "an older ledger stood beside newer files"),
    "mended": Kind("notice", False, False, "something was mended"),
}
"""Every kind of incident; a new one is one line here."""

BLOCKING = frozenset(name for name, kind in KINDS.items() if kind.blocks)
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
