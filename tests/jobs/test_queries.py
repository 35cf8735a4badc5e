"""Lists of jobs as pages show them: filtered, paged, counted, in a bounded number of queries."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mtdata.jobs.records import queries, transitions
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Part
from tests.jobs.place import Place


def _names(**filters: Any) -> list[str]:
    return [str(job["name"]) for job in queries.job_page(**filters).jobs]


def test_a_list_is_filtered_by_state_kind_owner_and_a_part_of_the_name(place: Place) -> None:
    first, second = place.add("rows"), place.add("shared")
    Job.objects.filter(pk=first).update(owner="anna", status="Failed", name="rows_50%")
    assert _names() == ["shared", "rows_50%"]
    assert _names(status="Failed") == _names(owner="anna") == _names(kind="rows") == ["rows_50%"]
    assert _names(words="HARE") == ["shared"]
    assert _names(words="0%") == ["rows_50%"]
    assert _names(words="_") == ["rows_50%"]
    assert _names(words="nowhere") == _names(owner="ann") == _names(words="a\0b") == []
    assert str(queries.job_page(kind="shared").jobs[0]["id"]) == second


def test_pages_are_bounded_and_one_beyond_the_last_is_the_last(place: Place) -> None:
    for _ in range(5):
        place.add()
    found = queries.job_page(size=2)
    assert (found.total, found.page, found.pages, len(found.jobs)) == (5, 1, 3, 2)
    assert queries.job_page(size=2, page=99).page == 3
    assert queries.job_page(size=2, page=-1).page == 1
    every = [job["id"] for page in (1, 2, 3) for job in queries.job_page(size=2, page=page).jobs]
    assert len(set(every)) == 5
    assert queries.job_page(words="none").pages == 1


def test_a_list_tells_how_far_each_is_in_as_many_queries_whatever_its_length(place: Place) -> None:
    done = place.add(rows=30)
    place.carry()
    place.ended(done, "Success")
    with CaptureQueriesContext(connection) as few:
        [one] = queries.job_page().jobs
    assert one["parts"] == {"done": 2, "total": 2}
    assert one["rows"] == 60
    assert one["created_at"] <= one["started_at"] <= one["ended_at"]
    place.stop()
    for _ in range(20):
        place.add()
    with CaptureQueriesContext(connection) as many:
        assert len(queries.job_page().jobs) == 21
    assert len(many) == len(few) == 3


def test_a_line_of_a_job_tells_control_characters_by_their_codes(place: Place) -> None:
    job = place.add("rows")
    transitions.add_event(job, now(), "INFO", "a\x1b[2J\x9bb\n  c")
    texts = [event["text"] for event in queries.events(Job.objects.get(pk=job), 100)]
    assert texts[-1] == "a\\x1b[2J\\x9bb\n  c"


def test_a_job_of_one_part_tells_how_much_of_that_is_done(place: Place) -> None:
    job = place.add(rows=30)
    Job.objects.filter(pk=job).update(status="In Progress")
    for rows, expected, share in (
        (0, None, 0.0), (50, 200, 0.25), (300, 200, 1.0), (5, 0, 0.0), (5, None, 0.0)
    ):  # fmt: skip
        Part.objects.filter(job=job).delete()
        part = {"number": 1, "stage": "work", "name": "rows", "status": "In Progress"}
        Part.objects.create(job_id=job, rows=rows, expected=expected, **part)
        [one] = queries.job_page().jobs
        assert one["share"] == share
    Part.objects.create(job_id=job, number=2, stage="work", name="more", status="Success")
    Part.objects.filter(job=job, number=1).update(expected=10)
    assert queries.job_page().jobs[0]["share"] == 0.75
