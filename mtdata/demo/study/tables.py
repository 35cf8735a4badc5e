"""Rows of scales as a study site has them, in memory; they never reach a disk or the network."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from mtdata.demo.wire import compact


class Table:
    """The rows of one scale, in the order in which they came, found by id."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.deleteable = True
        self.rows: dict[int, bytes] = {}
        self._places: dict[int, list[int]] = {}
        self._next = itertools.count()

    def add(self, body: bytes) -> None:
        self._put_at(next(self._next), body)

    def _put_at(self, place: int, body: bytes) -> None:
        self.rows[place] = body
        number = _id_of(body)
        if number is not None:
            self._places.setdefault(number, []).append(place)

    def remove(self, number: int) -> bool:
        places = self._places.pop(number, [])
        for place in places:
            del self.rows[place]
        return bool(places)

    def replace(self, number: int, body: bytes) -> None:
        """Put another row in the place of the first one with this id."""
        place, *others = self._places.pop(number)
        if others:
            self._places[number] = others
        self._put_at(place, body)

    def ids(self) -> list[int]:
        """Ids in the order in which their rows came."""
        placed = [(place, number) for number, places in self._places.items() for place in places]
        return [number for _, number in sorted(placed)]


class Tables:
    """The scales of a site; every method is thread-safe, names match in any case.

    `max_records`: with more deleteable rows than that, `locked_out` is True.
    """

    def __init__(self, *, max_records: int | None = None) -> None:
        self.max_records = max_records
        self._lock = threading.RLock()
        self._tables: dict[str, Table] = {}

    def offer(self, scale: str, *, deleteable: bool | None = None) -> None:
        """Have a scale of this name, empty if new; deleteable None = as it is, True if new."""
        with self._lock:
            table = self._tables.setdefault(scale.casefold(), Table(scale))
            table.deleteable = table.deleteable if deleteable is None else deleteable

    def put(
        self,
        scale: str,
        entries: Iterable[Mapping[str, Any] | bytes],
        *,
        deleteable: bool | None = None,
    ) -> None:
        """Add rows; bytes are sent as they are, and have an id when they parse and hold one."""
        bodies = [_body(entry) for entry in entries]
        with self._lock:
            self.offer(scale, deleteable=deleteable)
            for body in bodies:
                self._table(scale).add(body)

    def clear(self, scale: str) -> None:
        """Take every row away, not by a delete; the scale is still offered."""
        with self._lock:
            emptied = Table(self._table(scale).name)
            emptied.deleteable = self._table(scale).deleteable
            self._tables[scale.casefold()] = emptied

    def take(self, scale: str, id: int) -> None:
        """Let a row vanish, not by a delete.  KeyError when there is none."""
        with self._lock:
            if not self._table(scale).remove(id):
                raise KeyError(id)

    def replace(self, scale: str, id: int, entry: Mapping[str, Any] | bytes) -> None:
        """Put another row where the row with this id was.  KeyError when there is none."""
        with self._lock:
            self._table(scale).replace(id, _body(entry))

    def rows(self, scale: str) -> list[bytes]:
        """What lies there now, as it would be sent."""
        with self._lock:
            return list(self._table(scale).rows.values())

    def ids(self, scale: str) -> list[int]:
        """Ids that lie there now, in the order in which they are sent."""
        with self._lock:
            return self._table(scale).ids()

    def find(self, scale: str) -> Table | None:
        """The table of this name, None when there is none."""
        with self._lock:
            return self._tables.get(scale.casefold())

    def listing(self) -> list[dict[str, Any]]:
        """The oneShot package: one line a scale, in the order in which they were offered."""
        with self._lock:
            return [
                {"name": table.name, "size": len(table.rows), "deleteable": table.deleteable}
                for table in self._tables.values()
            ]

    def _table(self, scale: str) -> Table:
        return self._tables[scale.casefold()]

    @property
    def locked_out(self) -> bool:
        """Whether participants are kept away because too many rows wait to be collected."""
        with self._lock:
            waiting = sum(len(t.rows) for t in self._tables.values() if t.deleteable)
            return self.max_records is not None and waiting > self.max_records


def _body(entry: Mapping[str, Any] | bytes) -> bytes:
    return entry if isinstance(entry, bytes) else compact(entry)


def _id_of(body: bytes) -> int | None:
    """The id of a row, None when it does not parse or holds no whole number under "id"."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = found.get("id") if isinstance(found, dict) else None
    if isinstance(number, str) and number.isdecimal() and len(number) < 20:
        return int(number)
    return number if type(number) is int else None
