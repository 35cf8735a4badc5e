"""CSV that the database writes itself, and times that it has as texts: every byte is the same."""

from __future__ import annotations

import io
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.programme.export import as_csv, formats, reading
from mtdata.programme.moments import MomentTexts, moment_text
from tests.programme.forms_place import START, FormsPlace, response
from tests.programme.test_form_export import MOMENTS, ZONES, forms, urls, users

__all__ = ["forms", "urls"]


@pytest.mark.parametrize("forms", ["postgres"], indirect=True)
def test_what_postgresql_writes_itself_is_byte_for_byte_what_we_would(
    forms: FormsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    monkeypatch.setattr(reading, "PAGES_COPIED", 2)
    texts = [
        "\\.",
        "\\N",
        ' "',
        "a,b",
        "a\r",
        "\nb",
        "\ttab",
        "\\",
        "''",
        "é😀",
        "; |",
        "no column",
    ]
    forms.fill(
        *(
            response(number, text, mobile_no="" if number % 2 else text, reading_books=number > 4)
            for number, text in enumerate(texts)
        ),
        response(5, "fraction", timestamp=START.replace(microsecond=120)),
    )
    zone, span, written = ZoneInfo("America/New_York"), reading.MomentSpan(None, None), []
    for write, find in (
        (as_csv.write, partial(reading.pages, as_text=True)),
        (as_csv.write_copied, reading.copied),
    ):
        file = io.BytesIO()
        with reading.snapshot():
            write(formats.FormFile(file, forms.folder, zone), find(span))
        written.append(file.getvalue())
    assert written[0] == written[1]
    assert sorted(users(written[0])) == sorted([*texts, "fraction"])


@given(moments=st.lists(MOMENTS, max_size=8), zone=ZONES | st.just("Africa/Monrovia"))
def test_a_time_as_text_is_told_as_the_time_itself(moments: list[datetime], zone: str) -> None:
    """Whichever hour is asked before; Monrovia had offsets of minutes and seconds until 1972."""
    found = MomentTexts(ZoneInfo(zone))
    for at in moments:
        kept = at.replace(tzinfo=None).isoformat(" ")
        for text in (kept, kept.rstrip("0") if at.microsecond else kept):
            assert found.local(text) == moment_text(at, ZoneInfo(zone))
