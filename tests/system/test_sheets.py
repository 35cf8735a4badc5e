"""What a sheet looks like, cell by cell, and how files are named in any zone and language."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.system.home import Home, row

MONTHS = ("- January February March April May June July August September October November"
          " December").split()  # fmt: skip
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
CELLS: dict[str, tuple[Any, str]] = {
    "a_true": (True, "True"),
    "a_false": (False, "False"),
    "a_null": (None, ""),
    "a_text": ("plain", "plain"),
    "an_empty": ("", ""),
    "awkward": ('say "no", twice\r\nthen\nstop', 'say "no", twice\r\nthen\nstop'),
    "blank": ("  around  ", "  around  "),
    "comma": ("a,b", "a,b"),
    "emoji": ("Ängste 🙂 不安", "Ängste 🙂 不安"),
    "formula": ("=1+1", "=1+1"),
    "lone_cr": ("a\rb", "a\rb"),
    "nul": ("a\u0000b", "a\ufffdb"),
    "separators": ("a\u2028b\u0085c", "a\u2028b\u0085c"),
    "tab": ("a\tb", "a\tb"),
    "whole": (5, "5"),
    "whole_big": (123456789012345678901234567890, "123456789012345678901234567890"),
    "whole_negative": (-7, "-7"),
    "real": (1.5, "1.5"),
    "real_odd": (0.1, "0.1"),
    "real_small": (1e-7, "1e-07"),
    "real_whole": (2.0, "2.0"),
    "list": ([1, "b", None, True], '[1,"b",null,true]'),
    "list_empty": ([], "[]"),
    "mapping": ({"name": "Ä", "in": {"x": [1.5]}}, '{"name":"Ä","in":{"x":[1.5]}}'),
}


def test_every_sort_of_value_has_its_one_form(home: Home) -> None:
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [{"id": 1, **{name: value for name, (value, _) in CELLS.items()}}])
    assert home.export()["QOL"]["deleted"] == 1
    [line] = home.sheet("QOL")
    assert line == {"id": "1", **{name: cell for name, (_, cell) in CELLS.items()}}
    assert home.is_clean()


def test_a_sheet_is_of_the_excel_dialect_with_sorted_columns(home: Home) -> None:
    home.site.put("QOL", [{"id": 1, "b": 'x"y', "Z": None, "a": "1,2"}])
    home.export()
    [path] = home.paths("active_data", "QOL")
    assert path.read_bytes() == b'Z,a,b,id\r\n,"1,2","x""y",1\r\n'


def test_a_sheet_reads_back_as_the_csv_module_wrote_it(home: Home) -> None:
    home.site.put("QOL", [row(number, text="\r\n" * number + '"') for number in range(1, 20)])
    home.export()
    [path] = home.paths("active_data", "QOL")
    header, *lines = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *lines])
    assert text.getvalue().encode() == path.read_bytes()


def test_an_entry_with_nothing_but_an_id_is_a_row(home: Home) -> None:
    home.site.put("QOL", [{"id": 1}, {"id": 2}])
    home.export()
    [path] = home.paths("active_data", "QOL")
    assert path.read_bytes() == b"id\r\n1\r\n2\r\n"
    assert home.is_clean()


def test_field_names_may_hold_anything_that_json_may(home: Home) -> None:
    names = {"a,b": 1, 'say "x"': 2, "": 3, "Ä\r\n": 4, " ": 5}
    home.configure(DELETE_MODE=True)
    home.site.put("QOL", [{"id": 1, **names}])
    assert home.export()["QOL"]["deleted"] == 1
    assert home.sheet("QOL") == [{"id": "1", **{name: str(n) for name, n in names.items()}}]
    assert home.is_clean()


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "QOL_Mar_02_2026"),
        ("America/New_York", "QOL_Mar_01_2026"),
        ("Pacific/Auckland", "QOL_Mar_02_2026"),
    ],
)
def test_days_and_times_are_those_of_the_zone(home: Home, zone: str, name: str) -> None:
    home.configure(TIMEZONE=zone)
    home.now = datetime(2026, 3, 2, 3, 25, tzinfo=UTC)
    home.site.put("QOL", [row(1)])
    home.export()
    assert [path.name for path in home.paths("raw_data", "QOL")] == [f"{name}.json"]
    assert [path.name for path in home.paths("active_data", "QOL")] == [f"{name}.csv"]
    hour = {"UTC": "03", "America/New_York": "22", "Pacific/Auckland": "16"}[zone]
    assert list(home.packages("QOL")) == [f"QOL_{hour}_30_00"]


def test_a_new_day_begins_new_files(home: Home) -> None:
    for hour in (22, 23, 24, 25):
        home.now = datetime(2026, 3, 1 + hour // 24, hour % 24, 10, tzinfo=UTC)
        home.site.put("QOL", [row(hour)])
        home.export()
    days = ["Mar_01_2026", "Mar_02_2026"]
    assert [path.name for path in home.paths("raw_data", "QOL")] == [f"QOL_{d}.json" for d in days]
    assert home.ids("QOL") == ["22", "23", "24", "25"]
    assert home.is_clean()


def test_names_of_days_and_times_follow_the_config(home: Home) -> None:
    home.configure(DATE_FORMAT="%Y-%m-%d %a", TIME_FORMAT="%I.%M%p")
    home.now = datetime(2026, 12, 6, 15, 0, tzinfo=UTC)
    home.site.put("QOL", [row(1)])
    home.export()
    assert [path.name for path in home.paths("raw_data", "QOL")] == ["QOL_2026-12-06 Sun.json"]
    assert list(home.packages("QOL")) == ["QOL_03.05PM"]


def test_names_of_months_are_english_in_any_language(home: Home) -> None:
    home.configure(DATE_FORMAT="%B_%b_%A_%d_%Y")
    home.site.put("QOL", [row(1)])
    german = dict.fromkeys(("LC_ALL", "LC_TIME", "LANG"), "de_DE.UTF-8")
    before = datetime.now(UTC)
    with home.process("export", "study", **german) as ended:
        out, _ = ended.communicate(timeout=60)
    assert (ended.returncode, json.loads(out)["sites"]["study"]["exit"]) == (0, 0)
    [path] = home.paths("active_data", "QOL")
    days = {before, datetime.now(UTC)}  # two at midnight
    assert path.stem in {
        f"QOL_{MONTHS[d.month]}_{MONTHS[d.month][:3]}_{DAYS[d.weekday()]}_{d:%d_%Y}" for d in days
    }
