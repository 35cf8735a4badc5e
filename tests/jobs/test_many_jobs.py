"""Records with a million jobs: what is asked often looks at few of them, and counts to a bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mtdata.jobs.records import (
    claims,
    daily_records,
    listing,
    orders,
    queries,
    reaper,
    runners,
    share,
)
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.listing import RowPlace
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.states import free_name, numbered
from tests.jobs.place import Place

QUESTIONS: dict[str, Callable[[], object]] = {
    "list": lambda: queries.job_page(),
    "list of a state": lambda: queries.job_page(status="Failed"),
    "list of a kind": lambda: queries.job_page(kind="rows"),
    "list of an owner": lambda: queries.job_page(owner="anna"),
    "list behind a job": lambda: queries.job_page(
        behind=RowPlace("created_at", now(), UUID(int=9))
    ),
    "newest": lambda: queries.newest_jobs(kind="rows"),
    "quota": lambda: share.unfinished("anna", 100),
    "under way": queries.under_way,
    "reap": lambda: reaper.reap(3600),
    "due": lambda: reaper.due_in_s(["rows"], 30),
    "same file": lambda: queries.standing_of_key("rows", "a key"),
    "plan": lambda: queries.plan_checkpoint("rows", "a key"),
    "daily": lambda: daily_records.daily_state("rows", "main", date(2026, 1, 1)),
    "maker": lambda: queries.other_maker_of("/out", "0" * 64, UUID(int=9)),
    "claim": lambda: claims.claim(runners.register("embedded", 1), 60, ["rows"]),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_asked_often_looks_at_few_jobs(plain: Place, question: str) -> None:
    for _ in range(4):
        plain.enter()
    with CaptureQueriesContext(connection) as asked:
        QUESTIONS[question]()
    questions = [one["sql"] for one in asked.captured_queries if one["sql"].startswith("SELECT")]
    tables = ("records_job", "records_part", "records_event", "records_artifact", "U0")
    assert any(table in words for words in questions for table in tables)
    for words in questions:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {words}")
            plan = [str(row[-1]) for row in cursor.fetchall()]
        whole = [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables]
        # what only a bound ends is read in the order of an index, and nothing of it is left out
        bounded = " LIMIT " in words and " WHERE " not in words and "TEMP" not in "".join(plan)
        assert bounded or not whole, (words, plan)


def listed(place: Place, count: int) -> list[str]:
    """The ids of so many jobs, the newest first; pairs of them were added at one moment."""
    at = now()
    for number in range(count):
        Job.objects.filter(pk=place.enter()).update(created_at=at - timedelta(days=number // 2))
    ids = Job.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)
    return [str(one) for one in ids]


def test_rows_are_counted_to_a_bound_and_found_behind_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 4)
    every = listed(place, 9)
    found = queries.job_page(size=2)
    assert (found.total, found.pages, found.is_least, found.more) == (4, 2, True, True)
    assert queries.job_page(size=2, page=99).page == 2
    walked, behind = [], None
    while True:
        page = queries.job_page(size=2, behind=behind)
        walked += [job["id"] for job in page.jobs]
        assert page.page <= page.pages
        if not page.more:
            break
        last = page.jobs[-1]
        behind = RowPlace("created_at", last["created_at"], last["id"])
    assert walked == every
    Job.objects.exclude(pk__in=every[:4]).delete()
    assert queries.job_page(size=2)[1:] == (4, 1, 2, True, False)


def test_parts_are_found_behind_a_number(place: Place) -> None:
    job = Job.objects.get(pk=place.enter())
    for number in range(1, 6):
        Part.objects.create(job=job, number=number, stage="work", name=str(number))
    found = listing.parts_of(job, 1, 2, listing.NumberPlace(1))
    assert [row["number"] for row in found.rows] == [2, 3]
    assert found[1:] == (6, 2, 3, True, False)


def test_a_name_that_many_have_gets_a_number_that_none_has(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [numbered("a", 1), free_name("a", {"a", "a_2"})] == ["a", "a_3"]
    monkeypatch.setattr(orders, "FEW", 2)
    names = [orders.job_named(place.enter()).name for _ in range(11)]
    assert names == [numbered("rows", number) for number in range(1, 12)]
    Job.objects.filter(name="rows_2").delete()
    assert orders.job_named(place.enter()).name == "rows_2"
    Job.objects.filter(name="rows_7").delete()
    with CaptureQueriesContext(connection) as asked:
        assert next(orders._free("rows")) in ("rows_7", "rows_12")
    assert len(asked) < 8


def test_jobs_of_one_order_have_different_names_whatever_their_numbers(place: Place) -> None:
    given = {"rows": 1.0, "parts": 1.0, "pause": 0.0, "undo_pause": 0.0, "how": "", "key": ""}
    bases = ("rows", "rows", "rows_2", "rows", "rows_2")
    added = orders.add_all([orders.Order(base, given, "rows", owner="anna") for base in bases])
    assert [job.name for job in added] == ["rows", "rows_2", "rows_3", "rows_4", "rows_5"]


def test_who_had_no_turn_lately_comes_first_whatever_was_begun(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "LAST", 3)
    for owner in ("anna", "ben", "anna", "anna", "anna"):
        job = place.enter()
        ended = {"status": "Success", "ended_at": now(), "started_at": now(), "owner": owner}
        Job.objects.filter(pk=job).update(**ended)
        Part.objects.filter(job=job).update(status="Success")
    first, second, third = place.enter(), place.enter(), place.enter()
    for job, owner in ((first, "anna"), (second, "ben"), (third, "anna")):
        Job.objects.filter(pk=job).update(owner=owner)
    turns = [str(one) for one in share.in_turn(["rows"], now())]
    assert turns == [second, first, third]
