"""What became of one sheet that was made from raw again; it makes none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Decoded:
    """What became of one sheet: rows made, entries left out, and how it compares."""

    sheet: str
    source: str
    rows: int = 0
    left_out: int = 0
    identical: bool | None = None
    difference: str = ""
    made: bool = True  # False: an earlier `decode` made it, and it is still what it must be

    def as_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return {name: getattr(self, name) for name in self.__slots__}
