"""An incident, and what its kind means for deletes and for its consequences; no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mtdata.alerts.incident_kinds import KINDS
from mtdata.core.checks import PROGRAM

FAILED_REPORT = "report_failed"
BLOCKING = frozenset(name for name, kind in KINDS.items() if kind.blocks)
DAMAGE = frozenset(name for name, kind in KINDS.items() if kind.blocks == "site")
"""Evidence of damage: while one stands, nothing of the whole site is deleted."""
EVIDENCE = BLOCKING | {"adopted", "delete_mode", "history_changed", "ledger_behind", "mended"}
"""What an auditor asks for: a closed one is never forgotten."""
REMEMBERED = EVIDENCE | {"drift", "silence"}
"""Of these the newest of each scale is never forgotten: by it is known what was told before."""
CONSEQUENCES = {
    cause: tuple(name for name, kind in KINDS.items() if cause in kind.follows) for cause in KINDS
}
"""What each kind takes into itself while it lasts."""
TO_DO = ". To do: "
"""What follows in a detail mends just that one, better than what its kind says."""
NOTES = frozenset(name for name, kind in KINDS.items() if kind.level == "notice" or kind.at_once)
"""What only tells something, and is closed as it is opened."""


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

    @property
    def todo(self) -> str:
        """What mends it; nothing once it is over."""
        if self.closed_at is not None and self.kind not in NOTES:
            return ""
        return self.detail.partition(TO_DO)[2] or KINDS[self.kind].todo


def is_closed_by_hand(book: str, kind: str) -> bool:
    """Whether a person may close it; one of the program's only where nothing else would."""
    return book != PROGRAM or (kind in KINDS and KINDS[kind].stays)


def hinders(incident: Incident, scale: str) -> bool:
    """Whether an open incident forbids deletes of that scale."""
    blocks = KINDS[incident.kind].blocks
    return blocks == "site" or (blocks == "scale" and incident.scale == scale)
