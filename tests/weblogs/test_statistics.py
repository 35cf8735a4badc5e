"""Statistics of days as .stat tables and CSV, and old tables as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.weblogs.source import LogObject
from mtdata.weblogs.statistics import (
    COLUMNS,
    DayStatistics,
    csv_of_stat,
    day_statistics,
    stat_csv,
    stat_table,
)

DAY = date(2026, 11, 29)


def sized(*sizes: int) -> list[LogObject]:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    return [LogObject("s3://logs", f"k{n}", size, "e", now) for n, size in enumerate(sizes)]


DAYS = [
    day_statistics("511.org", DAY, sized(10, 15), lines=9, hits=6, skipped={"static": 2, "bot": 1}),
    DayStatistics("shop.example.org", date(2026, 11, 30)),
]


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_day_counts_files_and_bytes_by_the_listing_alone() -> None:
    day, empty = DAYS
    assert (day.files, day.total_bytes, day.average_bytes) == (2, 25, 13)
    assert (empty.files, empty.average_bytes) == (0, 0)
    assert day.cells == (
        *("511.org", "2026-11-29", "2", "25", "13", "9", "6", "3"),
        "bot=1 static=2",
    )


def test_a_table_has_bars_an_underline_and_a_row_a_day() -> None:
    assert stat_table(DAYS[:1]).splitlines() == [
        "Site    | Date       | Files | Total bytes | Average bytes | Lines | Hits | Skipped | "
        "Skipped by reason",
        "--------|------------|-------|-------------|---------------|-------|------|---------|-"
        "-----------------",
        "511.org | 2026-11-29 |     2 |          25 |            13 |     9 |    6 |       3 | "
        "bot=1 static=2",
    ]
    assert len(stat_table([]).splitlines()) == 2


def test_a_table_as_csv_is_the_csv_of_its_days() -> None:
    assert csv_of_stat(stat_table(DAYS)) == stat_csv(DAYS)
    assert cells(stat_csv(DAYS)) == [list(COLUMNS), *(list(one.cells) for one in DAYS)]
    assert all(line.startswith('"') for line in stat_csv(DAYS).splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "| Date | Files |\n|------|-------|\n\n| 2016-10-01 | 24 |\n",
        "\ufeffDate | Files\r\n------------\r\n2016-10-01 | 24\r\n\r\n",
        "Date   Files\n----   -----\n2016-10-01   24",
        "Date | Files\n======+======\n2016-10-01 | 24\n-----\n",
    ],
)
def test_tables_of_the_original_become_csv(text: str) -> None:
    assert csv_of_stat(text) == '"Date","Files"\n"2016-10-01","24"\n'


def test_quotes_within_a_cell_stay_one_cell_and_empty_cells_stay() -> None:
    assert csv_of_stat('a "b" | | c,d\n') == '"a ""b""","","c,d"\n'
    assert csv_of_stat("") == ""


@given(st.text(max_size=200))
def test_any_text_becomes_csv_that_can_be_read(text: str) -> None:
    written = csv_of_stat(text)
    assert len(cells(written)) == len(written.splitlines()) or "\r" in text
