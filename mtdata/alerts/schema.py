"""The tables of incidents: in each pool's ledger beside its own, and alone in the program's."""

from __future__ import annotations

from mtdata.alerts.incident import KINDS
from mtdata.core.sqlite import Schema

INCIDENTS = """CREATE TABLE incidents (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, scale TEXT NOT NULL, detail TEXT NOT NULL,
  count INTEGER NOT NULL, opened_at TEXT NOT NULL, last_at TEXT NOT NULL, closed_at TEXT,
  closed_by TEXT, told_at TEXT, again_at TEXT, escalated_at TEXT, over_at TEXT);
CREATE UNIQUE INDEX incidents_open ON incidents (kind, scale) WHERE closed_at IS NULL;
CREATE INDEX incidents_untold ON incidents (number) WHERE over_at IS NULL;
CREATE INDEX incidents_told ON incidents (kind, scale, number) WHERE told_at IS NOT NULL;"""
INCIDENTS_NEWER = {
    1: """
ALTER TABLE incidents ADD COLUMN told_at TEXT;
ALTER TABLE incidents ADD COLUMN again_at TEXT;
ALTER TABLE incidents ADD COLUMN escalated_at TEXT;
ALTER TABLE incidents ADD COLUMN over_at TEXT;
UPDATE incidents SET told_at = opened_at, over_at = closed_at WHERE closed_at IS NOT NULL;
CREATE INDEX incidents_untold ON incidents (number) WHERE over_at IS NULL;
CREATE INDEX incidents_told ON incidents (kind, scale, number) WHERE told_at IS NOT NULL;""",
    2: "",
}
"""What makes the incidents of a ledger of that format those of the next."""


def is_incident(kind: str) -> bool:
    """Whether there is such a kind."""
    return kind in KINDS


PROGRAM_LEDGER = Schema(3, INCIDENTS, INCIDENTS_NEWER, {"kind": is_incident})
"""Formats count as the pools' do: older programs wrote the tables of a pool into it as well."""
