"""Each row is good, or every fault of it is said by line and column, without quoting a cell."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.programme.columns import FORM, TEAM, CellRefused, moment
from mtdata.programme.csv_file import rows
from mtdata.programme.row_check import BadRow, GoodRow, RowFault, checked
from tests.programme.csv_pieces import BERLIN, FORM_HEADER, HEADER, check_of, layout_of

FORM_ROW = "2020-05-15 14:30,anna,Anna A.,Female,True,no,0123,52.520008,-13.4"


def values_of(file: bytes, columns: tuple = TEAM) -> list[tuple[object, ...]]:  # type: ignore[type-arg]
    layout = layout_of(file, columns)
    found = rows([file[layout.offset :]], layout, layout.line, layout.offset)
    good = list(checked(found, layout, columns, BERLIN))
    return [row.values for row in good if isinstance(row, GoodRow)]


def faults_of(file: bytes, columns: tuple = TEAM) -> list[str]:  # type: ignore[type-arg]
    return [str(fault) for fault in check_of(file, columns).faults]


def form_faults(**cells: str) -> list[tuple[str, str]]:
    """The faults of a sound form in which these cells stand instead."""
    names = [column.name for column in FORM]
    row = dict(zip(names, FORM_ROW.split(","), strict=True)) | cells
    file = FORM_HEADER + ",".join(row.values()).encode()
    return [(fault.column, fault.reason) for fault in check_of(file, FORM).faults]


def test_a_team_is_read() -> None:
    file = (
        HEADER
        + ' Owls 🦉 ," as, it is ",Zoë,"A\r\nB"\r\n'.replace('" as, it is "', " as it is ").encode()
    )
    assert values_of(file) == [("Owls 🦉", " as it is ", "Zoë", "A\r\nB")]


def test_a_column_that_a_file_lacks_is_empty() -> None:
    assert values_of(b"members;name\r\nA;Owls\r\n") == [("Owls", "", "", "A")]


def test_a_form_is_read() -> None:
    at = datetime(2020, 5, 15, 12, 30, tzinfo=UTC)
    expected = (at, "anna", "Anna A.", "Female", True, False, "0123")
    (values,) = values_of(FORM_HEADER + FORM_ROW.encode(), FORM)
    assert values == (*expected, Decimal("52.520008"), Decimal("-13.4"))


def test_lengths_are_those_of_characters() -> None:
    longest = f"{'🦉' * 600},,{'é' * 20},\r\n".encode()
    assert faults_of(HEADER + longest) == []
    longer = f"{'🦉' * 601},,{'é' * 21},\r\n".encode()
    assert faults_of(HEADER + longest + longer) == [
        "line 3, name: has 601 characters; at most 600 are allowed",
        "line 3, manager: has 21 characters; at most 20 are allowed",
    ]


def test_short_and_long_rows_are_told() -> None:
    file = HEADER + b"a,b,c\r\n\r\na,b,c,d\r\na,b,c,d,\r\na\r\n"
    assert faults_of(file) == [
        "line 2: has 3 cells; 4 are wanted",
        "line 5: has 5 cells; 4 are wanted",
        "line 6: has 1 cell; 4 are wanted",
    ]
    assert check_of(file)[:3] == (4, 1, 3)


@pytest.mark.parametrize("column", range(4))
def test_a_nul_byte_is_a_fault_of_its_cell(column: int) -> None:
    cells = ["a", "b", "c", "d"]
    cells[column] += "\0"
    name = TEAM[column].name
    words = f"line 2, {name}: has a NUL byte, which no database takes"
    assert faults_of(HEADER + ",".join(cells).encode()) == [words]


@pytest.mark.parametrize("cell", ["", "   ", '"\u2003\r\n"'])
def test_a_team_needs_a_name(cell: str) -> None:
    assert faults_of(HEADER + f"{cell},b,c,d\r\n".encode()) == ["line 2, name: is empty"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("gender_of_respondent", cell) for cell in ("female", "MALE", " Other ")),
        *(("reading_books", cell) for cell in ("true", "FALSE", "Yes", "no", "1", " 0")),
        *(("record_latitude", cell) for cell in ("90", "-90.000000", "0", "+1.5", "1.50000000")),
        *(("record_longitude", cell) for cell in ("180", "-180.0", " 007.25 ")),
        ("mobile_no", ""),
        ("mobile_no", "+49 30 12345678"),
    ],
)
def test_what_a_form_may_say(column: str, cell: str) -> None:
    assert form_faults(**{column: cell}) == []


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        *(("gender_of_respondent", cell, "none of Male, Female") for cell in ("", "F", "Mal\0e")),
        *(("listening_music", cell, "none of True, False") for cell in ("", "2", "oui", "\0")),
        *(("record_latitude", cell, "between -90 and 90") for cell in ("90.000001", "-91")),
        ("record_longitude", "180.1", "between -180 and 180"),
        *(
            ("record_longitude", cell, "six digits behind the point")
            for cell in (
                "",
                "1.2345678",
                "1e2",
                "NaN",
                "Infinity",
                "1000",
                "\u0663",
                ".5",
                "1 2",
                "0x1",
            )
        ),
        ("mobile_no", "0123456789012345", "has 16 characters; at most 15"),
        ("user", "u" * 501, "has 501 characters; at most 500"),
        ("user", " ", "is empty"),
        ("name_of_respondent", "é" * 501, "has 501 characters; at most 500"),
        ("timestamp", "", "is no time such as"),
        ("timestamp", "15.05.2020", "is no time such as"),
    ],
)
def test_what_a_form_may_not_say(column: str, cell: str, reason: str) -> None:
    ((name, told),) = form_faults(**{column: cell})
    assert name == column
    assert reason in told


def test_every_fault_of_a_row_is_told() -> None:
    told = form_faults(user="", reading_books="maybe", record_latitude="north")
    assert [name for name, _ in told] == ["user", "reading_books", "record_latitude"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020-05-15", "2020-05-14T22:00"),
        ("2020-01-15T14:30", "2020-01-15T13:30"),
        ("2020-05-15 14:30:15.250000", "2020-05-15T12:30:15.250"),
        ("2020-05-15 14:30:15,5", "2020-05-15T12:30:15.500"),
        ("2020-05-15T14:30:00Z", "2020-05-15T14:30"),
        ("2020-05-15 14:30:00 +05:30", "2020-05-15T09:00"),
        (" 2020-05-15 14:30-0700 ", "2020-05-15T21:30"),
        ("2020-10-25 02:30", "2020-10-25T00:30"),  # twice in Berlin: the first
        ("2020-10-25 02:30+01:00", "2020-10-25T01:30"),
        ("2020-03-29 02:30Z", "2020-03-29T02:30"),
    ],
)
def test_times_are_read_as_utc(cell: str, expected: str) -> None:
    value = moment(cell, BERLIN)
    assert value == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert value.tzinfo is UTC


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2020-03-29 02:30", "is a time that the clocks of Europe/Berlin skip"),
        *((cell, "the calendar does not have") for cell in ("2019-02-29", "2020-05-15 24:01")),
        ("2020-13-01", "the calendar does not have"),
        ("0001-01-01 00:00", "the calendar does not have"),  # before the first year in UTC
        ("2020-05-15 14:30+99:99", "the calendar does not have"),
        *(
            (cell, "is no time")
            for cell in ("20200515", "2020-W20-5", "2020-05-15T", "now", "2020-05-1\u0665")
        ),
    ],
)
def test_times_that_are_none_are_refused(cell: str, reason: str) -> None:
    with pytest.raises(CellRefused, match=reason):
        moment(cell, BERLIN)


def test_a_day_that_a_zone_skipped_is_refused() -> None:
    with pytest.raises(CellRefused, match="clocks of Pacific/Apia skip"):
        moment("2011-12-30 14:30", ZoneInfo("Pacific/Apia"))


def test_the_last_evening_of_the_calendar_is_none_in_utc() -> None:
    with pytest.raises(CellRefused, match="calendar"):
        moment("9999-12-31 23:59", ZoneInfo("America/New_York"))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.timezones())
def test_a_time_is_what_the_clocks_of_its_zone_show(clock: datetime, zone: ZoneInfo) -> None:
    try:
        value = moment(str(clock), zone)
    except CellRefused:
        folds = [clock.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
        assert folds[0] != folds[1]
        return
    assert value.astimezone(zone).replace(tzinfo=None, fold=0) == clock
    assert value == clock.replace(tzinfo=zone).astimezone(UTC)


SECRET = "Zq7secretZq7"


@given(st.lists(st.sampled_from(["", "\0", "x" * 600, "1", "-"]), min_size=9, max_size=9))
def test_no_reason_quotes_a_cell(noise: list[str]) -> None:
    cells = [f"{SECRET}{one}" for one in noise]
    check = check_of(FORM_HEADER + ",".join(cells).encode(), FORM)
    assert check.bad == 1
    assert not any(SECRET in str(fault) for fault in check.faults)


def test_the_first_faults_are_kept_and_all_are_counted() -> None:
    check = check_of(FORM_HEADER + b",,,,,,,,\r\n" * 500 + FORM_ROW.encode(), FORM)
    assert (check.rows, check.good, check.bad) == (501, 1, 500)
    assert len(check.faults) == 200
    assert check.faults[-1] == RowFault(26, "record_longitude", check.faults[-1].reason)


def test_a_bad_row_says_where_the_next_begins() -> None:
    file = HEADER + b"a\r\nb,,,\r\n"
    layout = layout_of(file)
    found = rows([file[layout.offset :]], layout, layout.line, layout.offset)
    bad, good = checked(found, layout, TEAM, BERLIN)
    assert isinstance(bad, BadRow)
    assert (bad.line_after, bad.offset_after) == (3, len(HEADER) + 3)
    assert (good.line_after, good.offset_after) == (4, len(file))
