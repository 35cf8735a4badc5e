"""Form responses out: what a file says, in which order, of which moment, and that it goes again."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from mtdata.core.errors import JobError, Stopped
from mtdata.duties import DUTIES
from mtdata.jobs.duty import placed_file
from mtdata.jobs.records import orders
from mtdata.programme.export import formats, reading
from mtdata.programme.forms import FIELDS
from mtdata.programme.records.models import FormResponse
from tests.jobs.conftest import ENGINES, urls
from tests.programme.forms_place import START, FormsPlace, Values, response

__all__ = ["urls"]
HEADER = (
    b"timestamp,user,name,gender_of_respondent,reading_books,listening_music,mobile_no,"
    b"record_latitude,record_longitude\r\n"
)


@pytest.fixture(params=ENGINES)
def forms(
    request: pytest.FixtureRequest, urls: dict[str, str], tmp_path: Path
) -> Iterator[FormsPlace]:
    """Every kind of database in its turn."""
    if request.param not in urls:
        pytest.skip(f"no {request.param} server on this machine")
    made = FormsPlace(tmp_path, urls[request.param])
    yield made
    made.close()


@pytest.fixture
def plain(urls: dict[str, str], tmp_path: Path) -> Iterator[FormsPlace]:
    """SQLite alone, for what does not differ."""
    made = FormsPlace(tmp_path, urls["sqlite"])
    yield made
    made.close()


def elsewhere(act: Callable[[], Any]) -> None:
    """Do it by a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as crew:
        crew.submit(run).result()


def users(content: bytes) -> list[str]:
    return [row[1] for row in csv.reader(io.StringIO(content.decode(), newline=""))][1:]


