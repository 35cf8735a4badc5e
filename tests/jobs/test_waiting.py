"""Work that waits for a time that is known holds neither slot nor key, over every database."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.core.management import call_command

from mtdata.cli.main import run
from mtdata.jobs import queue
from mtdata.jobs.records import claims, listing, queries, reaper, runners, waiting
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.records.signs import PartProgress
from mtdata.jobs.records.waiting import Wait
from tests.fakes_log import log_given_back
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place, until

HOUR, LEASE_S = 3600.0, 60.0
SETTLING = Wait(HOUR, "the day is settled then", untouched=True)
WISH = Wait(HOUR, "the instance wants to be left alone", most_s=3 * 86_400)
FIRST, NO_SIGNS = ("part0", "part1"), PartProgress()
on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def job_of(job: str) -> Any:
    from mtdata.jobs.records.models import Job

    return Job.objects.get(pk=job)


def part_of(job: str, name: str) -> Any:
    from mtdata.jobs.records.models import Part

    return Part.objects.get(job=job, name=name)


def claimed(runner: UUID, job: str | None = None, kinds: Collection[str] = KINDS) -> Claimed | None:
    return claims.claim(runner, LEASE_S, kinds, job)


def planned(place: Place, runner: UUID, kind: str = "rows", *, closes: bool = False) -> str:
    """A job of the key k whose parts are known, and not begun."""
    job = place.enter(kind, key="k")
    plan = claimed(runner, job)
    assert plan is not None
    claims.finish(plan, PartProgress(), planned=FIRST, closes=closes)
    return job


def rested(runner: UUID, job: str, wait: Wait = SETTLING, signs: PartProgress = NO_SIGNS) -> None:
    """Its next part, which waits now."""
    part = claimed(runner, job)
    assert part is not None
    assert waiting.rest(part, wait, signs)


def let_time_pass(job: str, by_s: float = HOUR) -> None:
    from mtdata.jobs.records.models import Part

    for row in [job_of(job), *Part.objects.filter(job=job)]:
        for name in ("not_before", "waiting_since"):
            if getattr(row, name, None):
                setattr(row, name, getattr(row, name) - timedelta(seconds=by_s))
        row.save()


@pytest.fixture
def runner(place: Place) -> UUID:
    return runners.register("embedded", 1)


def test_a_job_that_waits_is_queued_and_another_of_its_key_runs_meanwhile(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    rested(runner, job)
    assert place.status(job) == "In Progress"  # its other part can be begun
    rested(runner, job, SETTLING._replace(for_s=2 * HOUR))
    found = job_of(job)
    assert (found.status, found.held_key, found.attempt) == ("Queued", None, 1)
    assert abs((found.not_before - now()).total_seconds() - HOUR) < 60  # the sooner of the two
    assert found.reason.startswith(f"waits until {found.not_before:%Y-%m-%d %H:%M:%S} UTC: the day")
    assert [part_of(job, name).lost for name in FIRST] == [0, 0]
    other = place.enter(key="k")
    assert claimed(runner, job) is None
    assert (taken := claimed(runner)) is not None
    assert taken.job == other
    assert job_of(other).held_key == "k"


def test_when_the_time_has_come_it_goes_on_with_its_key(place: Place, runner: UUID) -> None:
    job = planned(place, runner)
    for _ in FIRST:
        rested(runner, job)
    let_time_pass(job)
    for name in FIRST:
        part = claimed(runner)
        assert part is not None
        assert (part.name, part.again) == (name, False)
        assert (job_of(job).held_key, job_of(job).not_before) == ("k", None)
        claims.finish(part, PartProgress(rows=1))
    assert place.status(job) == "Success"
    assert job_of(job).reason == ""


def test_its_time_has_come_and_another_has_the_key(place: Place, runner: UUID) -> None:
    job = planned(place, runner)
    for _ in FIRST:
        rested(runner, job)
    other = place.enter(key="k")
    assert claimed(runner, other) is not None
    let_time_pass(job)
    assert claimed(runner) is None
    assert place.status(job) == "Queued"


def test_what_closes_does_not_keep_a_job_from_waiting(place: Place, runner: UUID) -> None:
    job = planned(place, runner, "closed", closes=True)
    for _ in FIRST:
        rested(runner, job)
    assert place.status(job) == "Queued"


def test_jobs_that_wait_are_passed_over_however_many_they_are(place: Place, runner: UUID) -> None:
    for _ in range(3):
        job = planned(place, runner, "closed", closes=True)
        for _ in FIRST:
            rested(runner, job)
    last = place.enter(key="k")
    with patch.object(claims, "CANDIDATES", 1):
        found = claimed(runner)
    assert found is not None
    assert found.job == last


def test_jobs_whose_key_is_taken_do_not_stand_before_those_that_can_begin(
    place: Place, runner: UUID
) -> None:
    assert claimed(runner, place.enter(key="k")) is not None
    for _ in range(2):
        place.enter(key="k")
    last = place.enter(key="another")
    with patch.object(claims, "CANDIDATES", 1):
        found = claimed(runner)
    assert found is not None
    assert found.job == last


def test_a_job_that_only_waited_stops_at_once_and_can_be_tried_again(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    for _ in FIRST:
        rested(runner, job)
    assert queue.stop(place.settings, job)[1] == ""
    assert (place.status(job), job_of(job).not_before) == ("Stopped", None)
    queue.retry(place.settings, job, KINDS)
    assert (part := claimed(runner)) is not None
    assert (part.job, part.name) == (job, "part0")
    assert part_of(job, "part1").waiting_since is None


def test_what_a_job_did_before_it_waited_is_taken_back_by_a_stop(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    done = claimed(runner, job)
    assert done is not None
    claims.finish(done, PartProgress(rows=1))
    rested(runner, job)
    queue.stop(place.settings, job)
    undo = claimed(runner)
    assert undo is not None
    assert undo.stage == "undo"
    claims.finish(undo, PartProgress())
    assert place.status(job) == "Stopped"


def test_a_stop_that_comes_just_before_it_waits_is_heeded(place: Place, runner: UUID) -> None:
    job = planned(place, runner)
    part = claimed(runner, job)
    assert part is not None
    queue.stop(place.settings, job)
    assert waiting.rest(part, SETTLING, PartProgress())
    assert place.status(job) == "Stopped"


def test_a_runner_that_died_before_it_could_say_so_loses_no_part(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    part = claimed(runner, job)
    assert part is not None
    place.expire()
    assert not waiting.rest(part, SETTLING, PartProgress())  # it is another's now
    for _ in FIRST:
        rested(runner, job)
    assert (place.status(job), part_of(job, "part0").lost) == ("Queued", 1)


def test_a_part_with_a_fault_does_not_let_its_job_go(place: Place, runner: UUID) -> None:
    """What is half done stays behind the key until its pause of seconds is over."""
    job = planned(place, runner)
    part = claimed(runner, job)
    assert part is not None
    assert reaper.put_off(part, "the store is away")
    rested(runner, job)
    assert (place.status(job), job_of(job).held_key) == ("In Progress", "k")
    let_time_pass(job, by_s=60)
    part = claimed(runner)
    assert part is not None
    assert part.name == "part0"
    claims.finish(part, PartProgress())
    assert (place.status(job), job_of(job).held_key) == ("Queued", None)


def test_a_wish_is_one_of_the_whole_job_and_each_part_is_not_asked_to_hear_it(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    rested(runner, job, SETTLING._replace(for_s=2 * HOUR))
    rested(runner, job, WISH)
    assert (part_of(job, "part0").not_before - now()).total_seconds() > HOUR + 60
    let_time_pass(job)
    rested(runner, job, WISH._replace(for_s=2 * HOUR))
    assert claimed(runner, job) is None
    assert place.status(job) == "Queued"
    moments = {part_of(job, name).not_before for name in FIRST}
    assert len(moments) == 1
    assert (job_of(job).not_before - now()).total_seconds() > 2 * HOUR - 60


@on_sqlite
def test_a_wish_without_end_ends_the_part_and_a_step_begins_it_anew(
    place: Place, runner: UUID
) -> None:
    job = planned(place, runner)
    rested(runner, job, WISH)
    let_time_pass(job, by_s=2 * 86_400)
    rested(runner, job, WISH, PartProgress(rows=5, step="10:00 to 11:00"))  # it got on
    let_time_pass(job, by_s=2 * 86_400)
    rested(runner, job, WISH)
    assert {part_of(job, name).status for name in FIRST} == {"Queued"}
    let_time_pass(job, by_s=2 * 86_400)
    rested(runner, job, WISH, PartProgress(pending=5, calls=1))  # these may be void
    assert part_of(job, "part0").status == "Failed"
    assert "it waited for 96 h and got no further" in part_of(job, "part0").reason
    assert part_of(job, "part0").lost == 0


@on_sqlite
def test_nobody_runs_in_a_circle_where_clocks_differ(place: Place, runner: UUID) -> None:
    job = planned(place, runner)
    rested(runner, job, SETTLING._replace(for_s=-5.0))
    assert (part_of(job, "part0").not_before - now()).total_seconds() > 0.5


@on_sqlite
def test_it_is_told_until_when_a_job_waits(
    place: Place, runner: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    job = planned(place, runner)
    for _ in FIRST:
        rested(runner, job)
    until_when = job_of(job).not_before
    told = f"waits until {until_when:%Y-%m-%d %H:%M:%S} UTC"
    assert queries.details_of(job_of(job))["not_before"] == until_when.isoformat()
    assert queries.job_page().jobs[0]["not_before"] == until_when
    assert listing.queue_summary().oldest_at is None  # no runner is late
    on_term = signal.getsignal(signal.SIGTERM)
    with log_given_back():
        words = ["--config", str(place.folder / "config")]
        assert run(["jobs", "list", *words]) == 0
        listed = f"Queued, waits until {until_when:%Y-%m-%d %H:%M} UTC"
        assert listed in " ".join(capsys.readouterr().out.split())
        assert run(["jobs", "show", job, *words]) == 0
        assert f"Queued. {told}: the day is settled then" in capsys.readouterr().out
        assert run(["jobs", "list", "--json", *words]) == 0
    signal.signal(signal.SIGTERM, on_term)
    [shown] = json.loads(capsys.readouterr().out)["jobs"]
    assert shown["not_before"] == until_when.isoformat()


def test_tables_of_the_form_before_are_brought_up_with_their_jobs(place: Place) -> None:
    job = place.enter(key="k")
    try:
        call_command("migrate", "records", "0001", verbosity=0)
    finally:
        call_command("migrate", "records", verbosity=0)
    assert (place.status(job), job_of(job).not_before) == ("Queued", None)


@pytest.mark.parametrize("place", ["postgres-rabbitmq"], indirect=True)
def test_a_slot_is_free_while_a_job_waits_and_wakes_when_it_is_over(place: Place) -> None:
    """SWEEP_S is five minutes here: what wakes the slot is the time itself."""
    place.carry()
    place.listening()
    job = place.add(rows=20, parts=2, how="rests", pause=1, key="k")
    other = place.add(rows=20, parts=1, key="k")
    place.ended(other, "Success")
    shown = place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (40, 40)
    assert any("part0 waits until" in event["text"] for event in shown["events"])
    assert {part_of(job, name).lost for name in FIRST} == {0}


def test_what_comes_due_while_a_slot_looks_is_looked_for_at_once(plain: Place) -> None:
    from mtdata.jobs.records.models import Part

    job = plain.add(rows=20, parts=1)
    assert reaper.due_in_s(["rows"], 300.0, 10.0) == 300.0, "nothing was put off"
    Part.objects.filter(job_id=job).update(not_before=now() - timedelta(milliseconds=5))
    assert reaper.due_in_s(["rows"], 300.0) == 300.0, "who looked behind that has seen it"
    assert reaper.due_in_s(["rows"], 300.0, 10.0) == 0.0
    Part.objects.filter(job_id=job).update(not_before=now() + timedelta(seconds=60))
    assert 0.0 < reaper.due_in_s(["rows"], 300.0, 10.0) <= 60.0


def test_a_runner_that_is_killed_while_a_job_waits_leaves_it_to_another(plain: Place) -> None:
    killed = plain.runner()
    job = plain.add(rows=20, parts=1, how="rests", pause=1, key="k")
    until(lambda: plain.status(job) == "Queued" and job_of(job).not_before, "that it waits")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    plain.carry()
    plain.ended(job, "Success")
    assert (plain.rows(job), plain.distinct(job)) == (20, 20)
