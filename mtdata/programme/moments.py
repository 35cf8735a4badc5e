"""Times as people order by them and as files have them: in a zone, read back without loss; pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mtdata.programme.columns import moment

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z", re.ASCII)
SMALLEST, HOUR = timedelta(microseconds=1), timedelta(hours=1)


def moment_text(at: datetime, zone: ZoneInfo) -> str:
    """`2020-05-15 14:30:00+02:00`, which `columns.moment` reads in whatever zone.

    In UTC where the zone's offset is no whole minute, as before 1900, or the calendar ends.
    """
    local = local_moment(at, zone)
    offset = local.utcoffset()
    if offset is None or offset.microseconds or offset.seconds % 60:
        local = at.astimezone(UTC)
    return local.isoformat(" ")


def moment_of(utc: str) -> datetime:
    """The moment of a text such as `2020-05-15 12:30:00.5`, which is in UTC."""
    return datetime.fromisoformat(utc).replace(tzinfo=UTC)


class MomentTexts:
    """What `moment_text` makes of times in UTC that come as texts, and mostly in their order.

    The zone is asked once for each hour: of most all has one offset, of whole hours.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hour = self._front = self._offset = ""

    def local(self, utc: str) -> str:
        """Of `2020-05-15 12:30:00.5` in Berlin `2020-05-15 14:30:00.500000+02:00`."""
        if utc[:13] != self._hour:
            self._turn_to(utc[:13])
        if not self._front:
            return moment_text(moment_of(utc), self._zone)
        rest = utc[13:]
        return f"{self._front}{rest if len(rest) == 6 else _with_micros(rest)}{self._offset}"

    def _turn_to(self, hour: str) -> None:
        first = local_moment(moment_of(f"{hour}:00:00"), self._zone)
        last = local_moment(moment_of(f"{hour}:59:59.999999"), self._zone)
        offset = first.utcoffset()
        is_one = offset is not None and offset == last.utcoffset() and not offset % HOUR
        self._hour, text = hour, first.isoformat(" ")
        self._front, self._offset = (text[:13], text[19:]) if is_one else ("", "")


def _with_micros(rest: str) -> str:
    """Minute and second behind an hour, with all six digits, or none where all are 0."""
    micros = rest[7:].ljust(6, "0")
    return rest[:6] if micros == "000000" else f"{rest[:6]}.{micros}"


def local_moment(at: datetime, zone: ZoneInfo) -> datetime:
    """A moment by the clocks of the zone; in UTC where the calendar ends between the two."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at.astimezone(UTC)


def first_moment(words: str, zone: ZoneInfo) -> datetime:
    """The beginning of a day, or a time; of one that the clocks show twice the first.

    ValueError for what is none.
    """
    return _midnight(words, zone) if _DAY.fullmatch(words) else moment(words, zone)


def last_moment(words: str, zone: ZoneInfo) -> datetime:
    """The end of a day, or a time; of one that the clocks show twice the second.

    ValueError for what is none.
    """
    if _DAY.fullmatch(words):
        try:
            return _midnight(words, zone, days=1) - SMALLEST
        except OverflowError:
            raise ValueError("it is no day that can be reckoned with") from None
    at = moment(words, zone)
    if _OFFSET.search(words):
        return at
    return at.astimezone(zone).replace(fold=1).astimezone(UTC)


def _midnight(words: str, zone: ZoneInfo, days: int = 0) -> datetime:
    try:
        day = datetime.fromisoformat(words).date() + timedelta(days=days)
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such day") from None
