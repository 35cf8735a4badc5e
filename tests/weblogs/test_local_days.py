"""Hits by the day of the site's zone, daylight saving time and all."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mtdata.weblogs.local_days import LocalDays


def second(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


def test_a_hit_counts_on_the_day_of_the_sites_zone() -> None:
    days = LocalDays(ZoneInfo("Europe/Berlin"))
    moments = (
        "2026-03-28 22:59:59",  # 23:59:59 of the 28th
        "2026-03-28 23:00:00",
        "2026-03-29 21:59:59",  # the clocks went forward: this is 23:59:59 of the 29th
        "2026-03-29 22:00:00",
        "2026-10-25 22:59:59",
        "2026-10-25 23:00:00",
    )
    assert Counter(days.of_each([*map(second, moments)])) == {
        "2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1, "2026-10-25": 1, "2026-10-26": 1,
    }  # fmt: skip


def test_a_day_begins_where_its_zone_has_no_midnight() -> None:
    days = LocalDays(ZoneInfo("America/Santiago"))  # at 00:00 of this Sunday it becomes 01:00
    moments = ("2026-09-06 03:59:59", "2026-09-06 04:00:00", "2026-09-07 02:59:59")
    assert [*days.of_each([*map(second, moments)])] == ["2026-09-05", "2026-09-06", "2026-09-06"]
    assert [*days.of_each([])] == []
