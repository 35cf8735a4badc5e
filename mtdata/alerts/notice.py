"""Which news are due: what opened, lasts, is over, or has lasted too long; pure, it sends nothing.

A trouble is told when it opens, with every digest while it lasts, and once when it is over.  One
that comes and goes is told at its first opening; the next digest says how often it came back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from mtdata.alerts.incident import NOTES, Incident
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.levels import ORDER
from mtdata.core.past import past

Sort = Literal["opened", "over", "lasting", "escalated"]


class ToldTimes(NamedTuple):
    """What was told of an incident: its opening, the newest digest, that it lasts too long.

    `before_at` is when an opening of the same kind and scale was last told.
    """

    opened_at: datetime | None = None
    again_at: datetime | None = None
    escalated_at: datetime | None = None
    before_at: datetime | None = None


class News(NamedTuple):
    """An incident of one book (a site's name or PROGRAM), of which something may be due."""

    book: str
    incident: Incident
    told: ToldTimes = ToldTimes()

    @property
    def is_open(self) -> bool:
        """Whether the trouble lasts."""
        return self.incident.closed_at is None

    @property
    def is_note(self) -> bool:
        """Whether it only tells something, and was closed as it was opened."""
        return self.incident.kind in NOTES

    @property
    def level(self) -> str:
        """How grave it is."""
        return KINDS[self.incident.kind].level

    @property
    def damping_key(self) -> tuple[str, str, str]:
        """What damping goes by: the book, the kind and the scale."""
        return self.book, self.incident.kind, self.incident.scale


class Item(NamedTuple):
    """One trouble in a notice; `back` is how often it came back since it was last told."""

    news: News
    back: int = 0


class Notice(NamedTuple):
    """What one message tells; `settled` is all of whose telling it takes care."""

    sort: Sort
    items: tuple[Item, ...]
    settled: tuple[News, ...]


class AlertIntervals(NamedTuple):
    """How often a digest comes, and when somebody else is told as well (None = nobody)."""

    digest: timedelta
    escalate: timedelta | None


def due(news: Sequence[News], now: datetime, intervals: AlertIntervals) -> list[Notice]:
    """The notices that are due now, at most one of each sort."""
    fresh, over, waiting = _parted(news, intervals)
    notes = [one for one in waiting if one.is_note]
    found = [_notice("opened", fresh), _notice("over", over)]
    if any(_is_digest_due(one, now, intervals) for one in waiting):
        found.append(_digest(waiting))
    found = [notice for notice in found if notice.items]
    if found and found[-1].sort != "lasting":  # notes go with whatever goes out
        found[0] = _notice(found[0].sort, [*found[0].settled, *notes])
    late = [one for one in news if _is_late(one, now, intervals)]
    return [*found, _notice("escalated", late)] if late else found


def _parted(
    news: Sequence[News], intervals: AlertIntervals
) -> tuple[list[News], list[News], list[News]]:
    """What is to be told at once as new, at once as over, and what the next digest tells."""
    fresh: list[News] = []
    over: list[News] = []
    waiting: list[News] = []
    flapping = {one.damping_key for one in news if not one.is_open and one.told.opened_at is None}
    for one in news:
        if one.told.opened_at is not None:
            (waiting if one.is_open else over).append(one)
        elif KINDS[one.incident.kind].at_once or (
            one.is_open and one.damping_key not in flapping and not _came_back(one, intervals)
        ):
            fresh.append(one)
        else:
            waiting.append(one)
    return fresh, over, waiting


def _came_back(one: News, intervals: AlertIntervals) -> bool:
    before = one.told.before_at
    return before is not None and abs(one.incident.opened_at - before) < intervals.digest


def _is_digest_due(one: News, now: datetime, intervals: AlertIntervals) -> bool:
    """A digest sweeps up all that waits, so the next is due one span after it at the earliest."""
    last = one.told.again_at or one.told.opened_at or one.incident.opened_at
    return _is_past(last, now, intervals.digest)


def _is_past(since: datetime, now: datetime, span: timedelta) -> bool:
    """Whether that long ago, or told by a clock that was put back: never silent for ever."""
    counted = past(since, now)
    return counted is None or now - counted >= span


def _is_late(one: News, now: datetime, intervals: AlertIntervals) -> bool:
    if intervals.escalate is None or not one.is_open or one.told.escalated_at is not None:
        return False
    is_grave = ORDER[one.level] <= ORDER["error"]
    return is_grave and _is_past(one.incident.opened_at, now, intervals.escalate)


def _notice(sort: Sort, news: Iterable[News]) -> Notice:
    told = tuple(news)
    return Notice(sort, _by_gravity(Item(one) for one in told), told)


def _digest(waiting: Sequence[News]) -> Notice:
    """Each trouble once, by its newest incident, with how often it came back untold."""
    newest: dict[tuple[str, ...], News] = {}
    back: dict[tuple[str, ...], int] = {}
    for one in waiting:
        key: tuple[str, ...] = one.damping_key
        if one.is_note:  # each tells something else
            key = (*key, str(one.incident.number))
        newest[key] = one
        again = one.told.opened_at is None and not one.is_note
        back[key] = back.get(key, 0) + again
    for key, one in newest.items():  # one that was never told before did not come back
        if one.told.before_at is None and one.told.opened_at is None and back[key]:
            back[key] -= 1
    items = (Item(one, back[key]) for key, one in newest.items())
    return Notice("lasting", _by_gravity(items), tuple(waiting))


def _by_gravity(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (ORDER[item.news.level], item.news.damping_key)))
