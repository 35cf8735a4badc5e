"""How grave an incident is: the order that lists, logs and numbers share; it tells nobody."""

from __future__ import annotations

from mtdata.alerts.incident_kinds import KINDS

LEVELS = {"critical": 50, "error": 40, "warning": 30, "notice": 20}
"""The gravest first, each with how loudly the log tells of it (a number of `logging`)."""
ORDER = {level: place for place, level in enumerate(LEVELS)}
"""0 is the gravest."""
LASTING = tuple(LEVELS)[:-1]
"""Of these an incident can stand open; a notice is over as it is told."""


def level_of(kind: str) -> int:
    """How loudly the log tells of a kind of incident; '' is something that is none."""
    return LEVELS[KINDS[kind].level if kind else "warning"]
