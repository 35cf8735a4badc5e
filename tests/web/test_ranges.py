"""Several ranges in one form: each is a job, all of them or none, and no JavaScript is needed."""

from __future__ import annotations

import re
from html import unescape

import pytest

from mtdata.core.errors import RecordsError
from mtdata.jobs import queue
from mtdata.jobs.celery import ring
from mtdata.jobs.parameters import Reading, validate
from mtdata.jobs.records.models import Event, Job
from mtdata.web.job_form import MOST_ROWS
from tests.jobs.kinds import KINDS
from tests.web.site import WebSite

FORM = "/jobs/new/ranged/"
pytestmark = pytest.mark.usefixtures("web")


def _sent(web: WebSite, **fields: object) -> tuple[int, str]:
    answer = web.visitor("operator").submit(FORM, FORM, **fields)
    return answer.status_code, answer.text


def _fault(text: str, field: str) -> str:
    found = re.search(rf'(?s)id="id_{field}_error">(.*?)</div>', text)
    return " ".join(unescape(re.sub("<[^>]*>", " ", found[1])).split()) if found else ""


def _ranges(text: str) -> list[str]:
    return re.findall(r"<legend>(Range \d+)", text)


def read(web: WebSite) -> list[Reading]:
    """The words of three ranges, read."""
    given = [{"start": f"2026-03-0{day}", "end": f"2026-03-0{day}"} for day in (1, 2, 3)]
    return [validate(KINDS["ranged"], web.place.settings, one) for one in given]


def test_each_range_is_a_job_and_the_page_says_so(web: WebSite) -> None:
    days = {"start": "2026-03-01", "end": "2026-03-02"}
    more = {"start_3": "05-03-2026", "end_3": "2026-03-05"}
    answer = web.visitor("operator").submit(FORM, FORM, ranges=3, note="alike", **days, **more)
    assert answer.status_code == 303
    page = unescape(web.visitor("operator").get(answer.headers["Location"]).text)
    told = re.search(r'role="status">(.*?)</p>', page)
    assert told
    assert "2 jobs have been scheduled: <a href=" in told[1]
    jobs = Job.objects.filter(pk__in=re.findall(r"/jobs/([\w-]{36})/", told[1]))
    asked = sorted((j.parameters["start"], j.parameters["end"], j.parameters["note"]) for j in jobs)
    assert asked == [("2026-03-01", "2026-03-02", "alike"), ("2026-03-05", "2026-03-05", "alike")]
    assert {job.owner for job in jobs} == {"operator"}


def test_one_range_leads_to_its_job(web: WebSite) -> None:
    answer = web.visitor("operator").submit(FORM, FORM, start="2026-03-01", end="2026-03-01")
    page = web.visitor("operator").get(answer.headers["Location"]).text
    assert "Job has been scheduled: <a href=" in page


def test_a_row_more_keeps_what_was_filled_in_and_queues_nothing(web: WebSite) -> None:
    before = Job.objects.count()
    code, text = _sent(web, start="2026-03-01", end="never", note="kept", more="1")
    assert (code, _ranges(text)) == (200, ["Range 1", "Range 2"])
    assert 'value="2026-03-01"' in text
    assert 'value="never"' in text
    assert 'value="kept"' in text
    assert 'class="fault"' not in text
    code, text = _sent(web, ranges=MOST_ROWS - 1, more="1")
    assert len(_ranges(text)) == MOST_ROWS
    assert "Add another range" not in text
    for many in (MOST_ROWS, 999, "9" * 5000, "-1", "x"):
        code, text = _sent(web, ranges=many, more="1")
        assert code == 200
        assert len(_ranges(text)) <= MOST_ROWS
    assert Job.objects.count() == before


def test_every_fault_is_told_at_its_row_and_nothing_is_queued(web: WebSite) -> None:
    before = Job.objects.count()
    days = {"start": "2026-03-01", "end": "2026-03-04", "start_2": "x", "end_2": "2026-03-09",
            "start_3": "2026-03-09", "end_3": "2026-03-08", "start_4": "2026-03-20"}  # fmt: skip
    code, text = _sent(web, ranges=4, **days)
    assert code == 400
    assert "neither YYYY-MM-DD" in _fault(text, "start_2")
    assert "is after end 2026-03-08" in _fault(text, "start_3")
    assert _fault(text, "end_4") == "It is needed."
    assert _fault(text, "start") == ""
    assert _ranges(text)[-1] == "Range 4"
    assert Job.objects.count() == before


def test_a_day_in_two_ranges_is_refused(web: WebSite) -> None:
    days = {"start": "2026-03-01", "end": "2026-03-04"}
    code, text = _sent(web, ranges=2, **days, start_2="2026-03-04", end_2="2026-03-08")
    assert code == 400
    assert _fault(text, "start_2") == "2026-03-04 is in range 1 already."


def test_an_empty_form_wants_its_first_row(web: WebSite) -> None:
    code, text = _sent(web, ranges=2)
    assert code == 400
    assert _fault(text, "start") == "It is needed."
    assert _fault(text, "start_2") == ""


def test_all_are_entered_or_none_is(web: WebSite, monkeypatch: pytest.MonkeyPatch) -> None:
    before, entered = Job.objects.count(), []

    def tell(events: object, *words: object) -> None:
        entered.append(Job.objects.count() - before)
        raise RecordsError("the disk is full")

    monkeypatch.setattr(Event.objects, "bulk_create", tell)
    with pytest.raises(RecordsError):
        queue.add_all(web.place.settings, KINDS, "ranged", read(web))
    assert (entered, Job.objects.count()) == ([3], before)


def test_a_broker_that_is_away_is_rung_once_for_all(
    web: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[list[object]] = []
    monkeypatch.setattr(ring, "ring_each", lambda settings, jobs: rung.append(list(jobs)))
    jobs = queue.add_all(web.place.settings, KINDS, "ranged", read(web))
    assert rung == [[job.pk for job in jobs]]
    assert Job.objects.filter(pk__in=[job.pk for job in jobs]).count() == 3
