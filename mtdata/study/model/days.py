"""Days, times and file names as the site's config words them; month names are English anywhere."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from mtdata.core.border import Border

MONTHS = (
    "January February March April May June July August September October November December"
).split()
_CALENDAR = Border(ValueError)
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def worded(moment: datetime, pattern: str) -> str:
    """strftime with English names whatever the locale (facts: `%b` followed it in the original)."""
    names = {
        "b": MONTHS[moment.month - 1][:3],
        "B": MONTHS[moment.month - 1],
        "a": DAYS[moment.weekday()][:3],
        "A": DAYS[moment.weekday()],
        "p": "AM" if moment.hour < 12 else "PM",
    }
    fixed = re.sub(r"%(.)", lambda m: names.get(m.group(1), m.group(0)), pattern)
    return moment.strftime(fixed)


def file_name(scale: str, date: str, part: int, ending: str) -> str:
    """`<Scale>_<DATE>.<ending>`; later parts of a day are told by their number."""
    number = "" if part == 1 else f"_part{part}"
    return f"{scale}_{date}{number}.{ending}"


class Named(NamedTuple):
    """What the name of a raw file or a sheet says: `moment` is its day, with a time if it has one.

    Naive on purpose: it is the wall clock of whoever named the file.
    """

    scale: str
    moment: datetime
    part: int

    @property
    def day(self) -> str:
        """The day, ISO."""
        return self.moment.date().isoformat()


def read_name(base: str, date_format: str, time_format: str) -> Named | None:
    """The reverse of `file_name`, without the ending; None for a name that is none of ours.

    Scales and dates both hold underscores: the shortest ending that is a date tells where to cut.
    The original program put the time behind the date.
    """
    stem, numbered, number = base.rpartition("_part")
    part = int(number) if numbered and number.isdecimal() else 0
    words = (stem if part else base).split("_")
    for cut in range(len(words) - 1, 0, -1):
        ending = "_".join(words[cut:])
        for pattern in (date_format, f"{date_format}_{time_format}"):
            try:
                with _CALENDAR:
                    moment = datetime.strptime(ending, pattern)
            except ValueError:  # no such day, or no such format
                continue
            return Named("_".join(words[:cut]), moment, part or 1)
    return None
