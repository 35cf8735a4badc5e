"""What a pass over unknown files found, counted; it reads none."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mtdata.study.integrity.placing import Unplaced


@dataclass(slots=True)
class AdoptedTotals:
    """What was found in a pool and entered in its ledger."""

    raw_files: int = 0
    entries: int = 0
    snapshots: int = 0
    sheets: int = 0
    rows: int = 0
    unproven: int = 0
    odd: list[str] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        odd = [*self.odd, *(one.detail for one in self.unplaced)]
        return asdict(replace(self, unplaced=[])) | {"odd": odd, "unplaced": len(self.unplaced)}

    def summary(self) -> str:
        """One sentence for the incident."""
        return (
            f"{self.raw_files} raw files with {self.entries} entries and {self.snapshots} "
            f"snapshots, {self.sheets} sheets with {self.rows} proven rows and {self.unproven} "
            "that no key opens now"
        )
