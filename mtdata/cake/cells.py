"""How dates, spans and amounts of CAKE are written into a cell; pure, and it knows no column."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from mtdata.core.errors import AnswerBroken

_WALL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,7}))?Z?", re.A
)
_NEVER = "0001-01-01T00:00:00"


def dated(text: str) -> str:
    """dd-mm-YYYYTHH:MM:SS.ffffff of a time of the instance's wall clock; '' for MinValue.

    AnswerBroken for what is no such time.
    """
    found = _WALL.fullmatch(text)
    if not found:
        raise AnswerBroken("a date is none")
    if text.startswith(_NEVER):
        return ""
    year, month, day, time, fraction = found.groups("")
    return f"{day}-{month}-{year}T{time}.{fraction[:6]:0<6}"


def moment(text: str) -> datetime | None:
    """The time on the instance's wall clock, naive; None for MinValue and for none."""
    found = _WALL.fullmatch(text)
    if not found or text.startswith(_NEVER):
        return None
    try:
        whole = datetime.fromisoformat(text[:19])
    except ValueError:
        return None
    return whole.replace(microsecond=int(f"{(found[5] or '')[:6]:0<6}"))


def elapsed(begun: datetime, ended: datetime, zone: tzinfo) -> timedelta:
    """The real time between two times of a wall clock; negative when the click is the later one.

    Where the clock was set back between them, the wall clock says an hour too little.  A time that
    came twice counts as its first, unless only its second is not before the click.
    """
    start = begun.replace(tzinfo=zone).astimezone(UTC)
    first, second = (ended.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    # in an hour that never was the second time of the two is the earlier one
    return second - start if first < start <= second else first - start


def worded(span: timedelta) -> str:
    """H:MM:SS, hours without end, a fraction only where there is one, a minus in front."""
    sign = "-" if span < timedelta() else ""
    seconds, fraction = divmod(abs(span) // timedelta(microseconds=1), 1_000_000)
    ending = f".{fraction:06d}".rstrip("0") if fraction else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{ending}"


def as_float(text: str) -> str:
    """An amount as the original wrote it (0.7 for 0.7000), where that loses nothing."""
    try:
        short = repr(float(text))
        return short if Decimal(short) == Decimal(text) else text
    except (ValueError, InvalidOperation):
        return text
