"""What a job that does nothing asks of the records: few statements, whatever waits beside it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mtdata.jobs.records import claims, orders, runners
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.signs import PartProgress
from tests.jobs.conftest import ENGINES
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place

everywhere = pytest.mark.parametrize("place", ENGINES, indirect=True)
LOOK_AND_CLAIM, PLAN_AND_CLAIM, FINISH, ENTER = 12, 13, 12, 7
"""The begin and the end of a transaction among them, where the database counts these."""


def counted(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def queued(count: int) -> list[Job]:
    given = {"rows": 1.0, "parts": 1.0, "pause": 0.0, "undo_pause": 0.0, "how": "", "key": ""}
    return orders.add_all([orders.Order("rows", given, "rows", owner="anna")] * count)


def carried(runner: UUID) -> tuple[int, int, int]:
    """The statements of a claim with its look, of the plan with the next claim, and of the end."""
    found: list[Claimed | None] = []
    look = counted(lambda: found.append(claims.claim(runner, 60, KINDS)))
    [claimed] = found
    assert claimed is not None
    plan = counted(lambda: found.append(claims.plan(claimed, ["all"], runner, 60, closes=False)))
    work = found[-1]
    assert work is not None
    end = counted(lambda: claims.finish(work, PartProgress()))
    assert Job.objects.get(pk=work.job).status == "Success"
    return look, plan, end


@everywhere
def test_an_empty_job_has_few_statements_and_no_more_where_many_wait(place: Place) -> None:
    runner = runners.register("embedded", 1)
    queued(2)
    carried(runner)  # the first makes the tally of its kind
    few = carried(runner)
    queued(60)
    many = carried(runner)
    assert many[0] <= LOOK_AND_CLAIM
    assert many[1] <= PLAN_AND_CLAIM
    assert many[2] <= FINISH
    assert many[1:] == few[1:]


@everywhere
def test_jobs_are_entered_by_the_hundred_in_the_statements_of_one(place: Place) -> None:
    assert counted(lambda: queued(1)) <= ENTER
    assert counted(lambda: queued(300)) <= 60  # SQLite takes some fifty rows at a time
    jobs = Job.objects.order_by("created_at")
    assert [one.name for one in jobs] == [
        "rows", *(f"rows_{number}" for number in range(2, 302))
    ]  # fmt: skip
