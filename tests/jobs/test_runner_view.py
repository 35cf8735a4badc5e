"""Who carries, as pages show it: over every database, and in a bounded number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mtdata.config.programme import ProgrammeConfig
from mtdata.jobs.records import reaper, runner_view
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.models import Job, Part, Runner
from tests.jobs.place import Place

TERMS = ProgrammeConfig()
LONG = timedelta(hours=1)


def runner(host: str, **more: Any) -> Runner:
    """Somebody who was heard of just now."""
    usual = {"pid": 1, "engine": "embedded", "slots": 1, "version": "1", "started_at": now()}
    return Runner.objects.create(**{"host": host, "seen_at": now(), **usual, **more})


def in_hand(of: Runner, number: int, **more: Any) -> Part:
    """A part that it carries."""
    job = Job.objects.create(
        name=f"job {number}", kind="rows", parameters={}, status="In Progress", created_at=now()
    )
    usual = {"number": 1, "stage": "work", "name": f"part {number}", "status": "In Progress"}
    return Part.objects.create(job=job, runner=of, leased_until=now() + LONG, **usual, **more)


def states(*, ended: bool = False) -> dict[str, str]:
    """The state of each by host."""
    return {
        one["host"]: one["state"] for one in runner_view.runner_page(TERMS, ended=ended).runners
    }


def test_who_keeps_a_lease_is_alive_and_who_is_not_heard_of_is_not(place: Place) -> None:
    busy = runner("busy", seen_at=now() - LONG)
    in_hand(busy, 1, rows=7, beat_at=now())
    lost = runner("lost", seen_at=now() - LONG)
    part = in_hand(lost, 2)
    Part.objects.filter(pk=part.pk).update(leased_until=now() - LONG)
    runner("idle")
    runner("went", ended_at=now())
    assert states() == {"busy": "alive", "lost": "silent", "idle": "alive"}
    assert states(ended=True) == {"went": "ended"}
    assert runner_view.runner_count(TERMS) == (2, 0)
    held = {
        one["host"]: one["parts"] for one in runner_view.runner_page(TERMS, ended=False).runners
    }
    assert [(p["job_name"], p["name"], p["rows"]) for p in held["busy"]] == [("job 1", "part 1", 7)]
    assert held["idle"] == []


def test_after_one_missed_sign_of_life_nobody_is_called_alive(place: Place) -> None:
    """Killed at work its lease still holds, killed without it three more sweeps are waited for."""
    sweep, beat = (timedelta(seconds=one) for one in (TERMS.sweep_s, TERMS.heartbeat_s))
    in_hand(runner("at work"), 1, beat_at=now() - beat)
    in_hand(runner("killed at work"), 2, beat_at=now() - 3 * beat)
    two = runner("one of two slots hangs")
    in_hand(two, 3, beat_at=now() - 3 * beat)
    in_hand(two, 4, beat_at=now())
    runner("idle", seen_at=now() - sweep)
    runner("killed idle", seen_at=now() - 2 * sweep)
    runner("long gone", seen_at=now() - 5 * sweep)
    assert states() == {
        "at work": "alive",
        "killed at work": "late",
        "one of two slots hangs": "alive",
        "idle": "alive",
        "killed idle": "late",
        "long gone": "silent",
    }
    assert runner_view.runner_count(TERMS) == (3, 2)


def test_a_sign_of_life_that_lies_in_the_future_proves_nothing(place: Place) -> None:
    ahead = now() + timedelta(days=10)
    gone = runner("gone", seen_at=ahead)
    part = in_hand(gone, 1, beat_at=ahead)
    Part.objects.filter(pk=part.pk).update(leased_until=ahead + LONG)
    waits = in_hand(gone, 2)
    late = {"status": "Queued", "not_before": ahead, "waiting_since": ahead, "leased_until": None}
    Part.objects.filter(pk=waits.pk).update(**late)
    Job.objects.filter(pk=waits.job_id).update(not_before=ahead)
    soon = in_hand(gone, 3)
    tomorrow = now() + timedelta(days=1)
    late = {**late, "not_before": tomorrow, "waiting_since": now()}
    Part.objects.filter(pk=soon.pk).update(**late)
    assert (states(), runner_view.runner_count(TERMS)) == ({"gone": "silent"}, (0, 0))
    reaper.reap(60.0)
    found = {one.pk: one for one in Part.objects.all()}
    assert (found[part.pk].status, found[part.pk].lost) == ("Queued", 1)
    assert found[waits.pk].not_before is None
    assert Job.objects.get(pk=waits.job_id).not_before is None
    assert found[soon.pk].not_before == tomorrow


def test_jobs_are_counted_by_state(place: Place) -> None:
    assert set(runner_view.jobs_by_status().values()) == {0}
    place.add("rows")
    Job.objects.filter(pk=place.add("rows")).update(status="Failed")
    counts = runner_view.jobs_by_status()
    assert (counts["Queued"], counts["Failed"], counts["In Progress"]) == (1, 1, 0)


def test_a_page_takes_as_many_queries_whoever_is_on_it(plain: Place) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            runner_view.runner_page(TERMS, ended=False)
        return len(captured)

    in_hand(runner("first"), 1)
    few = queries()
    for number in range(2, 40):
        in_hand(runner(f"h{number}"), number)
    assert queries() == few
