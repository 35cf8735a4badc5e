"""How a round of one site ended: in numbers, in a line of the log, and as a table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

COUNTED = ("received", "fresh", "appended", "held", "deleted", "owed")
"""What is counted of each scale."""


@dataclass(slots=True)
class RoundResult:
    """How a round ended: the exit code, and what was done.

    `scales` has numbers of entries by scale: received, fresh, appended, held, deleted and owed
    (scale_report.py).  `faults` are sentences for people.
    """

    exit: int = 0
    scales: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unentered: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, scale and detail of incidents that the ledger could not take."""
    delete_mode: bool | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it ended well, and nothing came, went, is held or is owed."""
        return not self.exit and not any(any(did.values()) for did in self.scales.values())

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        shown: dict[str, Any] = {"exit": self.exit, "scales": self.scales}
        return shown | ({"faults": self.faults} if self.faults else {})

    def as_entered(self) -> dict[str, Any]:
        """The form that the ledger keeps: the next round asks how this one deleted."""
        return self.as_json() | {"delete_mode": self.delete_mode}


def summary(result: RoundResult) -> tuple[int, str, int, str]:
    """What `Logger.log` takes for the line at the end of a round.

    It is info when something happened, else debug.
    """
    done = ("fresh", "appended", "deleted")
    told = [
        f"{scale}: " + ", ".join(f"{number} {word}" for word, number in did.items() if number)
        for scale, did in sorted(result.scales.items())
        if any(did[word] for word in done)
    ]
    level = logging.INFO if told or result.exit else logging.DEBUG
    return level, "the round ended with %d. %s", result.exit, "; ".join(told) or "Nothing new"


def table_of(result: RoundResult) -> tuple[Sequence[str], list[Sequence[object]]]:
    """The columns of a table, and its lines: one a scale, in the order of their names."""
    rows = [(scale, *(did[c] for c in COUNTED)) for scale, did in sorted(result.scales.items())]
    return ("scale", *COUNTED), [*rows]
