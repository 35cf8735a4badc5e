"""What is told of an incident: `--json`, the API and its document, and pages derive from it.

A class is called in the API's document as here, without the word Shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mtdata.alerts.incident import Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.core.plain import plain


@dataclass(frozen=True)
class IncidentShape:
    """A trouble."""

    number: int
    kind: str
    level: str
    scale: str
    detail: str
    count: int
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None
    to_do: str


def shape_of(incident: Incident) -> IncidentShape:
    """What is told of an incident."""
    return IncidentShape(
        number=incident.number,
        kind=incident.kind,
        level=KINDS[incident.kind].level,
        scale=incident.scale,
        detail=incident.detail,
        count=incident.seen,
        opened_at=incident.opened_at,
        last_at=incident.last_at,
        closed_at=incident.closed_at,
        to_do=incident.todo,
    )


def incident_of_json(found: Mapping[str, Any]) -> Incident:
    """The incident that was told in that form."""
    closed_at = found["closed_at"]
    return Incident(
        number=found["number"],
        kind=found["kind"],
        scale=found["scale"],
        detail=found["detail"],
        seen=found["count"],
        opened_at=datetime.fromisoformat(found["opened_at"]),
        last_at=datetime.fromisoformat(found["last_at"]),
        closed_at=datetime.fromisoformat(closed_at) if closed_at else None,
    )


def incident_json(incident: Incident) -> dict[str, Any]:
    """An incident in the form that `--json` prints; times are ISO 8601 in UTC."""
    found: dict[str, Any] = plain(shape_of(incident))
    return found
