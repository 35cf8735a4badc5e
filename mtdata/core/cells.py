"""What may stand in the ledger's cells: all that comes out is read as if it came from outside.

A column of an answer is named like the column of the tables whose sort of value it has; a name that
ends in `_at` is a moment; any other is a whole number.  It knows no table's use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

_COLUMN = re.compile(r"\b(\w+) (TEXT|INTEGER|BLOB)\b( NOT NULL| PRIMARY KEY)?")
_TYPES: dict[str, type] = {"TEXT": str, "INTEGER": int, "BLOB": bytes}


class OddCell(ValueError):
    """A cell of the ledger holds what this program never writes there; it is not quoted."""


class Sort(NamedTuple):
    """What a column may hold: values of these types that `is_meant`, where that is asked."""

    types: frozenset[type]
    is_meant: Callable[[Any], bool] | None = None

    def may_hold(self, cell: Any) -> bool:
        """Whether one cell is well at the first look; a number below zero is looked at again."""
        types, is_meant = self
        if type(cell) not in types or (type(cell) is int and cell < 0):
            return False
        return is_meant is None or cell is None or is_meant(cell)


def _is_moment(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def is_day(text: str) -> bool:
    """Whether it is a date as ISO 8601 writes it."""
    return date.fromisoformat(text).isoformat() == text


def _is_hour(text: str) -> bool:
    return len(text) == len("2026-03-12T12") and bool(datetime.fromisoformat(f"{text}:00"))


@lru_cache(maxsize=256)
def is_text_list(text: str) -> bool:
    """Whether it is a JSON list of texts."""
    found = json.loads(text)
    return isinstance(found, list) and all(isinstance(word, str) for word in found)


def is_json_object(text: str) -> bool:
    """Whether it is an object of JSON; what a parser throws over other text passes through."""
    return isinstance(json.loads(text), dict)


Meant = Mapping[str, Callable[[Any], bool]]
"""What the cells of a column may say, by its name."""
NUMBER = Sort(frozenset({int, type(None)}))
MOMENT = Sort(frozenset({str, type(None)}), _is_moment)
WORD = Sort(frozenset({str, type(None)}))
HOUR = Sort(frozenset({str, type(None)}), _is_hour)
NUL = type(None)


@lru_cache(maxsize=8)
def _types_of(tables: str) -> Mapping[str, frozenset[type]]:
    """What each column may hold, by its name; a page of many sites opens many ledgers of a sort."""
    types: dict[str, frozenset[type]] = {}
    for name, word, need in _COLUMN.findall(tables):
        held = frozenset({_TYPES[word]} if need else {_TYPES[word], NUL})
        types[name] = types.get(name, frozenset()) | held
    return types


class Cells:
    """The columns of one schema, by name; a name that several tables have may be what each says."""

    def __init__(self, tables: str, meant: Meant) -> None:
        """`tables` is the text that makes them."""
        self._sorts = {
            name: Sort(held, _is_moment if name.endswith("_at") else meant.get(name))
            for name, held in _types_of(tables).items()
        }
        self._sorts |= {"hour": HOUR, "journal_mode": WORD}
        self._known: dict[tuple[str, ...], list[tuple[str, Sort]]] = {}

    def check(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Hold every cell of an answer against its column; OddCell, or what decoding throws."""
        key = tuple(names)
        sorts = self._known.get(key) or self._known.setdefault(key, [*map(self._sort, key)])
        if len(rows) == 1:  # most answers are
            for (name, found), cell in zip(sorts, rows[0], strict=True):
                if not found.may_hold(cell):
                    _check(name, found, [cell])
            return
        for (name, found), cells in zip(sorts, zip(*rows, strict=True), strict=False):
            _check(name, found, cells)

    def _sort(self, name: str) -> tuple[str, Sort]:
        return name, self._sorts.get(name) or (MOMENT if name.endswith("_at") else NUMBER)


def _check(name: str, found: Sort, cells: Sequence[Any]) -> None:
    types = {*map(type, cells)}
    if not types <= found.types:
        raise OddCell(f"a cell of the column {name!a} is none of its sort")
    if int in types and min(cells if types == {int} else _numbers(cells)) < -1:
        raise OddCell(f"a number of the column {name!a} is below zero")
    if found.is_meant is not None and types != {NUL}:
        for cell in {*cells} - {None}:
            if not found.is_meant(cell):
                raise OddCell(f"a cell of the column {name!a} has no meaning")


def _numbers(cells: Sequence[Any]) -> list[int]:
    return [cell for cell in cells if type(cell) is int]
