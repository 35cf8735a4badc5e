"""The form of a new job: days by a click, what it comes to, and what has to be seen before."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Part
from mtdata.web.access.foreign import domain_of
from mtdata.web.order_preview import shortcut
from tests.web.office import DAYS, Office
from tests.web.seen import Seen

FORM = "/jobs/new/cake.clicks/"
pytestmark = pytest.mark.usefixtures("no_job")


def sent(office: Office, role: str = "operator", **fields: str) -> tuple[int, str]:
    visitor = office.visitor(role) if role != "guest" else office.guest("first")
    answer = visitor.submit(FORM, FORM, **fields)
    return answer.status_code, unescape(answer.text)


def days_in(page: str) -> list[str]:
    return re.findall(r'<input type="date"[^>]* value="([^"]*)"', page)


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    return found[1] if found else ""


def today() -> date:
    """Where the accounts are."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def test_kinds_stand_by_duty_in_words(office: Office) -> None:
    shown = Seen(office.visitor("operator").get("/jobs/new/").text).text
    study, cake = shown.index("Answers to questionnaires"), shown.index("Clicks and conversions")
    assert study < shown.index("Collect what a study site has") < cake
    assert cake < shown.index("Every click of a range of days")


@pytest.mark.parametrize(
    ("word", "now", "first", "last"),
    [
        ("yesterday", "2026-03-01", "2026-02-28", "2026-02-28"),
        ("week", "2026-03-05", "2026-02-26", "2026-03-04"),
        ("month", "2026-01-31", "2025-12-01", "2025-12-31"),
        ("month", "2024-03-01", "2024-02-01", "2024-02-29"),
    ],
)
def test_a_shortcut_is_days_that_are_over(word: str, now: str, first: str, last: str) -> None:
    days = date.fromisoformat(first), date.fromisoformat(last)
    assert shortcut(word, date.fromisoformat(now)) == days


def test_a_shortcut_fills_the_form_and_queues_nothing(office: Office) -> None:
    code, page = sent(office, account="second", span="yesterday")
    yesterday = str(today() - timedelta(days=1))
    assert (code, days_in(page)) == (200, [yesterday, yesterday])
    assert '<option value="second" selected>' in page
    shown = Seen(page).text
    assert "1 job" in shown
    assert re.search(r"24 to 288 calls|2[345] files", shown)
    assert not Job.objects.exists()


def test_a_day_that_is_not_over_is_asked_about_first(office: Office) -> None:
    days = {"from": str(today()), "to": str(today()), "account": "first"}
    code, page = sent(office, **days)
    assert (code, Job.objects.count()) == (200, 0)
    assert "Nothing is queued yet" in page
    assert all(word in page for word in ("Wait until it settles", "As far as it is"))
    ended = sent(office, **days, span="ended")[1]
    assert set(days_in(ended)) == {str(today() - timedelta(days=1))}
    assert sent(office, **days, unsettled="now", seen=seen_in(page))[0] == 303
    assert Job.objects.get().parameters["unsettled"] == "now"


def test_days_that_were_exported_before_are_told_with_a_link(office: Office) -> None:
    made = office.made("first")
    code, page = sent(office, "guest", **DAYS)
    assert (code, Job.objects.count()) == (200, 1)
    assert f'Exported before: <a href="/jobs/{made.job}/">Clicks, 2 May 2023</a>' in page
    assert seen_in(sent(office, **DAYS, account="second")[1]) == "", "that is another account"
    assert "as fast as the account may be asked" in page
    took = {"started_at": now() - timedelta(hours=2), "ended_at": now()}
    Job.objects.filter(pk=made.job).update(**took)
    Part.objects.create(job_id=made.job, number=1, stage="work", name="an hour", status="Success")
    page = sent(office, "guest", **DAYS)[1]
    assert '48 h<span class="soft">as the last one of this kind took' in page, "24 times two hours"
    assert sent(office, "guest", **DAYS, seen=seen_in(page))[0] == 303
    assert sorted(Job.objects.values_list("status", flat=True))[0] == "Queued"


def test_one_account_is_no_question_and_two_are(office: Office) -> None:
    assert '<select name="account"' in office.visitor("operator").get(FORM).text
    changes = office.visitor("operator").get("/jobs/new/cake.changes/").text
    day = datetime.now(UTC).date() - timedelta(days=7)  # nobody knows yet which account's it is
    assert f'<option value="{day}"></option>' in changes, "a day to choose"
    page = office.guest("first").get(FORM).text
    assert '<input type="hidden" name="account" value="first"' in page
    assert "second" not in page
    assert sent(office, "guest", **DAYS)[0] == 303
    assert Job.objects.get().parameters == {**DAYS, "account": "first"}


def test_a_day_typed_the_other_way_stands_as_a_browser_has_it(office: Office) -> None:
    code, page = sent(office, **{"from": "02-05-2023", "to": "03-05-2023"}, account="", look="1")
    assert (code, days_in(page)) == (200, ["2023-05-02", "2023-05-03"])
    assert sent(office, **{"from": "02-05-2023", "to": "02-05-2023"}, account="first")[0] == 303
    assert Job.objects.get().parameters["from"] == "2023-05-02"


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("https://Admin.Example.com/Default.aspx?x=1#y", "admin.example.com"),
        (" admin.example.com/ ", "admin.example.com"),
        ("HTTPS://admin.example.com:443", "admin.example.com"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("127.0.0.1:8080/login", "127.0.0.1:8080"),
    ],
)
def test_a_domain_may_be_copied_from_an_address_bar(typed: str, domain: str) -> None:
    assert domain_of(typed) == domain