def test_the_file_is_that_of_the_original_and_comes_back_as_the_same_rows(
    forms: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(reading, "PAGES_COPIED", 1)
    forms.configure(TIMEZONE="Europe/Berlin")
    forms.fill(
        response(5, "last", reading_books=False),
        response(0, "first", name_of_respondent='Ö "😀",\r\n=1+1'),
        *(response(1, f"tie {number}") for number in range(4)),
    )
    before = forms.values()
    job = forms.queue()
    assert forms.run(job) == "Success", forms.reason(job)
    [made] = forms.artifacts(job)
    assert made.place == str(forms.output / f"FormResponse_{job}.csv")
    content = Path(made.place).read_bytes()
    assert (made.rows, made.size) == (6, len(content))
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert content.startswith(
        HEADER + b'2020-05-15 14:00:00+02:00,first,"\xc3\x96 ""\xf0\x9f\x98\x80"",\r\n=1+1",Other,'
        b"True,False,+49 30 123,52.520008,-0.500000\r\n"
    )
    assert users(content) == ["first", *(f"tie {number}" for number in range(4)), "last"]
    assert forms.left_in_spool() == []

    FormResponse.objects.all().delete()
    again = forms.bring(content)
    assert forms.run(again) == "Success", forms.reason(again)
    assert forms.values() == before


def test_what_is_written_meanwhile_is_in_none_of_the_pages(
    forms: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection brings rows behind and before the page that is read, and removes one."""
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(reading, "PAGES_COPIED", 1)
    forms.fill(*(response(minute, f"user {minute}") for minute in range(6)))
    read = []

    def meddle() -> None:
        forms.fill(response(-1, "before"), response(4, "amid"), response(9, "behind"))
        FormResponse.objects.filter(user="user 5").delete()

    with reading.snapshot():
        for page in reading.pages(reading.MomentSpan(None, None)):
            read += [row[1] for row in page]
            if len(read) == 2:
                elsewhere(meddle)
    assert read == [f"user {minute}" for minute in range(6)]
    assert FormResponse.objects.count() == 8, "and the connection goes on as before"


@pytest.mark.parametrize(
    ("span", "seen"),
    [
        ({}, "abcd"),
        ({"from": "2020-05-15 14:01"}, "bcd"),
        ({"to": "2020-05-15 14:01:00"}, "ab"),
        ({"from": "2020-05-15T12:01:00+00:00", "to": "2020-05-15"}, "bc"),
        ({"from": "2020-05-16"}, "d"),
        ({"from": "2021-01-01"}, ""),
    ],
)
def test_both_ends_are_included_and_a_day_is_that_of_the_zone(
    plain: FormsPlace, span: dict[str, str], seen: str
) -> None:
    plain.configure(TIMEZONE="Europe/Berlin")
    ends = {"b": 1, "c": 10 * 60 - 1, "d": 10 * 60}  # d is midnight in Berlin
    plain.fill(response(0, "a"), *(response(minute, user) for user, minute in ends.items()))
    assert users(plain.exported(**span)) == list(seen)


def test_an_order_that_cannot_be_is_refused_in_words(plain: FormsPlace) -> None:
    plain.configure(TIMEZONE="Europe/Berlin")
    for parameters, words in (
        ({"from": "2020-05-16", "to": "2020-05-15"}, "is after"),
        ({"from": "2020-03-29 02:30"}, "skip"),
        ({"to": "yesterday"}, "is no time"),
        ({"to": "2020-02-30"}, "no such day"),
        ({"format": "xls"}, "none of csv, parquet, xlsx"),
    ):
        with pytest.raises(JobError, match=words):
            plain.queue(**parameters)
    assert FormResponse.objects.count() == 0


def test_parquet_holds_exactly_what_the_table_holds(plain: FormsPlace) -> None:
    plain.configure(TIMEZONE="Asia/Kolkata")
    plain.fill(response(0), response(1, "ben", timestamp=START.replace(microsecond=7)))
    table = parquet.read_table(io.BytesIO(plain.exported(format="parquet")))
    assert table.column_names == HEADER.decode().strip().split(",")
    assert str(table.schema.field("timestamp").type) == "timestamp[us, tz=Asia/Kolkata]"
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == plain.values()


def test_a_sheet_has_texts_as_texts_and_times_as_its_own(plain: FormsPlace) -> None:
    plain.configure(TIMEZONE="Europe/Berlin")
    plain.fill(response(0, "=cmd|' /C calc'!A0", name_of_respondent="https://example.org"))
    with zipfile.ZipFile(io.BytesIO(plain.exported(format="xlsx"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "<t>=cmd|' /C calc'!A0</t>" in sheet
    assert "<v>43966.583333333" in sheet, "14:00"
    assert plain.left_in_spool() == []


def test_more_rows_than_a_sheet_can_have_are_refused_and_nothing_is_left(
    plain: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = formats.FORMATS["xlsx"]._replace(most_rows=1)
    monkeypatch.setitem(formats.FORMATS, "xlsx", few)
    plain.fill(response(0), response(1))
    job = plain.queue(format="xlsx")
    assert plain.run(job) == "Failed"
    assert "2 rows are more than the 1 that a sheet can have" in plain.reason(job)
    assert (list(plain.output.glob("*")), plain.left_in_spool()) == ([], [])


def test_a_format_without_its_library_says_what_brings_it(
    plain: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = formats.FORMATS["parquet"]._replace(library="no_such_library")
    monkeypatch.setitem(formats.FORMATS, "parquet", absent)
    job = plain.queue(format="parquet")
    assert plain.run(job) == "Failed"
    assert "pip install 'mtdata-collect[parquet]'" in plain.reason(job)


def test_a_stop_amid_the_rows_leaves_nothing(
    forms: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 1)
    monkeypatch.setattr("mtdata.jobs.child_work.SAY_S", 0.0)
    forms.fill(response(0), response(1), response(2))
    job = forms.queue()
    assert forms.step(job)
    seen: list[Any] = []

    def stop() -> None:
        seen.append(0)
        if len(seen) == 3:
            elsewhere(lambda: orders.stop(job))
            raise Stopped("as SIGTERM does")

    forms.step(job, stop)
    assert forms.left_in_spool() == [f"{job}-forms.csv"]
    assert forms.run(job) == "Stopped"
    assert (list(forms.output.glob("*")), forms.left_in_spool()) == ([], [])


def test_an_undo_removes_the_file_and_no_other(plain: FormsPlace) -> None:
    plain.fill(response(0))
    plain.exported()
    job = plain.queue()
    plain.run(job)
    orders.undo(job)
    assert plain.run(job) == "Stopped", plain.reason(job)
    assert [path.name for path in plain.output.glob("*")] != []
    assert not list(plain.output.glob(f"*{job}*"))
    assert f"FormResponse_{job}.csv is removed" in plain.log(job)


def test_the_page_knows_the_file_as_one_of_output(plain: FormsPlace) -> None:
    place = f"{plain.settings.programme.output}/FormResponse_1.csv"
    found = placed_file(DUTIES, plain.settings, place)
    assert found is not None
    assert (found.account, found.name) == ("forms", "FormResponse_1.csv")
    assert placed_file(DUTIES, plain.settings, "s3://elsewhere/x.csv") is None


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo"])
TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(str.strip)
DEGREES = st.integers(-90_000_000, 90_000_000).map(lambda micro: Decimal(micro).scaleb(-6))
MOMENTS = st.datetimes(
    datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC)
)
RESPONSES = st.builds(
    lambda at, user, name, gender, flags, mobile, latitude, longitude: (
        *(at, user, name, gender, *flags, mobile, latitude, longitude),
    ),
    MOMENTS,
    TEXT,
    TEXT,
    st.sampled_from(["Male", "Female", "Other"]),
    st.tuples(st.booleans(), st.booleans()),
    st.just("") | TEXT,
    DEGREES,
    DEGREES,
)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=st.lists(RESPONSES, max_size=5), zone=ZONES)
def test_whatever_is_exported_is_imported_as_it_was(
    plain: FormsPlace, rows: list[Values], zone: str
) -> None:
    plain.forget()
    plain.configure(TIMEZONE=zone)
    plain.fill(*rows)
    before = plain.values()
    content = plain.exported()
    FormResponse.objects.all().delete()
    if not rows:
        assert content == HEADER
        return
    job = plain.bring(content)
    assert plain.run(job) == "Success", plain.reason(job)
    assert plain.values() == before
    assert len(before) == len(rows)
    assert ZoneInfo(zone).key == zone
    assert FIELDS[0] == "timestamp"
