"""How many calls a day takes, over the least that it could be done with; times play no part.

The least: each hour is a file of its own, so it is asked for by itself; n rows of an hour are n ÷
PAGE calls, rounded up, and one call where there is none.  No window may have more rows than
ROW_CAP, but windows that part at full pages cost no call more, so this is a bound, and nobody could
plan by it.  One call for the currencies comes on top.  CLICK_WINDOW does not count: how long a
window may be is for the program to find out.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from benchmarks.bench import Bench
from benchmarks.cake.bakery import DAY, ZONE, bakery
from benchmarks.figures import Measured
from mtdata.cake import window
from mtdata.demo.cake.reports import PLAIN, Reports

PAGE, ROW_CAP = 200, 2_000
"""A fiftieth of the usual ones, and so are the days: calls are counted, and rows are not needed."""
QUIET, USUAL, DENSE = 240, 10_000, 75_000


def quiet(bench: Bench) -> Measured:
    """Some rows an hour: every call brings less than a page."""
    return _counted(bench, QUIET)


def usual(bench: Bench) -> Measured:
    """As a day of 500,000 clicks: hours of one page to three."""
    return _counted(bench, USUAL)


def dense(bench: Bench) -> Measured:
    """As a day of 3,750,000 clicks: most hours have more rows than CAKE gives at once."""
    return _counted(bench, DENSE)


def _counted(bench: Bench, rows: int) -> Measured:
    with bakery(bench, clicks_a_day=rows) as place:
        took = place.carry(PAGE=PAGE, ROW_CAP=ROW_CAP)
        if took["rows"] != rows:
            raise RuntimeError(f"{took['rows']} rows came instead of {rows}")
        told = place.kitchen.told()
    made, least = told.calls + told.others, least_calls(rows)
    note = f"{rows:,} rows, PAGE {PAGE}, ROW_CAP {ROW_CAP:,}, CLICK_WINDOW 5m"
    return Measured([made / least], {"calls": made, "least": least}, note)


def least_calls(rows: int) -> int:
    """See above."""
    zone = ZoneInfo(ZONE)
    reports = Reports(zone, zone, clicks_a_day=rows, events_a_day=0, seed=1, dirty=False)
    hours = [file.window for file in window.files(date.fromisoformat(DAY), zone)]
    counts = [reports.click_count(*hour, [PLAIN]) for hour in hours]
    return 1 + sum(max(1, -(-count // PAGE)) for count in counts)
