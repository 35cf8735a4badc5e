"""Days, times and file names as the site's config words them; month names are English anywhere."""

from __future__ import annotations

import re
from datetime import datetime

MONTHS = (
    "January February March April May June July August September October November December"
).split()
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
