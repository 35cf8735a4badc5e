"""From a value of weblogs.config as written to the value as used, one function a sort.

Each raises ValueError with the reason; no reason quotes a value that could be a secret.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mtdata.config import values
from mtdata.core.s3 import bucket_of

FLAGS = ("enable_static", "enable_bots", "enable_http_errors", "enable_http_redirects")
DIMENSIONS = ("bot", "status")
_LONGEST = 1_000
_MOST_WORDS = 1_000
_PATTERN = re.compile(r"\{(?:(site)|date:([^{}]*))\}")
_KEY = re.compile(r"[^\x00-\x1f\x7f{}\ud800-\udfff]*")
_DATE_FORMAT = re.compile(r"(?:%[YymdbBjHMS]|[-_.:/A-Za-z0-9 ])+", re.ASCII)
_PREFIX_FORMAT = re.compile(r"(?:%[Yymdj]|[-_./A-Za-z0-9=])+", re.ASCII)
_DOMAIN = re.compile(
    r"(?=.{1,100}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII,
)
_EXTENSION = re.compile(r"[a-z0-9]{1,16}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_MATOMO_PAGES = ("index.php", "matomo.php", "piwik.php")
_SAMPLE_DAYS = (date(2016, 2, 29), date(2021, 11, 3))


def site_domain(value: Any) -> str:
    """A domain in lower case.  ValueError for anything else: it becomes a part of keys."""
    word = str(value).lower()
    if not isinstance(value, str) or not _DOMAIN.fullmatch(word):
        raise ValueError("it is no domain such as www.example.org")
    return word


def matomo_url(value: Any) -> str:
    """The base URL of Matomo; http:// is put before what has no scheme.  ValueError for no URL."""
    text = values.text(value).strip()
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise ValueError("a URL has no spaces, control characters or backslashes")
    url = values.split_url(text if "://" in text else f"http://{text}")
    path = url.path.rstrip("/")
    for page in _MATOMO_PAGES:
        path = path.removesuffix(f"/{page}")
    return f"{url.scheme}://{url.netloc.lower()}{path.rstrip('/')}"


def log_bucket(value: Any) -> str:
    """`s3://bucket` or `file:///folder`; a word alone is a bucket.  ValueError for any other."""
    text = str(value).rstrip("/")
    if text.startswith("file:///") and not re.search(r"[\x00-\x1f\x7f?#]|/\.\.?(/|\Z)", text):
        return text
    found = bucket_of(text if "://" in text else f"s3://{text}")
    if not found:
        raise ValueError("it is neither the name of a bucket nor the URL of a folder")
    if found[1]:
        raise ValueError("behind the bucket stands a prefix: write it into the key for that")
    return f"s3://{found[0]}"


def key_prefix(value: Any) -> str:
    """What keys begin with, with {site} and {date:%Y/%m/%d} in it.  ValueError for other braces."""
    if not isinstance(value, str):
        raise ValueError("it is no text")
    text = value
    expanded_prefix(text, "example.org", _SAMPLE_DAYS[0])
    if not _KEY.fullmatch(_PATTERN.sub("", text)):
        raise ValueError("in braces only site and date:%Y/%m/%d are allowed")
    for found in _PATTERN.finditer(text):
        if found[2] is not None and not _PREFIX_FORMAT.fullmatch(found[2]):
            raise ValueError("of a date only %Y %y %m %d %j are allowed")
    if text.startswith("/") or len(text) > _LONGEST:
        raise ValueError("it begins with / or is too long")
    return text


def archive_prefix(value: Any) -> str:
    """The prefix of archives: folders of letters, digits, `.`, `_` and `-`.

    ValueError for any other.
    """
    text = str(value).strip("/")
    if text and not bucket_of(f"s3://bucket/{text}"):
        raise ValueError("it is no prefix of letters, digits, . _ - and /")
    return text


def expanded_prefix(prefix: str, site: str, day: date) -> str:
    """The prefix of that site and day."""
    return _PATTERN.sub(lambda found: site if found[1] else f"{day:{found[2]}}", prefix)


def varies_by_day(prefix: str) -> bool:
    """Whether a prefix names the day."""
    return "{date:" in prefix


def pattern(value: Any) -> re.Pattern[str]:
    """A regular expression.  ValueError for what is none."""
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("it is no text, or too long")
    try:
        return re.compile(value)
    except (re.error, RecursionError, OverflowError):
        raise ValueError("it is no regular expression") from None


def date_format(value: Any) -> str:
    """A strptime format that names one day.  ValueError for one that does not."""
    text = str(value)
    if not _DATE_FORMAT.fullmatch(text):
        raise ValueError("of directives only %Y %y %m %d %b %B %j %H %M %S are allowed")
    if any(named_day(f"{day:{text}}", text) != day for day in _SAMPLE_DAYS):
        raise ValueError("it does not tell a day from another")
    return text


def named_day(text: str, form: str) -> date | None:
    """The day that a text names by a strptime format; None when it names none."""
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None


def flags(value: Any) -> frozenset[str]:
    """Flags by name, `none` for none of them.  ValueError for any other word."""
    given = set(words(value))
    if given - {*FLAGS, "none"} or ("none" in given and len(given) > 1):
        raise ValueError("one of them is no flag")
    return frozenset(given - {"none"})


def words(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas.  ValueError for what is neither."""
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple | set | frozenset) or len(given) > _MOST_WORDS:
        raise ValueError("it is no list of texts, or too long")
    if not all(isinstance(word, str) and len(word) <= _LONGEST for word in given):
        raise ValueError("one of them is no text, or too long")
    return tuple(dict.fromkeys(word.strip() for word in given if word.strip()))


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text as it is: commas may stand in it.  ValueError for no text."""
    return words([value] if isinstance(value, str) else value)


def extensions(value: Any) -> tuple[str, ...] | None:
    """Extensions of file names without their dot.  ValueError for what is none."""
    if value is None:
        return None
    given = tuple(word.lower().removeprefix(".") for word in words(value))
    if not all(map(_EXTENSION.fullmatch, given)):
        raise ValueError("one of them is no extension")
    return given


def dimensions(value: Any) -> tuple[tuple[str, int], ...]:
    """(what, number of the custom dimension) of each.  ValueError for any other word or number."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, dict) or set(value) - set(DIMENSIONS):
        raise ValueError("it is no mapping of those words")
    if not all(_WHOLE.fullmatch(str(number)) and int(number) for number in value.values()):
        raise ValueError("a dimension is a number from 1")
    numbers = [int(number) for number in value.values()]
    if len(set(numbers)) < len(numbers):
        raise ValueError("one dimension stands twice")
    return tuple(zip(value, numbers, strict=True))


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """An aware moment, UTC, of a date or a time as ISO 8601; without an offset it is the zone's.

    ValueError for what is none.
    """
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        told = datetime.fromisoformat(str(value))
        return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is no such time") from None


def archive_step(value: Any, home: Path) -> str:
    """`none`, `http`, or the absolute path of Matomo's console.  ValueError for anything else."""
    word = str(value).lower() if isinstance(value, str) else ""
    if word in ("none", "http") or (isinstance(value, str) and value.startswith("/")):
        return word if word in ("none", "http") else str(values.absolute_path(value, home))
    if isinstance(value, str) and word.startswith("console:"):
        value = {"console": value.partition(":")[2].strip()}
    if not isinstance(value, dict) or set(value) != {"console"} or not value["console"]:
        raise ValueError("it is none of these")
    return str(values.absolute_path(value["console"], home))
