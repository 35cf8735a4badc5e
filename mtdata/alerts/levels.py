"""How loudly the log tells of an incident, by its kind."""

from __future__ import annotations

import logging

from mtdata.alerts.incident import KINDS

LEVELS = {"critical": logging.CRITICAL, "error": logging.ERROR, "warning": logging.WARNING}


def level_of(kind: str) -> int:
    """How loudly the log tells of a kind of incident."""
    return LEVELS.get(KINDS[kind].level, logging.INFO) if kind else logging.WARNING
