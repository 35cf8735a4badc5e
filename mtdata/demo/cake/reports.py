"""The reports of the stand-in for CAKE: which rows a question means, and each row in a dialect."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from mtdata.demo.cake import fields
from mtdata.demo.cake.forms import JSON, filled, flat, json_template, xml_template
from mtdata.demo.cake.traffic import EPOCH, Born, Run, Stream, wall_ms

CLICK_BASE, EVENT_BASE = 1_630_000_000, 70_000_000
TEST_BASE, DUPLICATE_BASE, LATE_BASE = 6_000_000_000, 7_000_000_000, 8_000_000_000
PLAIN, TEST, DUPLICATE = "plain", "test", "duplicate"


class Change(NamedTuple):
    """What was changed of an event, long after: when (ms of the wall clock) and to what."""

    wall_ms: int
    disposition: str
    paid: str


class Found(NamedTuple):
    """A row, and the kind of traffic that it is of."""

    sort: str
    born: Born


class Reports:
    """Clicks and events by windows of the wall clock; thread-safe."""

    def __init__(
        self,
        zone: tzinfo,
        server_zone: tzinfo,
        *,
        clicks_a_day: int,
        events_a_day: int,
        seed: int,
        dirty: bool,
    ) -> None:
        self.zone, self._server_zone = zone, server_zone
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.clicks = {
            PLAIN: Stream(zone, clicks_a_day, CLICK_BASE, seed),
            TEST: Stream(zone, clicks_a_day // 100, TEST_BASE, seed),
            DUPLICATE: Stream(zone, clicks_a_day // 25, DUPLICATE_BASE, seed),
        }
        self.events = {
            PLAIN: Stream(zone, events_a_day, EVENT_BASE, seed),
            TEST: Stream(zone, events_a_day // 50, TEST_BASE, seed),
        }
        self._late: list[Born] = []
        self._changes: dict[int, Change] = {}
        self._lock = threading.Lock()
        marks = [dirty and kind % 7 == 2 for kind in range(fields.KINDS)]
        self.click_fields = {
            sort: [
                fields.click(kind, dirty=mark, test=sort == TEST, duplicate=sort == DUPLICATE)
                for kind, mark in enumerate(marks)
            ]
            for sort in self.clicks
        }
        self.event_fields = {
            sort: [
                fields.event(kind, dirty=mark, test=sort == TEST) for kind, mark in enumerate(marks)
            ]
            for sort in self.events
        }
        self._templates: dict[tuple[str, str, str], list[str]] = {}
        self._minute = lru_cache(maxsize=4096)(self._minute_at)

    # What happens meanwhile

    def arrive(self, at: datetime, count: int) -> None:
        """So many clicks come in late, with this time on the wall clock."""
        with self._lock:
            start = len(self._late)
            self._late += [
                Born(LATE_BASE + number, wall_ms(at), number)
                for number in range(start, start + count)
            ]

    def change(self, id: int, at: datetime, disposition: str, paid: str) -> None:
        """An event is changed at this time of the wall clock."""
        with self._lock:
            self._changes[id] = Change(wall_ms(at), disposition, paid)

    # Which rows

    def click_count(self, start: datetime, end: datetime, sorts: list[str]) -> int:
        """How many clicks a window has."""
        runs = self._runs(start, end, sorts)
        return sum(run.rows for _, run in runs) + len(self._latecomers(start, end))

    def newest_clicks(
        self, start: datetime, end: datetime, sorts: list[str], skip: int, limit: int
    ) -> Iterator[Found]:
        """Clicks of a window, the newest first, without the first `skip`."""
        runs = self._runs(start, end, sorts)
        late = self._latecomers(start, end)
        if not late and len({(sort, run.offset_ms) for sort, run in runs}) == 1:
            return self._of_one_clock(runs, skip, limit)
        ways = [
            self._rows_found(
                sort, [run for name, run in runs if (name, run.offset_ms) == (sort, off)]
            )
            for sort, off in dict.fromkeys((sort, run.offset_ms) for sort, run in runs)
        ]
        ways.append(Found(PLAIN, born) for born in sorted(late, key=_newest))
        merged = heapq.merge(*ways, key=lambda found: _newest(found.born))
        return islice(merged, skip, skip + limit)

    def _of_one_clock(self, runs: list[tuple[str, Run]], skip: int, limit: int) -> Iterator[Found]:
        for sort, run in reversed(runs):
            if skip >= run.rows:
                skip -= run.rows
                continue
            cut = run._replace(last=run.last - skip)
            cut = cut._replace(first=max(cut.first, cut.last - limit))
            skip, limit = 0, limit - cut.rows
            for born in self.clicks[sort].born(cut):
                yield Found(sort, born)
            if limit <= 0:
                return

    def _rows_found(self, sort: str, runs: list[Run]) -> Iterator[Found]:
        for run in reversed(runs):
            for born in self.clicks[sort].born(run):
                yield Found(sort, born)

    def _runs(self, start: datetime, end: datetime, sorts: list[str]) -> list[tuple[str, Run]]:
        begin, stop, now = wall_ms(start), wall_ms(end), self._now_ms()
        return [(sort, run) for sort in sorts for run in self.clicks[sort].runs(begin, stop, now)]

    def _latecomers(self, start: datetime, end: datetime) -> list[Born]:
        begin, stop = wall_ms(start), wall_ms(end)
        with self._lock:
            return [born for born in self._late if begin <= born.wall_ms < stop]

    def events_within(self, start: datetime, end: datetime, sorts: list[str]) -> list[Found]:
        """Events of a window, in no order."""
        begin, stop, now = wall_ms(start), wall_ms(end), self._now_ms()
        return [
            Found(sort, born)
            for sort in sorts
            for run in self.events[sort].runs(begin, stop, now)
            for born in self.events[sort].born(run)
        ]

    def events_changed(self, since: datetime, sorts: list[str], *, new: bool) -> list[Found]:
        """Events that were changed since, and those that are new if they are wanted."""
        wall_now = self.now().astimezone(self.zone).replace(tzinfo=None)
        found = self.events_within(since, wall_now + timedelta(hours=3), sorts) if new else []
        known = {item.born.id for item in found}
        with self._lock:
            ids = [id for id, change in self._changes.items() if change.wall_ms >= wall_ms(since)]
        wanted = [(sort, id) for id in ids if id not in known for sort in sorts]
        born = [(sort, self.events[sort].find(id)) for sort, id in wanted]
        return found + [Found(sort, one) for sort, one in born if one is not None]

    def _now_ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    # What stands in them

    def click(self, found: Found, dialect: str) -> bytes:
        """A click in a dialect."""
        return filled(self._template("click", found, dialect), self.click_values(found.born))

    def event(self, found: Found, dialect: str) -> bytes:
        """An event in a dialect."""
        template = self._template("event_conversion", found, dialect)
        return filled(template, self.event_values(found.born))

    def click_row(self, found: Found) -> dict[str, str]:
        """A click as a client should read it."""
        kind = self.click_fields[found.sort][found.born.number % fields.KINDS]
        return flat(kind, self.click_values(found.born))

    def event_row(self, found: Found) -> dict[str, str]:
        """An event as a client should read it."""
        kind = self.event_fields[found.sort][found.born.number % fields.KINDS]
        return flat(kind, self.event_values(found.born))

    def _template(self, name: str, found: Found, dialect: str) -> str:
        key = (name, found.sort, dialect)
        if key not in self._templates:
            kinds = (self.click_fields if name == "click" else self.event_fields)[found.sort]
            make = json_template if dialect == JSON else xml_template
            self._templates[key] = [make(name, kind) for kind in kinds]
        return self._templates[key][found.born.number % fields.KINDS]

    def click_values(self, born: Born) -> dict[str, object]:
        """What fills the slots of a click."""
        id, wall, number = born
        at, at_ms = self._time_texts(wall)
        return {
            "id": id,
            "at": at,
            "at_ms": at_ms,
            "visitor": id + 900_000_000,
            "tracking": id + 2_200_000_000,
            "session": id + 3_000_000_000,
            "sub_id": f"{number % 1000:03d}",
            "ip": f"203.0.113.{number % 256}",
        }

    def event_values(self, born: Born) -> dict[str, object]:
        """What fills the slots of an event."""
        with self._lock:
            change = self._changes.get(born.id, Change(born.wall_ms, "Approved", "0.7000"))
        lag_ms = (0, 45_120, -2000, 1_407_722_000)[born.number % 4]
        click_at, click_ms = self._time_texts(born.wall_ms - lag_ms)
        updated, updated_ms = self._time_texts(change.wall_ms)
        return self.click_values(born) | {
            "click_id": born.id + CLICK_BASE,
            "click_at": click_at,
            "click_at_ms": click_ms,
            "updated": updated,
            "updated_ms": updated_ms,
            "paid": change.paid,
            "disposition": change.disposition,
            "transaction": f"00{born.number}" if born.number % 2 else f"T-{born.number}x",
        }

    def _time_texts(self, wall: int) -> tuple[str, int]:
        """A time as XML tells it, and as JSON does: by the zone of the server."""
        minute, rest = divmod(wall, 60_000)
        prefix, base_ms = self._minute(minute)
        seconds, ms = divmod(rest, 1000)
        fraction = f".{ms:03d}".rstrip("0") if ms else ""
        return f"{prefix}{seconds:02d}{fraction}", base_ms + rest

    def _minute_at(self, minute: int) -> tuple[str, int]:
        wall = EPOCH + timedelta(minutes=minute)
        moment = wall.replace(tzinfo=self._server_zone, fold=1)  # .NET takes the standard time
        return wall.strftime("%Y-%m-%dT%H:%M:"), int(moment.timestamp()) * 1000


def _newest(born: Born) -> tuple[int, int]:
    return -born.wall_ms, -born.id
