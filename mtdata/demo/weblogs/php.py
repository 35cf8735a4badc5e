"""What PHP makes of JSON, numbers and times where Python makes something else; it knows no hit."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUMERIC = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\s*", re.A)
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(?:\s*(?P<zone>[+-]\d{2}:?\d{2}|[A-Za-z]+(?:/[A-Za-z_]+)*))?"
_TIMES = (
    re.compile(
        rf"(?P<year>\d{{4}})-(?P<month>\d\d?)-(?P<day>\d\d?)(?:(?:T|\s+){_CLOCK})?{_ZONE}", re.A
    ),
    re.compile(rf"(?P<day>\d\d?)/(?P<name>[A-Za-z]{{3}})/(?P<year>\d{{4}}):{_CLOCK}{_ZONE}", re.A),
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT_LIMIT = 2**63


class NumberOverflow(Exception):
    """A number beyond PHP's integers, which ends the request."""


def php_json(body: bytes) -> Any:
    """What json_decode gives, once Matomo has taken the line breaks out.

    ValueError for what PHP refuses, lone surrogates, NaN and a byte order mark among it.
    """
    text = body.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8")
    try:
        decoded = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if _SURROGATE.search(text):
        json.dumps(decoded, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return decoded


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def php_text(value: object) -> str:
    """A value as a text; what is no scalar is ''."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, (str, int)) else ""


def php_int(text: str) -> int | None:
    """A whole number, or None."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.A) else None


def php_time(text: str) -> datetime | None:
    """A time as `cdt` may give it, or None for what nobody understands.

    Numbers are seconds since 1970.  NumberOverflow for one beyond 64 bits.
    """
    if _NUMERIC.fullmatch(text):
        return _of_epoch(text)
    for form in _TIMES:
        if matched := form.fullmatch(text.strip()):
            return _of_calendar(matched.groupdict())
    return None


def _of_epoch(text: str) -> datetime | None:
    whole = php_int(text.strip())
    number = float(text) if whole is None else whole
    if abs(number) >= _INT_LIMIT:
        raise NumberOverflow("not a 64-bit integer")
    try:
        return _EPOCH + timedelta(seconds=int(number))
    except OverflowError:
        return None


def _of_calendar(words: dict[str, str | None]) -> datetime | None:
    """A date and time; a day that its month does not have belongs to the next, as in PHP."""
    name = words.get("name")
    month = _month(name) if name else int(words["month"] or 0)
    day, hour = int(words["day"] or 0), int(words["hour"] or 0)
    minute, second = int(words["minute"] or 0), int(words["second"] or 0)
    zone = _zone(words["zone"])
    if zone is None or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    if hour > 24 or minute > 59 or second > 59:
        return None
    try:
        first = datetime(int(words["year"] or 0), month, 1)
        local = first + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else 0


def _zone(name: str | None) -> tzinfo | None:
    if name is None or name.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(-away if name[0] == "-" else away) if away < timedelta(days=1) else None
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # there is no zone by that name
        return None
