"""When entries came, what is still on the site, how fast the pool grows; it decides nothing.

Every question is bounded by days or by what is on the site: old entries are never read.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from mtdata.core.past import latest_counted
from mtdata.core.sqlite import LedgerDatabase, question_marks
from mtdata.study.ledger.kept_counts import KeptCounts
from mtdata.study.ledger.schema import LedgerPart
from mtdata.study.model.forecast import RoundTries
from mtdata.study.model.states import NEWER, REPLACED, ROWED, SPARE

# CROSS JOIN: SQLite keeps the order, so that only files of these days are looked at.
_FILES = "scales s CROSS JOIN files f ON f.scale = s.name AND f.day >= ?"
_BY_COMMAND = "INDEXED BY runs_command"
LAST = "9999-12-31"


class OnSite(NamedTuple):
    """What of one scale the last listing showed: how many, how many of them have a row here.

    And since when the oldest is safe.
    """

    rows: int
    rowed: int
    oldest_at: datetime | None


class Arrivals(LedgerPart):
    """Questions about time that the ledger answers."""

    def __init__(self, connection: LedgerDatabase) -> None:
        super().__init__(connection)
        self._counts = KeptCounts(connection)

    def by_day(self, since: str) -> dict[str, dict[str, int]]:
        """New entries of deleteable scales by scale and day, from that day (ISO) on."""
        leaves = {name for (name,) in self._db.all("SELECT name FROM scales WHERE deleteable = 1")}
        found: dict[str, dict[str, int]] = {}
        for (day, scale), count in self._counts.of_days(since).items():
            if scale in leaves:
                found.setdefault(scale, {})[day] = count
        return found

    def totals_by_day(self, since: str) -> dict[str, int]:
        """New entries of all deleteable scales together by day (ISO), from that day on."""
        leaves = "scale IN (SELECT name FROM scales WHERE deleteable = 1)"
        return self._counts.totals(since, leaves)

    def first_days(self, until: str = LAST) -> dict[str, str]:
        """The first day (ISO) of each scale that has a file of a day up to that one."""
        rows = self._db.all(
            "SELECT s.name, (SELECT min(f.day) FROM files f WHERE f.scale = s.name"
            " AND f.day <= ?) AS day FROM scales s WHERE day IS NOT NULL",
            until,
        )
        return dict(rows)

    def newest(self, since: str, now: datetime) -> dict[str, datetime]:
        """When the newest entry of each deleteable scale came, of those since that day.

        What lies after now does not count.
        """
        rows = self._db.all(
            "SELECT s.name, max((SELECT r.kept_at FROM ranges r WHERE r.file = f.number"
            " AND r.kept_at <= ? ORDER BY r.start DESC LIMIT 1)) AS last_at"
            f" FROM {_FILES} WHERE s.deleteable = 1 AND f.kind <> 'sheet'"
            " GROUP BY s.name HAVING last_at IS NOT NULL",
            latest_counted(now).isoformat(),
            since,
        )
        return {scale: datetime.fromisoformat(last) for scale, last in rows}

    def moments(self, scale: str, since: str, now: datetime) -> list[datetime]:
        """Every moment up to now at which new entries of the scale came, of files since that day.

        Files that were adopted tell no moments: theirs is that of the adoption.
        """
        moments = (
            "SELECT DISTINCT r.kept_at FROM files f CROSS JOIN ranges r ON r.file = f.number"
            " WHERE f.scale = ? AND f.day >= ? AND f.kind <> 'sheet' AND r.kept_at <= ?"
            " AND abs(julianday(r.kept_at) - julianday(f.day) - 0.5) < 2"
        )
        rows = self._db.all(moments, scale, since, latest_counted(now).isoformat())
        return [datetime.fromisoformat(row[0]) for row in rows]

    def on_site(self) -> dict[str, OnSite]:
        """By deleteable scale, what is still there, and since when the oldest of it is safe here.

        The exposure clock: from that moment on it could have been gone.
        """
        return {
            scale: OnSite(count, rowed, datetime.fromisoformat(kept) if kept else None)
            for scale, count, rowed, kept in self._db.all(
                "SELECT o.scale, o.count, o.rowed, (SELECT r.kept_at FROM entries e JOIN ranges r"
                " ON r.file = e.file AND r.start <= e.start WHERE e.seq = o.first"
                " ORDER BY r.start DESC LIMIT 1) AS oldest_at"
                " FROM (SELECT scale, count(*) AS count, min(iif(start >= 0, seq, NULL)) AS first,"
                f" count(*) FILTER (WHERE state = {ROWED}) AS rowed"
                " FROM entries INDEXED BY entries_on_site WHERE gone_at IS NULL GROUP BY scale) o"
                " JOIN scales s ON s.name = o.scale WHERE s.deleteable = 1"
            )
        }

    def count_on_site(self) -> int:
        """Entries of all deleteable scales together that are still there; it reads none of them."""
        return self._number(
            "SELECT coalesce(sum(o.count), 0) FROM (SELECT scale, count(*) AS count FROM entries"
            " INDEXED BY entries_on_site WHERE gone_at IS NULL GROUP BY scale) o"
            " JOIN scales s ON s.name = o.scale WHERE s.deleteable = 1"
        )

    def grown(self, since: str, until: str = LAST) -> tuple[int, int]:
        """Bytes and number of the files of the pool from that day on, up to the other."""
        row = self._db.row(
            f"SELECT coalesce(sum(f.length), 0), count(f.number) FROM {_FILES}"
            f" WHERE f.state NOT IN ('{REPLACED}', '{NEWER}', '{SPARE}') AND f.day <= ?",
            since,
            until,
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)

    # what rounds found ----------------------------------------------------------------------------

    def rows_on_site(self) -> int:
        """Rows of all deleteable scales together, as the newest rounds left them."""
        return self._number("SELECT coalesce(sum(size), 0) FROM scales WHERE deleteable = 1")

    def listed(self) -> dict[str, datetime]:
        """When each scale was last carried home whole."""
        rows = self._db.all("SELECT name, listed_at FROM scales WHERE listed_at <> ''")
        return {scale: datetime.fromisoformat(at) for scale, at in rows}

    def tried(self, now: datetime, *commands: str) -> RoundTries:
        """The last good round of these commands, and the ones after it; none that lies after now.

        Those are counted apart.
        """
        runs, until = f"command IN ({question_marks(commands)})", latest_counted(now).isoformat()
        last_good, good_at = self._last_good(runs, until, commands)
        after = (
            "SELECT min(iif(counts, number, NULL)), max(iif(counts, number, NULL)),"
            " coalesce(sum(counts), 0), coalesce(sum(1 - counts), 0) FROM (SELECT number,"
            " started_at <= ? AND coalesce(ended_at, '') <= ? AS counts FROM runs"
            f" {'NOT INDEXED' if last_good else _BY_COMMAND} WHERE {runs} AND number > ?)"
        )
        found = self._db.row(after, until, until, *commands, last_good)
        first, newest, count, ahead = found or (None, None, 0, 0)
        begun_at = self._when("started_at", first)
        running = count > 0 and self._when("ended_at", newest) is None
        return RoundTries(good_at, begun_at, count, running, ahead)

    def _last_good(
        self, runs: str, until: str, commands: tuple[str, ...]
    ) -> tuple[int, datetime | None]:
        """Number and end of the last good round that ended until then; 0 and None without one.

        The index gives the newest by its clock; behind that one, where a clock was set back, there
        may be others. So what is read does not grow with the rounds there ever were.
        """
        by_clock = (
            f"SELECT coalesce(max((SELECT number FROM runs {_BY_COMMAND}"
            " WHERE command = c.value AND exit = x.code AND ended_at <= ?"
            " ORDER BY ended_at DESC LIMIT 1)), 0)"
            " FROM json_each(?) c, (SELECT 0 AS code UNION ALL SELECT 1) x"
        )
        good = (
            f"SELECT max(number), ended_at FROM runs NOT INDEXED WHERE {runs}"
            " AND exit IN (0, 1) AND ended_at <= ? AND number >= ?"
        )
        known = self._number(by_clock, until, json.dumps(commands))
        found = self._db.row(good, *commands, until, known) if known else None
        return (found[0], datetime.fromisoformat(found[1])) if found else (0, None)

    def _when(self, which: str, number: int | None) -> datetime | None:
        if number is None:
            return None
        row = self._db.row(f"SELECT {which} FROM runs WHERE number = ?", number)
        return datetime.fromisoformat(row[0]) if row and row[0] else None

    def good_rounds(self, since: datetime, now: datetime, *commands: str) -> list[datetime]:
        """When rounds of these commands ended well after that moment, and up to now."""
        good = (
            f"SELECT ended_at FROM runs {_BY_COMMAND} WHERE exit IN (0, 1)"
            f" AND ended_at > ? AND ended_at <= ? AND command IN ({question_marks(commands)})"
        )
        until = latest_counted(now).isoformat()
        rows = self._db.all(good, since.isoformat(), until, *commands)
        return [datetime.fromisoformat(row[0]) for row in rows]
