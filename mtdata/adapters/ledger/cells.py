"""What may stand in the ledger's cells: all that comes out is read as if it came from outside.

A column of an answer is named like the column of the tables whose sort of value it has; a name that
ends in `_at` is a moment; any other is a whole number.  It knows no table's use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from mtdata.domain.incident import KINDS

FILE_KINDS = ("raw", "sheet", "held")
LAST_STATE = 3
_COLUMN = re.compile(r"\b(\w+) (TEXT|INTEGER|BLOB)\b( NOT NULL| PRIMARY KEY)?")
_TYPES: dict[str, type] = {"TEXT": str, "INTEGER": int, "BLOB": bytes}


class OddCell(ValueError):
    """A cell of the ledger holds what this program never writes there; it is not quoted."""


class Sort(NamedTuple):
    """What a column may hold: values of these types that `is_meant`, where that is asked."""

    types: frozenset[type]
    is_meant: Callable[[Any], bool] | None = None


def _is_moment(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _is_day(text: str) -> bool:
    return date.fromisoformat(text).isoformat() == text


@lru_cache(maxsize=256)
def _are_columns(text: str) -> bool:
    found = json.loads(text)
    return isinstance(found, list) and all(isinstance(name, str) for name in found)


def _is_kind(text: str) -> bool:
    return text in KINDS or text in FILE_KINDS


def _is_state(state: object) -> bool:
    return isinstance(state, str) or (isinstance(state, int) and state <= LAST_STATE)


MEANT: dict[str, Callable[[Any], bool]] = {
    "columns": _are_columns,
    "day": _is_day,
    "kind": _is_kind,
    "state": _is_state,
}
NUMBER = Sort(frozenset({int, type(None)}))
MOMENT = Sort(frozenset({str, type(None)}), _is_moment)
WORD = Sort(frozenset({str, type(None)}))
NUL = type(None)


class Cells:
    """The columns of one schema, by name; a name that several tables have may be what each says."""

    def __init__(self, schema: str) -> None:
        """`schema` is the text that makes the tables."""
        types: dict[str, set[type]] = {}
        for name, word, need in _COLUMN.findall(schema):
            types.setdefault(name, set()).update({_TYPES[word]}, set() if need else {NUL})
        self._sorts = {
            name: Sort(frozenset(held), _is_moment if name.endswith("_at") else MEANT.get(name))
            for name, held in types.items()
        }
        self._sorts |= {"hour": WORD, "journal_mode": WORD}

    def check(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Hold every cell of an answer against its column; OddCell, or what decoding throws."""
        for place, name in enumerate(names):
            self._check(name, [row[place] for row in rows])

    def _check(self, name: str, cells: list[Any]) -> None:
        found = self._sorts.get(name) or (MOMENT if name.endswith("_at") else NUMBER)
        if not found.types.issuperset(map(type, cells)):
            raise OddCell(f"a cell of the column {name!a} is none of its sort")
        if int in found.types and min((c for c in cells if type(c) is int), default=0) < -1:
            raise OddCell(f"a number of the column {name!a} is below zero")
        if found.is_meant is not None:
            for cell in {*cells} - {None}:
                if not found.is_meant(cell):
                    raise OddCell(f"a cell of the column {name!a} has no meaning")
