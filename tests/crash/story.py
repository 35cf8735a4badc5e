"""The small round that is cut: what lies on the site, when, and the row that each entry must get.

The rows are worked out here from the rules of the pool alone; nothing of mtdata's own is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from mtdata.demo.study.data import make_key, seal

Cells = dict[str, str]
NASTY = 'she said "no", then\r\nleft; ünïcode \u2028 =1+1, end'


class Entry(NamedTuple):
    """One entry as sent, and the cells of its row that are not empty; None = it can have no row."""

    scale: str
    id: int
    body: bytes
    cells: Cells | None

    def __repr__(self) -> str:
        return f"{self.scale} {self.id}"


def cell(value: Any) -> str:
    """A value as a sheet shows it (DESIGN: the pool)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return repr(value)


class Story:
    """Three days' worth of a site in one day: collected and gone, collected and owed, new."""

    DATED, WIDENED, BEGUN, STAYS, EMPTY = "DASS21_AS", "BBSIQ", "QOL", "TaskLog", "Demographic"
    code = 1
    """How an undisturbed round ends: one entry of QOL is no JSON and will be held."""

    def __init__(self) -> None:
        self.private, self._public = make_key(1024)
        self.gone = [self._sealed(1), self._sealed(2), self._plain(self.WIDENED, 11)]
        self.owed = [*map(self._sealed, (5, 6, 7)), self._plain(self.WIDENED, 12)]
        self.new = [
            *map(self._sealed, (8, 3, 9)),  # 3 is late: below what was collected before
            *(self._plain(self.WIDENED, number, aadded=number / 7) for number in (13, 14, 15)),
            *(self._plain(self.BEGUN, number, nested={"a": [1, None]}) for number in (21, 22)),
            Entry(self.BEGUN, 23, b'{"id":23,"text":oops}', None),
            self._plain(self.BEGUN, 24),
        ]
        tables = [range(31, 34), range(31, 36)]
        self.snapshots = [[self._plain(self.STAYS, number) for number in ids] for ids in tables]

    @property
    def entries(self) -> list[Entry]:
        """Everything that was ever on the site and may be deleted there."""
        return self.gone + self.owed + self.new

    @property
    def deleteable(self) -> list[str]:
        """Names of the scales whose entries may be deleted and were there."""
        return [self.DATED, self.WIDENED, self.BEGUN]

    def _sealed(self, number: int, scale: str = DATED) -> Entry:
        clear = {
            "id": number,
            "participantRSA": f"participant {number}",
            "text": NASTY,
            "tag": None,
        }
        body = json.dumps({**clear, "participantRSA": seal(self._public, f"participant {number}")})
        return Entry(scale, number, body.encode(), cells(clear))

    def _plain(self, scale: str, number: int, **more: Any) -> Entry:
        values = {
            "id": number,
            "done": number % 2 == 0,
            "score": number * 0.1,
            "text": NASTY,
        } | more
        return Entry(scale, number, json.dumps(values, ensure_ascii=False).encode(), cells(values))


class FirstStory(Story):
    """The same site before anything was collected from it: there is no pool yet."""

    def __init__(self) -> None:
        super().__init__()
        self.gone, self.owed = [], []
        self.snapshots = self.snapshots[1:]


class CrowdStory(Story):
    """One scale with so many sealed values that worker processes open them; none is malformed."""

    CROWD = 300
    code = 0

    def __init__(self) -> None:
        super().__init__()
        whole = [entry for entry in self.new if entry.scale != self.DATED and entry.cells]
        self.new = [self._sealed(number) for number in range(8, 8 + self.CROWD)] + whole


def cells(values: dict[str, Any]) -> Cells:
    """The cells of a row that are not empty."""
    return {name: told for name, value in values.items() if (told := cell(value))}


def bodies(entries: Iterable[Entry], scale: str) -> list[bytes]:
    """The entries of one scale as sent."""
    return [entry.body for entry in entries if entry.scale == scale]
