"""What the columns of a file of teams or form responses mean; it reads cells, no file and no table.

A length is in characters (code points), as the databases count it.  No reason quotes a cell: what
stands there may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mtdata.core.errors import JobError

Reader = Callable[[str, ZoneInfo], Any]
"""From the cell to its value; the zone is that of times without one.  CellRefused otherwise."""

GENDERS = ("Male", "Female", "Other")
_GENDERS = {word.casefold(): word for word in GENDERS}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
_DEGREES = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,6})?)(?:(?<=\.\d{6})0+)?", re.ASCII)
"""Zeros behind the sixth digit change nothing; any other digit there would be lost."""


class CellRefused(JobError):
    """Why a cell has no value; its words quote nothing of it."""


@dataclass(frozen=True)
class FileColumn:
    """A column: its name in the table, what a header may call it, and how a cell is read."""

    name: str
    headers: tuple[str, ...]  # lower case
    read: Reader
    is_needed: bool = True  # in each file; a file without another has "" in each row


Columns = tuple[FileColumn, ...]
"""In the order of the original platform's files, which is that of the values of a row."""


def text(most: int = 0, *, is_needed: bool = False) -> Reader:
    """Reads text as it is, of at most so many characters, 0 for any number; else CellRefused."""

    def read(cell: str, _: ZoneInfo) -> str:
        if most and len(cell) > most:
            raise CellRefused(f"has {len(cell):,} characters; at most {most} are allowed")
        if "\0" in cell:
            raise CellRefused("has a NUL byte, which no database takes")
        if is_needed and not cell.strip():
            raise CellRefused("is empty")
        return cell

    return read


def name(most: int) -> Reader:
    """Reads text that is not empty, without the blanks around it."""
    read_text = text(most, is_needed=True)

    def read(cell: str, zone: ZoneInfo) -> Any:
        return read_text(cell.strip(), zone)

    return read


def gender(cell: str, _: ZoneInfo) -> str:
    """Reads one of GENDERS, in whatever case.  CellRefused for any other word."""
    word = _GENDERS.get(cell.strip().casefold())
    if word is None:
        raise CellRefused(f"is none of {', '.join(GENDERS)}")
    return word


def flag(cell: str, _: ZoneInfo) -> bool:
    """Reads a yes or no in any of its spellings.  CellRefused for any other word, and for none."""
    value = _FLAGS.get(cell.strip().casefold())
    if value is None:
        raise CellRefused("is none of True, False, yes, no, 1, 0")
    return value


def moment(cell: str, zone: ZoneInfo) -> datetime:
    """Reads a date or a time as ISO 8601, as UTC; without an offset it is the zone's.

    Of a time that the zone's clocks show twice it is the first.  CellRefused for one that they
    skip, and for what is no time.
    """
    word = cell.strip()
    if not _TIME.fullmatch(word):
        raise CellRefused("is no time such as 2020-05-15 14:30 or 2020-05-15T14:30:00+02:00")
    try:
        told = datetime.fromisoformat(word.replace(" Z", "Z").replace(" +", "+").replace(" -", "-"))
        return told.astimezone(UTC) if told.tzinfo else _local(told, zone)
    except (ValueError, OverflowError):  # whose words quote the cell
        raise CellRefused("is a date or time that the calendar does not have") from None


def _local(told: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show as UTC; where they go back it is the first of both times."""
    # combine() is four times as fast as replace(), and a file may have a million of these
    utc = datetime.combine(told.date(), told.time(), zone).astimezone(UTC)
    shown = utc.astimezone(zone)
    if datetime.combine(shown.date(), shown.time()) != told:
        raise CellRefused(f"is a time that the clocks of {zone.key} skip")
    return utc


def degrees(most: int) -> Reader:
    """Reads a number from -most to most, six digits behind the point at most; else CellRefused."""

    def read(cell: str, _: ZoneInfo) -> Decimal:
        match = _DEGREES.fullmatch(cell.strip())
        if not match:
            raise CellRefused("is no number such as 52.520008, with six digits behind the point")
        value = Decimal(match[1])
        if abs(value) > most:
            raise CellRefused(f"is not between -{most} and {most}")
        return value

    return read


TEAM: Columns = (
    FileColumn("name", ("name",), name(600)),
    FileColumn("description", ("description",), text(), is_needed=False),
    FileColumn("manager", ("manager",), text(20), is_needed=False),
    FileColumn("members", ("members",), text(), is_needed=False),
)

FORM: Columns = (
    FileColumn("timestamp", ("timestamp",), moment),
    FileColumn("user", ("user",), text(500, is_needed=True)),
    FileColumn("name_of_respondent", ("name", "name_of_respondent"), text(500, is_needed=True)),
    FileColumn("gender_of_respondent", ("gender_of_respondent",), gender),
    FileColumn("reading_books", ("reading_books",), flag),
    FileColumn("listening_music", ("listening_music",), flag),
    FileColumn("mobile_no", ("mobile_no",), text(15), is_needed=False),
    FileColumn("record_latitude", ("record_latitude",), degrees(90)),
    FileColumn("record_longitude", ("record_longitude",), degrees(180)),
)
"""As the export writes them, whose header calls the third `name`."""
