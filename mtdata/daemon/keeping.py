"""All that grows with time, and the daily pass that forgets what is older than it is kept.

A new thing that grows is a line in its room: jobs and incidents in `jobs/keeping.py`, tables of the
page in `web/keeping.py`, what a duty has in its own.  What has no line grows without being told.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby

from mtdata.alerts.marker import Marker
from mtdata.config import Settings
from mtdata.core.checks import Finding
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, RecordsError, StorageError
from mtdata.core.keeping import Amount, Growing
from mtdata.jobs.duty import Duties, KindsOf, all_ledgers
from mtdata.jobs.keeping import of_ledgers, of_records
from mtdata.web.keeping import of_page

log = logging.getLogger(__name__)
MARKER, EVERY = "pruned", timedelta(days=1)
REST_S, RETRY_S = 0.1, 3600.0
"""Between two pieces others have their turn; after a fault the next pass begins an hour later."""
MOST_PIECES = 500
"""In one go of who does not stay, such as cron's; the next one goes on."""
MANY = 100_000
"""So many of what is kept for ever are told as odd, where a key would bound them."""


def all_growing(settings: Settings, duties: Duties, *, only_look: bool = False) -> list[Growing]:
    """A line for each thing; what stands in the records only where there are some.

    Who will `only_look` makes no table newer.

    RecordsError, ConfigError: they cannot be opened; ledgers are opened later, each by its line.
    """
    lines = of_ledgers(all_ledgers(duties, settings), settings.daemon.incidents_keep_s or None)
    for duty in duties:
        lines += duty.growing(settings)
    where = settings.database
    if where.is_shared or os.path.exists(where.name):
        from mtdata.jobs.records import setting  # it brings Django along

        if not setting.is_open(where):
            (setting.open_existing if only_look else setting.open_migrated)(where)
        for duty in duties:
            lines += duty.growing_records(settings)
        lines += [*of_records(settings, KindsOf(duties)), *of_page()]
    return lines


class DailyKeeping:
    """The daemon's pass over all lines, once a day, also across restarts."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks, self._not_before = ticks, 0.0

    def is_due(self, settings: Settings) -> bool:
        """Whether the last whole pass is a day ago, and no fault is younger than an hour."""
        if self._ticks() < self._not_before:
            return False
        return not _marker(settings).is_recent(SystemClock().now(), EVERY)

    def prune(
        self,
        settings: Settings,
        duties: Duties,
        rest: Callable[[], object],
        most: int | None = None,
    ) -> int:
        """One pass; `rest` is called between two pieces and may raise.  How much was forgotten.

        It is over when every line is through, or after `most` pieces: then it stays due.  A line
        whose ledger or database refuses is told in the log, and the others have their turn.
        """
        self._not_before = self._ticks() + RETRY_S
        marker, begun = _marker(settings), SystemClock().now()
        marker.prepare()
        left, total, is_whole = most, 0, True
        with _records_closed():
            for line in all_growing(settings, duties):
                try:
                    count, pieces = _forget(line, rest, left)
                except (StorageError, RecordsError, BusyError) as error:
                    log.warning("%s: %s are not pruned now: %s", line.whose, line.name, error)
                    is_whole = False
                    continue
                total += count
                left = None if left is None else left - pieces
                if left == 0:
                    self._not_before = 0.0
                    return total
        if is_whole:
            marker.touch(begun)
        return total


def _forget(line: Growing, rest: Callable[[], object], most: int | None) -> tuple[int, int]:
    """Forget of one thing what is in at most so many pieces; how much that was, and in how many."""
    count = pieces = 0
    try:
        for forgotten in line.forget():
            count, pieces = count + forgotten, pieces + (forgotten > 0)
            rest()
            if pieces == most:
                break
    finally:
        if count:
            log.info("%s: %d %s forgotten (%s)", line.whose, count, line.name, line.rule)
    return count, pieces


@contextmanager
def _records_closed() -> Iterator[None]:
    """Whatever was asked of the records within, this thread's connection is closed behind it."""
    try:
        yield
    finally:
        if "django.db" in sys.modules:
            from mtdata.jobs.records import setting

            setting.close_records()


def _marker(settings: Settings) -> Marker:
    return Marker(FolderDisk(settings.home / "state"), MARKER)


def amounts(settings: Settings, duties: Duties) -> Iterator[tuple[Growing, Amount | None]]:
    """How much there is of each; None where that cannot be told now.

    RecordsError, ConfigError: the records cannot be opened.
    """
    for line in all_growing(settings, duties, only_look=True):
        try:
            yield line, line.amount()
        except (StorageError, RecordsError, BusyError) as error:
            log.debug("%s: %s cannot be counted: %s", line.whose, line.name, error)
            yield line, None


def check_growth(settings: Settings, duties: Duties) -> list[Finding]:
    """A finding for the program and each site: how much there is, since when, for how long.

    That a ledger or the records cannot be opened is told by the finding of their own.
    """
    try:
        known = list(amounts(settings, duties))
    except RecordsError:
        return []
    known.sort(key=lambda one: one[0].whose)
    return [
        _finding(whose, [(line, amount) for line, amount in lines if amount and amount.number])
        for whose, lines in groupby(known, key=lambda one: one[0].whose)
    ]


def _finding(whose: str, lines: list[tuple[Growing, Amount]]) -> Finding:
    told = [in_words(line, amount) for line, amount in lines]
    many = {
        line.key for line, amount in lines
        if line.key and line.keep_s is None and amount.number >= MANY
    }  # fmt: skip
    if many:
        told.append(f"{' and '.join(sorted(many))} would let old ones be forgotten")
    return Finding(whose, "growth", "odd" if many else "good", "; ".join(told) or "nothing yet")


def in_words(line: Growing, amount: Amount) -> str:
    """Such as `closed incidents: 12 since 2026-01-31 (INCIDENTS_KEEP: off)`."""
    since = f" since {amount.since:%Y-%m-%d}" if amount.since else ""
    return f"{line.name}: {amount.number:,}{since} ({line.rule})"
