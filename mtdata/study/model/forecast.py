"""What goes wrong if nothing changes: silence, surge, lock-out, a full disk, a schedule missed.

Pure: plain numbers and moments in, a decision and its words out.  All moments are aware; spans
are true time, so that neither a change of the clocks nor a zone makes one longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from mtdata.core.past import past
from mtdata.core.ports import LEAST_ROOM, Room
from mtdata.core.schedule import LATE, PATIENCE_S, is_overdue, latest
from mtdata.core.words import size, span

DAY = timedelta(days=1)

# Silence: a scale that usually has some, and for long has none.
USUAL_DAYS = 5
OF_DAYS = 14
LOOK_BACK = timedelta(days=28)
"""How far a gap is remembered; after so long without any entry, none is what is usual."""
GAPS = 3

# Surge: far more than any day of late.
SURGE_TIMES = 10
SURGE_ROWS = 1000
SETTLED_DAYS = 7

# Lock-out and disk: before it is so far.
LOCKOUT_SHARE = 0.8
LOCKOUT_AHEAD_H = 48.0
ROOM_FILES = 1000
RATE_DAYS = 7

STATIC_LATE = timedelta(hours=6)


class Silence(NamedTuple):
    """Since when no new entry came, and the longest time without one that was usual before."""

    since: datetime
    usual: timedelta

    @property
    def limit(self) -> timedelta:
        """How long without a new entry is too long."""
        return max(DAY, GAPS * self.usual)

    def detail(self) -> str:
        """In words that stay the same as long as the silence lasts."""
        return (
            f"no new entry since {self.since:%Y-%m-%d %H:%M} UTC; until then there was never more "
            f"than {span(self.usual)} between two. If nothing was changed on the site, see whether "
            "participants can still answer; closed by hand it is not told again"
        )


def silence(arrivals: Iterable[datetime]) -> Silence | None:
    """What would be silence on a scale with these moments of new entries; None: nothing is usual.

    Usual is an entry on at least 5 of the 14 days before the newest one, of a scale that is known
    for these 14 days.  A gap that the last 28 days show (a weekend, a night) is none to worry of.
    """
    moments = sorted(arrivals)
    if not moments or moments[-1] - moments[0] < OF_DAYS * DAY:
        return None
    newest = moments[-1]
    recent = [moment for moment in moments if newest - moment <= LOOK_BACK]
    if len({(newest - moment) // DAY for moment in recent} & set(range(OF_DAYS))) < USUAL_DAYS:
        return None
    gaps = (after - before for before, after in pairwise(recent))
    return Silence(newest, max(gaps))


def listened(since: datetime, rounds: Sequence[datetime], every_s: float) -> timedelta:
    """For how long good rounds looked; a time without them, or a jump of the clock, counts little.

    Who was not there, or had the clock put forward by a day, has not heard a day of silence.
    """
    longest = timedelta(seconds=late_s(every_s))
    moments = [since, *sorted(moment for moment in rounds if moment > since)]
    steps = (after - before for before, after in pairwise(moments))
    return sum((min(step, longest) for step in steps), timedelta())


def surge(today: int, before: Sequence[int], known_days: int) -> str | None:
    """Words when today's new entries are far above each of the days before (the last 14).

    `known_days` is how long ago the scale had its first entry: its first week tells nothing.
    """
    most = max(before, default=0)
    if known_days < SETTLED_DAYS or today < SURGE_ROWS or today <= SURGE_TIMES * most:
        return None
    return (
        f"{today:,} new entries today; the most on a day of the last {len(before)} was {most:,}. "
        "They are collected as any others; see what sends them"
    )


def daily_rate(today: int, before: Sequence[int]) -> float:
    """New rows a day of late: the mean of these whole days, or today's so far when it is more."""
    return max(float(today), sum(before) / len(before) if before else 0.0)


