"""The report as a page: it runs nothing, loads nothing, names no participant, and escapes."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mtdata.core.markup import Markup, element, together
from mtdata.toolbox.report.charts import heat_level, per_day
from mtdata.toolbox.report.model import Mismatches, PageTime, SessionLine, StudyReport, TaskLine
from mtdata.toolbox.report.notes import headline, percent
from mtdata.toolbox.report.page import html_page
from tests.toolbox.reported import StudyMade, schedule

BAD = "<img src=x onerror=alert(1)>\"'&"
FORMULA = '=HYPERLINK("http://x")'


class Seen(HTMLParser):
    """The names of elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}


def hostile() -> StudyReport:
    """A report in which every word is somebody else's markup."""
    return StudyReport(
        server=BAD,
        made_at=datetime(2026, 3, 12, tzinfo=UTC),
        schedule_day=BAD,
        log_day=BAD,
        sessions=(BAD,),
        tasks=(TaskLine(scale=BAD, tag=BAD, session=BAD, logged=2, done=2, found=1),),
        mismatches=(Mismatches(kind=BAD, scale=BAD, cases=1, rows=1, only_in=BAD, where=BAD),),
        dropoff=(SessionLine(session=BAD, began=3, finished=1),),
        days={"2026-03-12": 4},
        times=(PageTime(scale=BAD, entries=1, lower=1, median=2, upper=3),),
        no_tasks=(BAD,),
        faults=(BAD,),
    )


def test_whatever_a_site_names_is_text_in_the_page() -> None:
    page = html_page(hostile())
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") > 10
    seen = Seen()
    seen.feed(page)
    assert not seen.tags & {"script", "img", "link", "iframe", "a", "form", "object"}
    assert not [name for name in seen.names if name.startswith("on")]
    assert not seen.names & {"style", "src", "href", "action"}


def test_its_own_policy_allows_its_style_and_nothing_else() -> None:
    page = html_page(hostile())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert unescape(policy) == f"default-src 'none'; style-src 'sha256-{digest}'"


def test_names_of_a_site_are_neither_sql_nor_markup_nor_formulas(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, planned=False)
    names = (BAD, "'; DROP TABLE log; --", FORMULA, "sesión 🙂")
    plan = {name: [("QOL", name)] for name in names}
    study.schedule(json.dumps(schedule(plan)))
    for person, name in enumerate(names, 1):
        study.join(person)
        study.log(person, name, "QOL", name)
        study.entry(person, name, "QOL", name)
    study.entry(FORMULA, names[0], "QOL", names[1])
    shown = study.write().report()
    assert {task["session"]: task["done"] for task in shown["tasks"]} == dict.fromkeys(names, 1)
    (page,) = study.pool.path.glob("reports/report-*.html")
    assert "<img" not in page.read_text()
    (row,) = study.table("mismatches")
    assert row["participant"] == f"'{FORMULA}"
    assert f"'{FORMULA}" in {row["session"] for row in study.table("session-report")}


def test_names_of_columns_are_names_alone(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, range(1, 4))
    for name in ('"; DROP TABLE log; --', "person(", BAD, "plain(x)", "$scale", "?"):
        study.rows["QOL"][0][name] = "1"
    assert study.write().report()["mismatches"] == []


def test_no_participant_is_in_the_page_or_in_what_the_web_shows(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, range(7_654_321, 7_654_325))
    study.drop("QOL", 7_654_323, "PRE")
    shown = study.write().report()
    assert "765432" not in json.dumps(shown)
    assert "765432" not in study.run("scale").out
    for path in study.pool.path.glob("reports/report-*"):
        assert "765432" not in path.read_text()
    assert [row["participant"] for row in study.table("mismatches")] == ["7654323"]


def test_a_table_of_the_page_says_what_the_file_says(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, range(1, 6))
    study.drop("PHQ4", 3, "PRE")
    study.write().report()
    (page,) = study.pool.path.glob("reports/report-*.html")
    cells = re.findall(r"<td[^>]*heat-\d[^>]*>([^<]*)</td>", page.read_text())
    assert sorted(cells) == ["0 %"] * 3 + ["20.0 %"]
    assert "1 logged task lacks an entry, of 25" in page.read_text()


def test_rates_are_worded_without_calling_some_none_or_all() -> None:
    rates = (None, 0, 0.0004, 0.02, 0.5, 0.9999, 1)
    words = ["", "0 %", "< 0.1 %", "2.0 %", "50.0 %", "> 99.9 %", "100 %"]
    assert [percent(rate) for rate in rates] == words
    assert [heat_level(rate) for rate in rates[1:]] == [0, 1, 2, 5, 5, 5]


@pytest.mark.parametrize(("lacking", "words"), [(0, "Complete"), (1, "1 logged task lacks")])
def test_the_headline_is_the_answer(lacking: int, words: str) -> None:
    line = TaskLine(scale="QOL", logged=3, done=3, found=3 - lacking, entries=3)
    made = {"server": "study", "made_at": datetime(2026, 3, 12, tzinfo=UTC), "tasks": (line,)}
    assert headline(StudyReport.model_validate(made | {"log_day": "2026-03-12"})).startswith(words)
    assert headline(StudyReport.model_validate(made)).startswith("Nobody can tell")


def test_days_of_a_long_study_are_drawn_by_weeks() -> None:
    few = per_day({"2026-03-01": 1, "2026-03-31": 2}, "Entries")
    many = per_day({"2020-03-01": 1, "2026-03-31": 2}, "Entries")
    assert few.count('class="over"') == 31
    assert many.count('class="over"') == 318
    assert "3 entries in 318 days" not in few


def test_a_page_stays_readable_whatever_sessions_are_called() -> None:
    lines = [TaskLine(scale=f"S{n % 20}", session=f"{n}", done=1, found=1) for n in range(20_000)]
    sessions = tuple(line.session for line in lines)
    made = {"server": "study", "made_at": datetime(2026, 3, 12, tzinfo=UTC)}
    page = html_page(StudyReport(**made, tasks=tuple(lines), sessions=sessions))
    assert len(page) < 200_000
    assert "19,960 more sessions in the table" in page


def test_markup_escapes_text_and_keeps_markup() -> None:
    inner = element("b", "<&>", class_="x", data_of='"', title=None)
    assert inner == '<b class="x" data-of="&quot;">&lt;&amp;&gt;</b>'
    assert together([inner, "<", None, 3]) == f"{inner}&lt;3"
    assert isinstance(element("p", inner), Markup)


def test_a_command_of_the_study_loads_no_database_of_the_toolbox() -> None:
    code = "import sys, mtdata.cli.main as m; m._parser(); print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_csv_files_are_read_by_any_reader(tmp_path: Path) -> None:
    study = StudyMade(tmp_path, range(1, 3)).write()
    study.report()
    for path in study.pool.path.glob("reports/*.csv"):
        content = path.read_bytes()
        rows = list(csv.reader(content.decode().splitlines(), strict=True))
        assert content.count(b"\r\n") == content.count(b"\n") == len(rows)
