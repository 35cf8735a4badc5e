"""How far a job is, as a person counts: tries, work without waits, what a stop takes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mtdata.config.programme import ProgrammeConfig
from mtdata.jobs.records import claims, orders, progress, reaper, runners, waiting
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.signs import MadeFile, PartProgress
from mtdata.jobs.records.tallies import tallies
from mtdata.jobs.records.worked import covered_s, part_time, worked_s
from mtdata.jobs.speed import CallCount, calls_of
from tests.jobs.place import Place

TERMS, MINUTE, DAY = ProgrammeConfig(), timedelta(minutes=1), timedelta(days=1)


def job_with(parts: int = 2) -> Job:
    """A job under way whose plan is done."""
    job = orders.add(orders.Order("rows", {}, "counted", can_undo=True))
    claims.finish(claimed(job), PartProgress(), planned=[f"part {n}" for n in range(1, parts + 1)])
    job.refresh_from_db()
    return job


def claimed(job: Job) -> Claimed:
    """Its next part, taken."""
    found = claims.claim(runners.register("embedded", 1), 60.0, ["rows"], str(job.pk))
    assert found is not None
    return found


def part(name: str, **more: Any) -> Part:
    """The part of that name, after these were set."""
    if more:
        Part.objects.filter(name=name).update(**more)
    return Part.objects.get(name=name)


def seconds_counted() -> float:
    return sum(one.seconds for one in tallies())


def test_tries_are_counted_as_a_person_does(plain: Place) -> None:
    job = job_with(1)
    assert progress.tries_of(part("part 1")) == 0
    waiting.rest(claimed(job), waiting.Wait(1, "not yet", untouched=True), PartProgress())
    part("part 1", not_before=None)
    Job.objects.update(not_before=None)
    second = claimed(job)
    assert (second.attempt, progress.tries_of(part("part 1"))) == (3, 1)
    reaper.requeue(second, "its runner was lost")
    assert progress.tries_of(part("part 1")) == 1, "it waits for its second"
    part("part 1", not_before=now() - DAY)
    third = claimed(job)
    assert (third.attempt, progress.tries_of(part("part 1"))) == (5, 2)
    claims.finish(third, PartProgress(rows=5))
    assert progress.tries_of(part("part 1")) == 2


def test_nobody_knows_how_long_it_takes_while_nobody_works_at_it(plain: Place) -> None:
    job = job_with()
    claims.finish(claimed(job), PartProgress(rows=600))
    part("part 1", started_at=now() - 2 * MINUTE, ended_at=now() - MINUTE)
    claimed(job)
    part("part 2", started_at=now() - MINUTE / 2, beat_at=now() + MINUTE / 2, rows=300)
    goes = progress.progress_of(job, TERMS)
    assert goes.is_carried
    assert goes.speed.left_s is not None
    part("part 2", beat_at=now() - MINUTE / 4)
    stands = progress.progress_of(job, TERMS)
    assert (stands.is_carried, stands.speed) == (False, (None, None))
    assert stands.rows == goes.rows == 900


def test_the_wait_between_two_tries_is_no_work(plain: Place) -> None:
    job, at = job_with(), now()
    for name, began in (("part 1", at - 3 * DAY), ("part 2", at - MINUTE)):
        claims.finish(claimed(job), PartProgress())
        part(name, started_at=began, ended_at=began + MINUTE)
    assert worked_s([job.pk]) == {}, "it went through: from its begin to its end"
    part("part 2", lost=1)
    Part.objects.filter(stage="plan").update(started_at=at - 3 * DAY, ended_at=at - 3 * DAY)
    assert worked_s([job.pk]) == {job.pk: 120.0}
    Job.objects.update(started_at=at - 3 * DAY)
    assert part_time("rows", "") == (60.0, 1), "without the wait"
    assert part_time("rows", "another") is None
    Job.objects.update(status="Failed")
    assert part_time("rows", "") is None, "it has not ended well"


def test_the_work_of_a_lost_runner_counts_up_to_its_last_sign_of_life(plain: Place) -> None:
    job = job_with(1)
    claimed(job)
    began = now() - 10 * MINUTE
    left = {"started_at": began, "beat_at": began + MINUTE, "leased_until": began + 2 * MINUTE}
    part("part 1", **left)
    before = seconds_counted()
    assert reaper.reap(60.0) == 1
    assert seconds_counted() - before == pytest.approx(60.0)
    assert part("part 1").ended_at == began + MINUTE
    assert reaper.reap(60.0) == 0
    claimed(job)
    part("part 1", **left)
    orders.stop(job.pk)
    Job.objects.update(stopping_at=began)
    Part.objects.update(leased_until=now() + DAY)  # it is there still, and does not stop
    assert reaper.reap(60.0) == 1
    assert (plain.status(str(job.pk)), part("part 1").status) == ("Failed", "Failed")
    assert seconds_counted() - before == pytest.approx(120.0)


def test_what_runs_side_by_side_is_counted_once() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    half = at + MINUTE / 2
    spans = [(at, at + MINUTE), (half, half), (half, at + 2 * MINUTE)]
    assert covered_s(spans) == 120.0
    assert covered_s([]) == 0.0


def test_calls_and_rows_are_told_while_a_part_runs_and_calls_of_all_its_tries(plain: Place) -> None:
    job = job_with(3)
    first, owner = claimed(job), Part.objects.get(name="part 1").runner_id
    claims.renew(first, owner, 60.0, PartProgress(rows=5, pending=7, calls=4))
    begun = progress.progress_of(job, TERMS)
    assert (begun.rows, begun.calls) == (12, CallCount(made=4, needed=6, is_least=True))
    claims.count_calls(first, 6)
    claims.renew(first, owner, 60.0, PartProgress(rows=5, calls=5))  # said before, read behind
    reaper.requeue(first, "its runner was lost")
    part("part 1", not_before=None)
    second = claimed(job)
    assert second.calls == 6
    claims.count_calls(first, 99)  # it is another's by now
    claims.count_calls(second, 2)
    claims.finish(second, PartProgress(rows=9))
    told = progress.progress_of(job, TERMS).calls
    assert told == CallCount(made=8, needed=24, is_least=False)


def test_what_is_left_takes_as_many_calls_as_the_last_parts_did() -> None:
    assert calls_of(0, [], [], 3) == (0, 3, True)
    assert calls_of(30, [10, 12], [4, 20], 2).needed == 30 + 22 + 7
    assert calls_of(30, [0, 0], [], 2).needed == 32


def test_what_a_stop_takes_back_is_known_in_numbers(plain: Place) -> None:
    job = job_with()
    assert progress.left_by(job) == (0, 0)
    made = [MadeFile("a.csv", "/a.csv", 7), MadeFile("b.csv", "/b.csv", 3)]
    claims.finish(claimed(job), PartProgress(rows=10), made)
    claimed(job)
    part("part 2", rows=4)
    assert progress.left_by(job) == (2, 14)