def lockout(rows: int, limit: int, per_day: float, *, deletes: bool) -> str | None:
    """Words when the site is about to lock participants out, or has: `limit` rows on it.

    While no more rows lie there than come in a day, deletes (where they are on) keep pace.
    """
    stands = f"{rows:,} rows lie on the site, which locks participants out above {limit:,}"
    if rows >= limit:
        return f"{stands}: it may do so now. {_MAKE_ROOM}"
    grows = per_day > 0 and not (deletes and rows <= per_day)
    left_h = (limit - rows) / per_day * 24 if grows else None
    if rows < LOCKOUT_SHARE * limit and (left_h is None or left_h > LOCKOUT_AHEAD_H):
        return None
    if left_h is None:
        return f"{stands} (MAX_RECORDS). {_MAKE_ROOM}"
    ahead = span(timedelta(hours=left_h))
    return (
        f"{stands} (MAX_RECORDS): reached in about {ahead} at {per_day:,.0f} new rows a day. "
        f"{_MAKE_ROOM}"
    )


_MAKE_ROOM = (
    "Rows go by DELETE_MODE: True, and when nothing hinders their deletes (`mtdata deletions`)"
)


def disk_low(room: Room, week_bytes: int, week_files: int) -> str | None:
    """Words when the disk has no room for another week like the last, or less than 512 MiB."""
    least = max(LEAST_ROOM, week_bytes)
    if room.bytes < least:
        return (
            f"{size(room.bytes)} are free, and {size(least)} should be: the pool grew by "
            f"{size(week_bytes)} in 7 days. Make room before a round has none"
        )
    if room.files is not None and room.files < ROOM_FILES + week_files:
        return (
            f"room for {room.files:,} more files (inodes), and {ROOM_FILES + week_files:,} should "
            "be. Remove files that are not needed from that disk"
        )
    return None


# schedule -----------------------------------------------------------------------------------------


class RoundTries(NamedTuple):
    """What the ledger says of one command's rounds: the last good one, and those after it."""

    good_at: datetime | None = None
    begun_at: datetime | None = None  # the first round after it
    tries: int = 0  # rounds after it
    running: bool = False  # the newest of these has not ended
    ahead: int = 0  # rounds that lie in the future; none of those above is one of them


def waited_since(tried: RoundTries, now: datetime) -> datetime | None:
    """Since when a good round is waited for; None when none was ever begun.

    Where all rounds lie in the future none of them proves anything: then it is waited for at once.
    """
    since = past(tried.good_at, now) or past(tried.begun_at, now)
    return since or (now if tried.ahead else None)


def _is_round_coming(tried: RoundTries, now: datetime) -> bool:
    """Whether the first try since is running: after a pause, or a jump of the clock."""
    if not (tried.running and tried.tries == 1 and tried.begun_at):
        return False
    return abs((now - tried.begun_at).total_seconds()) <= PATIENCE_S


def is_missed(tried: RoundTries, every_s: float, now: datetime) -> bool:
    """Whether there was no good round for too long, by the rule of schedule.is_overdue."""
    since = waited_since(tried, now)
    is_late = _is_unproven(tried, now) or is_overdue(since, every_s, now)
    return is_late and not _is_round_coming(tried, now)


def _is_unproven(tried: RoundTries, now: datetime) -> bool:
    """Whether there were rounds, and every one of them lies in the future."""
    return bool(tried.ahead) and not (past(tried.good_at, now) or past(tried.begun_at, now))


def is_missed_daily(tried: RoundTries, at: time, zone: tzinfo | None, now: datetime) -> bool:
    """Whether a day's time for it is six hours past, and it was not done since."""
    since = waited_since(tried, now)
    due = latest(at, zone, now - STATIC_LATE)
    is_late = _is_unproven(tried, now) or (since is not None and since < due)
    return is_late and not _is_round_coming(tried, now)


def coming(at: time, zone: tzinfo | None, now: datetime) -> datetime:
    """The next moment, UTC, at which a day of the zone reaches `at`."""
    for hours in (12, 24):  # no two such moments are 12 hours apart or less
        if (found := latest(at, zone, now + timedelta(hours=hours))) > now:
            return found
    return latest(at, zone, now + timedelta(hours=36))


def late_s(every_s: float) -> float:
    """Seconds after which a good round is late."""
    return max(LATE * every_s, PATIENCE_S)
