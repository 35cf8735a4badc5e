"""When something is due, and when it is late; pure: it is told what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from mtdata.core.past import past

LATE = 3
"""A site is overdue when its last good round is so many times EVERY ago."""
PATIENCE_S = 900.0
"""But never before this: a site that is collected every ten seconds may be down for a moment."""
SPREAD_S = 30.0


def is_due(last: datetime | None, every_s: float, now: datetime) -> bool:
    """Whether it was never done, or long enough ago; in the future is as never."""
    counted = past(last, now)
    return counted is None or (now - counted).total_seconds() >= every_s


def latest(at: time, zone: tzinfo | None, now: datetime) -> datetime:
    """The newest moment, UTC, at which a day of the zone reached `at`; `zone` None = the machine's.

    Of a time that a day has twice, the first counts; one that a day lacks comes when the clock has
    gone past it.
    """
    day = now.astimezone(zone).date()
    while (moment := moment_of(day, at, zone)) > now:
        day -= timedelta(days=1)
    return moment


def moment_of(day: date, at: time, zone: tzinfo | None) -> datetime:
    """When (UTC) that day of the zone reaches `at`, as in `latest`."""
    local = datetime.combine(day, at)
    # a naive time is taken for one of the machine's zone
    return (local if zone is None else local.replace(tzinfo=zone)).astimezone(UTC)


def last_reached(wall: datetime, zone: tzinfo) -> datetime:
    """When (UTC) the wall clock of the zone has reached that naive time for good.

    Of a time that comes twice, the second counts; of one that never comes, what follows the gap.
    """
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def is_due_daily(last: datetime | None, at: time, zone: tzinfo | None, now: datetime) -> bool:
    """Whether it was not done since the day's time for it."""
    counted = past(last, now)
    return counted is None or counted < latest(at, zone, now)


def is_overdue(last_good: datetime | None, every_s: float, now: datetime) -> bool:
    """Whether the last good round is too long ago; none at all is no delay, but a beginning."""
    if last_good is None:
        return False
    return (now - last_good).total_seconds() > max(LATE * every_s, PATIENCE_S)


def offset(place: int, count: int, every_s: float) -> float:
    """Seconds by which the rounds of the site at that place of `count` are put off.

    All sites at once would ask for the processor, the disk and the network at the same moment.
    """
    return place * min(SPREAD_S, every_s / 10) / count
