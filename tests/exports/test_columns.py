"""The two files: which value stands under which header, and how it is written."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.cells import as_float, dated, worded
from mtdata.cake.client.reading import Row
from mtdata.cake.columns import Columns
from mtdata.cake.window import Window
from mtdata.core.csv_lines import csv_cells
from mtdata.core.formulas import guarded
from mtdata.demo.cake.site import CakeSite
from tests.cake_account import BERLIN

CURRENCIES = {"1": "USD", "2": "EUR"}
CLICK_HEADER = (
    "Click ID,Visitor ID,Tracking ID,Request ID,UDID,Click Date,Affiliate ID,Affiliate Name,"
    "Advertiser ID,Advertiser Name,Offer ID,Offer Name,Campaign ID,Creative ID,Creative Name,"
    "Sub ID 1,Sub ID 2,Sub ID 3,Sub ID 4,Sub ID 5,IP Address,User Agent,Referrer,Request URL,"
    "Redirect URl,Country Code,Region Code,Language,ISP,Device,Operating System,OS Major,OS Minor,"
    "Browser,Browser Major,Browser Minor,Disposition,Paid Action,Currency,Amount Paid,Duplicate,"
    "Duplicate Clicks,Total Clicks"
)
CONVERSION_HEADER = (
    "Conversion ID,Last Updated,Conversion Date,Click Date,Click to Conversion Time,Affiliate ID,"
    "Affiliate Name,Advertiser ID,Advertiser Name,Offer ID,Offer Name,Creative,Sub ID,Sub ID 2,"
    "Sub ID 3,Sub ID 4,Sub ID 5,Type,Price Paid Currency,Paid,Price Received Currency,Received,"
    "Pixel,Transaction ID,IP Address,Click IP Address,Country,Conversion Referrer,Referrer,"
    "Conversion User Agent,Click User Agent,Disposition,Region,Language,Provider Name,Device,"
    "Operating System,OS(Major Version),OS(Minor Version),Browser,Browser(Major Version),"
    "Browser(Minor Versions),Conversion Score,Paid Unbilled,Received Unbilled,"
    "Click Request Session ID,Event Name,Price Format,Tracking ID,UDID"
)


def columns(report: str = "conversions", zone: ZoneInfo = BERLIN, **more: Any) -> Columns:
    return Columns(report, zone, CURRENCIES, **more)


def shown(made: Columns, row: Row) -> dict[str, str]:
    cells = csv_cells(made.line(row))
    assert len(cells) == len(made.header)
    return dict(zip(made.header, cells, strict=True))


def test_the_originals_headers_in_their_order() -> None:
    assert ",".join(columns("clicks", original=True).header) == CLICK_HEADER
    assert ",".join(columns(original=True).header) == CONVERSION_HEADER
    assert columns("clicks", original=True).head() == CLICK_HEADER.encode() + b"\r\n"
    assert (CLICK_HEADER.count(",") + 1, CONVERSION_HEADER.count(",") + 1) == (43, 50)


def test_mended_headers_differ_only_where_the_original_was_wrong() -> None:
    changed = {
        (old, new)
        for report in ("clicks", "conversions")
        for old, new in zip(
            columns(report, original=True).header, columns(report).header, strict=True
        )
        if old != new
    }
    assert changed == {
        ("Redirect URl", "Redirect URL"),
        ("Creative", "Creative ID"),
        ("Browser(Minor Versions)", "Browser(Minor Version)"),
    }


CLICK: Row = {
    "click_id": "5000000000",
    "click_date": "2023-05-02T12:00:03.95",
    "source_affiliate.source_affiliate_id": "12",
    "source_affiliate.source_affiliate_name": " Marco Neumann",
    "sub_id_1": "007",
    "sub_id_2": "null",
    "sub_id_3": 'a "quote", and\r\na line',
    "sub_id_4": "=1+1",
    "user_agent": "Mozilla/5.0%20(X)",
    "region.region_code": "BE",
    "region.region_name": "Berlin",
    "operating_system.operating_system_version_minor.version_id": "207",
    "operating_system.operating_system_version_minor.version_name": "",
    "paid.currency_id": "2",
    "paid.amount": "0.7000",
    "received.amount": "12.5000",
    "received.currency_id": "9",
    "duplicate": "false",
    "duplicate_clicks": "0",
}


def test_a_click_under_right_headers() -> None:
    cells = shown(columns("clicks"), CLICK)
    assert {name: text for name, text in cells.items() if text} == {
        "Click ID": "5000000000",
        "Click Date": "02-05-2023T12:00:03.950000",
        "Affiliate ID": "12",
        "Affiliate Name": " Marco Neumann",
        "Sub ID 1": "007",
        "Sub ID 2": "null",
        "Sub ID 3": 'a "quote", and\r\na line',
        "Sub ID 4": "=1+1",
        "User Agent": "Mozilla/5.0%20(X)",
        "Region Code": "BE",
        "Currency": "EUR",
        "Amount Paid": "0.7000",
        "Duplicate": "False",
        "Duplicate Clicks": "0",
    }


def test_a_click_as_the_original_had_it() -> None:
    cells = shown(columns("clicks", original=True), CLICK)
    assert (cells["Region Code"], cells["Amount Paid"]) == ("Berlin", "0.7")
    assert cells["Click Date"] == "02-05-2023T12:00:03.950000"


def test_the_original_s_golden_line() -> None:
    line = columns("clicks", original=True).line(CLICK)
    assert line == (
        b"5000000000,,,,,02-05-2023T12:00:03.950000,12, Marco Neumann,,,,,,,,007,null,"
        b'"a ""quote"", and\r\na line",=1+1,,,Mozilla/5.0%20(X),,,,,Berlin,,,,,,,,,,,,EUR,0.7,'
        b"False,0,\r\n"
    )


EVENT: Row = {
    "event_conversion_id": "9",
    "event_conversion_date": "2023-05-18T19:02:05",
    "click_date": "2023-05-02T12:00:02.5",
    "creative.creative_id": "66",
    "creative.creative_name": "Banner",
    "paid.currency_id": "7",
    "paid.amount": "0.12345678901234567890",
    "browser.browser_version.version_id": "103",
    "browser.browser_version.version_name": "58",
    "browser.browser_version_minor.version_id": "203",
    "browser.browser_version_minor.version_name": "Other",
    "pixel_dropped": "true",
}


def test_an_event_under_right_headers_and_as_the_original_had_it() -> None:
    mended, original = shown(columns(), EVENT), shown(columns(original=True), EVENT)
    names = ("Browser(Major Version)", "Click to Conversion Time", "Price Paid Currency", "Paid")
    assert [mended[name] for name in names] == ["58", "391:02:02.5", "7", EVENT["paid.amount"]]
    assert [original[name] for name in names] == [
        "103",
        "16 days, 7:02:02.500000",
        "",
        EVENT["paid.amount"],
    ]
    assert (mended["Creative ID"], original["Creative"], mended["Pixel"]) == ("66", "66", "True")
    assert (mended["Browser(Minor Version)"], original["Browser(Minor Versions)"]) == (
        "Other",
        "203",
    )


@pytest.mark.parametrize(
    ("click", "conversion", "mended", "original"),
    [
        ("2023-05-02T12:00:00", "2023-05-02T12:00:00", "0:00:00", "0:00:00"),
        ("2023-05-02T12:00:02", "2023-05-02T12:00:00", "-0:00:02", "-1 day, 23:59:58"),
        ("2023-05-02T12:00:00.5", "2023-05-02T12:00:01", "0:00:00.5", "0:00:00.500000"),
        ("0001-01-01T00:00:00", "2023-05-02T12:00:00", "", ""),
        ("", "2023-05-02T12:00:00", "", ""),
        # the night in which the clock was set back, and the one in which it was set forward
        ("2023-10-28T12:00:00", "2023-10-29T12:00:00", "25:00:00", "1 day, 0:00:00"),
        ("2023-10-29T02:50:00", "2023-10-29T02:10:00", "0:20:00", "-1 day, 23:20:00"),
        ("2023-10-29T02:10:00", "2023-10-29T02:50:00", "0:40:00", "0:40:00"),
        ("2023-03-26T01:59:00", "2023-03-26T03:01:00", "0:02:00", "1:02:00"),
    ],
)
def test_the_time_from_click_to_conversion_is_real_time(
    click: str, conversion: str, mended: str, original: str
) -> None:
    row = {"click_date": click, "event_conversion_date": conversion}
    name = "Click to Conversion Time"
    assert shown(columns(), row)[name] == mended
    assert shown(columns(original=True), row)[name] == original


def test_a_row_of_nothing_is_a_line_of_nothing() -> None:
    assert columns().line({}) == b"," * 49 + b"\r\n"
    assert columns("clicks").line({}) == b"," * 42 + b"\r\n"


def test_columns_of_one_s_own_are_written_as_ours_are() -> None:
    extra = [
        ("Received", "received.amount"),
        ("In", "received.currency_id"),
        ("At", "disposition.disposition_date"),
        ("Twice", "duplicate"),
        ("Search", "search_term"),
    ]
    row = {**CLICK, "disposition.disposition_date": "2023-05-02T12:00:00"}
    made = columns("clicks", extra=extra)
    assert list(shown(made, row).values())[43:] == [
        *("12.5000", "9", "02-05-2023T12:00:00.000000", "False", "")
    ]


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        *(("=1+1", False), ("+a", False), ("-2+3", False), ("@SUM(A1)", False), ("\t1", False)),
        *(("\r1", False), ("\n1", False), ("-1.50", True), ("+49", True), ("-0:00:02", True)),
        *(("", True), ("a=1", True), ("'=1", True), ("-", False)),
    ],
)
def test_what_a_spreadsheet_would_calculate_is_guarded(cell: str, kept: bool) -> None:
    assert guarded(cell) == (cell if kept else f"'{cell}")
    assert shown(columns("clicks", guard=True), {"sub_id_1": cell})["Sub ID 1"] == guarded(cell)
    assert shown(columns("clicks"), {"sub_id_1": cell})["Sub ID 1"] == cell


@pytest.mark.parametrize("before", ["\t", "\r", "\n"])
def test_a_formula_is_guarded_where_what_stands_before_it_ends_a_cell(before: str) -> None:
    assert guarded(f"{before}=1") == f"'{before}'=1"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2017-06-01T01:59:59.95", "01-06-2017T01:59:59.950000"),
        ("2017-06-01T01:59:59", "01-06-2017T01:59:59.000000"),
        ("2017-06-01T01:59:59.1234567", "01-06-2017T01:59:59.123456"),
        ("0001-01-01T00:00:00", ""),
    ],
)
def test_a_date_is_turned_round(text: str, written: str) -> None:
    assert dated(text) == written


@pytest.mark.parametrize("text", ["tomorrow", "2017-06-01", "2017-06-01T01:59:59+02:00", "\uff11"])
def test_what_is_no_date_stands_as_it_came_and_is_counted(text: str) -> None:
    made = columns("clicks")
    row = shown(made, {"click_date": text, "click_id": "7", "duplicate": "true"})
    assert (row["Click Date"], row["Click ID"], row["Duplicate"]) == (text, "7", "True")
    assert made.odd == {"Click Date": 1}


FAR = ["9999-12-31T23:59:59.9999999", "0001-01-01T10:00:00", "0000-00-00T00:00:00"]
DATE_FIELDS = ["click_date", "event_conversion_date", "last_updated"]
WORST = st.sampled_from([*FAR, "9999-99-99T99:99:99", "1E400", "-0.0", "9" * 5000, "\ud800", "\0"])


@pytest.mark.parametrize("date", FAR)
@pytest.mark.parametrize("original", [False, True])
def test_a_date_beyond_all_calendars_costs_no_report(date: str, original: bool) -> None:
    made = columns(original=original)
    row = {"click_date": date, "event_conversion_date": "2017-06-01T01:59:59", "sub_id_1": "x"}
    assert shown(made, row)["Sub ID"] == "x"
    back = columns(original=original)
    other = {"event_conversion_date": date, "click_date": "2017-06-01T01:59:59"}
    assert shown(back, other)["Click Date"] == "01-06-2017T01:59:59.000000"
    assert made.odd.keys() | back.odd.keys() <= {"Click to Conversion Time"}


@given(
    st.dictionaries(
        st.sampled_from([*DATE_FIELDS, "paid.amount", "pixel_dropped", "paid.currency_id"]),
        WORST | st.text(),
    )
)
def test_no_cell_costs_its_row(row: Row) -> None:
    for made in (columns(), columns(original=True), columns("clicks", guard=True)):
        assert len(csv_cells(made.line(row))) == len(made.header)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        *(("0.7000", "0.7"), ("0.0000000000", "0.0"), ("12", "12.0"), ("1e3", "1000.0")),
        *(("0.12345678901234567890", "0.12345678901234567890"), ("n/a", "n/a")),
    ],
)
def test_an_amount_is_shortened_only_where_nothing_is_lost(text: str, short: str) -> None:
    assert as_float(text) == short


def test_half_a_pair_of_characters_does_not_end_a_file() -> None:
    assert shown(columns("clicks"), {"sub_id_1": "a\ud800"})["Sub ID 1"] == "a\ufffd"


@given(st.dictionaries(st.sampled_from(sorted(CLICK)[4:]), st.text()))
def test_any_text_comes_back_out_of_the_file(row: Row) -> None:
    row.pop("click_date", None)
    made = columns("clicks")
    text = (made.head() + made.line(row)).decode()
    (cells,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    # NUL ends a text in databases, so it stands as U+FFFD, as in every sheet.
    assert cells[15] == row.get("sub_id_1", "").replace("\0", "\ufffd")


@pytest.mark.parametrize("text", ["\0", "a\0b", "\0=1"])
def test_a_nul_does_not_end_a_text_of_the_file(text: str) -> None:
    assert shown(columns("clicks"), {"sub_id_1": text})["Sub ID 1"] == text.replace("\0", "\ufffd")


@given(st.timedeltas(timedelta(days=-400), timedelta(days=4000)))
def test_a_span_is_told_exactly(span: timedelta) -> None:
    text = worded(span)
    hours, minutes, seconds = text.removeprefix("-").split(":")
    found = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    assert abs(abs(span) - found) < timedelta(microseconds=2)
    assert text.startswith("-") == (span < timedelta())


def test_a_day_of_dirty_rows_is_written() -> None:
    site = CakeSite(clicks_a_day=2_000, events_a_day=1_000)
    day = Window(datetime(2023, 5, 2), datetime(2023, 5, 3))
    for report, rows in (("clicks", site.clicks_of(*day)), ("conversions", site.events_of(*day))):
        made = columns(report)
        text = (made.head() + b"".join(map(made.line, rows))).decode()
        table = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(table) == len(rows)
        assert [row["Sub ID 3"] for row in table] == [row.get("sub_id_3", "") for row in rows]
