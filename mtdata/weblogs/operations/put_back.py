"""A ledger that was put back from a backup: what was sent since then it does not know.

So nothing is sent for its site before a person says that nothing was, or took it out again.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from mtdata.alerts.incidents import Incidents
from mtdata.core.errors import StorageError
from mtdata.weblogs.ledger.file import LineFile

KIND = "lines_unknown"


class LedgerPutBack(StorageError):
    """The ledger may be older than what was sent: a line that it lacks would be counted twice."""

    again = False


def mark_put_back(state: Path, told: str, now: datetime) -> None:
    """Enter it in each ledger of a state folder that is being put back; StorageError."""
    for path in sorted((state / "weblogs").glob("*.sqlite3")):
        with closing(LineFile(path)) as file:
            Incidents(file).raise_incident(KIND, "", told, now)


def refuse_put_back(incidents: Incidents, domain: str) -> None:
    """LedgerPutBack while nobody has said what was sent since the backup."""
    for one in incidents.open_incidents(""):
        if one.kind == KIND:
            raise LedgerPutBack(
                f"{domain}: its ledger was {one.detail}, and knows nothing of what was sent since: "
                "those lines would be counted twice. Nothing was sent. Was nothing imported since, "
                "or did you take those days out of the tracker again? Then: mtdata incidents "
                f"{domain} --close {one.number}"
            )
