"""Jobs that ended long ago are forgotten in pieces; what is needed stays, files are named."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from mtdata.cli.main import run
from mtdata.jobs import pruning as daily_pruning
from mtdata.jobs.daily import DAY, OWNER, name_of
from mtdata.jobs.kind import Kinds
from mtdata.jobs.pruning import DailyPruning
from mtdata.jobs.records import daily_records, old_rows, orders, pruning, queries
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.job_ends import JobEnd
from mtdata.jobs.records.models import Artifact, Event, Job, Part, Runner
from tests.fakes_log import log_given_back
from tests.jobs.place import Place

KEEP_S = 90 * 86_400.0
OLD = timedelta(days=100)


def ended(place: Place, status: str = "Success", ago: timedelta = OLD, **changed: Any) -> str:
    """A job that ended so long ago, with a part of its work and a file; its id."""
    job = place.enter("rows")
    at = now() - ago
    Job.objects.filter(pk=job).update(status=status, started_at=at, ended_at=at, **changed)
    Part.objects.filter(job=job).update(status=status, begun=True, ended_at=at)
    part = Part.objects.create(job_id=job, number=1, stage="work", name="1", status=status)
    Artifact.objects.create(job_id=job, part=part, name="a.csv", place=f"/out/{job}", made_at=at)
    return job


def forget(kinds: Kinds, *named: str, keep_s: float = KEEP_S, **how: bool) -> set[str]:
    """The ids of what a whole pass forgets."""
    jobs, found = pruning.Pruning(kinds, keep_s, named), set()
    while True:
        piece = jobs.piece(**how)
        found |= {one.id for one in piece.forgotten}
        if piece.next is None:
            return found


def there() -> set[str]:
    return {str(one) for one in Job.objects.values_list("pk", flat=True)}


def left_of(job: str) -> int:
    """Rows of any table that name a job."""
    tables = (Part, Event, Artifact, JobEnd)
    return sum(table.objects.filter(job=UUID(job)).count() for table in tables)


def test_what_ended_long_ago_goes_with_all_that_hangs_on_it(place: Place) -> None:
    old = {ended(place, status) for status in ("Success", "Failed", "Stopped")}
    young, waiting = ended(place, ago=timedelta(days=80)), place.enter("rows")
    running = ended(place, "In Progress")
    again = ended(place, "Failed")
    orders.retry(again)
    assert forget(place.kinds, dry_run=True) == old
    assert len(there()) == 7
    assert forget(place.kinds) == old
    assert there() == {young, waiting, running, again}
    assert [left_of(job) for job in old] == [0, 0, 0]
    assert min(left_of(job) for job in (young, running, again)) >= 3
    assert forget(place.kinds) == set()


def test_a_pass_goes_on_behind_what_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PIECE", 2)
    monkeypatch.setattr(pruning, "ROWS", 1)
    at = now() - OLD  # at one moment all of them
    jobs = [ended(place) for _ in range(7)]
    Job.objects.filter(pk__in=jobs).update(ended_at=at)
    stay = {jobs[0], jobs[3], jobs[4]}
    names = Job.objects.filter(pk__in=stay).values_list("name", flat=True)
    assert forget(place.kinds, *names) == set(jobs) - stay
    assert there() == stay


def test_a_job_that_is_tried_again_meanwhile_stays(place: Place) -> None:
    job = ended(place, "Failed")
    jobs = pruning.Pruning(place.kinds, KEEP_S)
    chosen = jobs._needed

    def tried_again(found: Any) -> Any:
        orders.retry(job)
        return chosen(found)

    jobs._needed = tried_again  # type: ignore[method-assign]
    assert jobs.piece().forgotten == []
    assert (there(), left_of(job) >= 3) == ({job}, True)


def test_work_that_stands_stays_and_what_was_taken_back_goes(place: Place) -> None:
    kinds = {"rows": replace(place.kinds["rows"], stays="standing")}
    stands, failed, stopped, nothing = (
        ended(place, status) for status in ("Success", "Failed", "Stopped", "Failed")
    )
    Part.objects.filter(job=failed, stage="work").update(begun=True)
    assert forget(kinds) == {stopped, nothing}
    assert there() == {stands, failed}


def test_the_newest_plan_of_each_key_stays(place: Place) -> None:
    kinds = {"rows": replace(place.kinds["rows"], stays="newest")}
    jobs = [ended(place, key=key) for key in ("a", "a", "b", "a")]
    for age, job in enumerate(reversed(jobs)):
        Job.objects.filter(pk=job).update(created_at=now() - OLD - timedelta(days=age))
        Part.objects.filter(job=job, stage="plan").update(checkpoint={"of": job})
    Part.objects.filter(job=jobs[3], stage="plan").update(checkpoint=None)
    before = [queries.plan_checkpoint("rows", key) for key in ("a", "b")]
    assert forget(kinds) == {jobs[0], jobs[3]}
    assert [queries.plan_checkpoint("rows", key) for key in ("a", "b")] == before


def test_who_is_still_to_be_told_and_what_nobody_knows_stays(place: Place) -> None:
    untold, named, strange = ended(place), ended(place, "Failed"), ended(place, kind="of another")
    JobEnd.objects.create(job_id=untold, status="Success", at=now())
    assert forget(place.kinds, Job.objects.get(pk=named).name) == set()
    assert there() == {untold, named, strange}


def test_a_daily_schedule_knows_what_it_knew(place: Place) -> None:
    first, count = date(2026, 1, 1), pruning.LOOKED_AT + 5
    days = [first + number * DAY for number in range(count)]
    for number, day in enumerate(days):
        status = "Success" if number in (1, 3) else "Failed"
        name = name_of("rows", "main", day)
        ended(place, status, owner=OWNER, account="main", name=name)
    before = daily_records.daily_state("rows", "main", days[-1])
    assert len(forget(place.kinds)) == 3
    assert daily_records.daily_state("rows", "main", days[-1]) == before
    Job.objects.filter(status="Success").update(status="Failed")  # and none has come by now
    assert forget(place.kinds) == set()


def test_a_clock_that_stands_ahead_makes_nothing_old(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ended(plain, ago=timedelta(days=80))
    monkeypatch.setattr(old_rows, "now", lambda: now() + timedelta(days=400))
    assert forget(plain.kinds) == set()
    monkeypatch.undo()
    assert forget(plain.kinds, keep_s=70 * 86_400.0) == {job}


def test_runners_that_nobody_names_go_as_well(place: Place) -> None:
    at, about = now() - OLD, {"pid": 1, "engine": "embedded", "slots": 1, "version": "1"}
    ages = {"ended_at": at, "started_at": at, "seen_at": at}
    gone = [Runner.objects.create(host="a", **about, **ages) for _ in range(2)]
    named = Runner.objects.create(host="b", **about, **ages)
    alive = Runner.objects.create(host="c", **about, **{**ages, "ended_at": None, "seen_at": now()})
    Part.objects.filter(job=ended(place)).update(runner=named)
    assert list(pruning.forget_runners(KEEP_S)) == [len(gone)]
    assert set(Runner.objects.values_list("pk", flat=True)) == {named.pk, alive.pk}


def test_a_runner_does_it_once_a_day_and_names_what_was_made(
    plain: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pruning, "PIECE", 2)
    jobs = [ended(plain) for _ in range(3)]
    idle = DailyPruning(plain.settings, plain.kinds)
    idle.run()
    assert not idle.step()
    assert there() == set(jobs), "JOBS_KEEP is off"
    plain.configure(JOBS_KEEP="90d")
    ticks = [0.0]
    daily = DailyPruning(plain.settings, plain.kinds, lambda: ticks[0])
    with caplog.at_level(logging.INFO, "mtdata.jobs"):
        assert (daily.step(), len(there())) == (True, 1)
        daily.run()
        assert there() == set()
    assert all(f"made /out/{job}, which stays" in caplog.text for job in jobs)
    late = ended(plain)
    assert (daily.step(), there()) == (False, {late})
    ticks[0] = daily_pruning.EVERY_S
    daily.run()
    assert there() == set()


def test_the_command_shows_and_forgets_and_names_every_file(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(code: int, *words: str) -> Any:
        capsys.readouterr()
        config = str(place.folder / "config")
        assert run(["jobs", "prune", *words, "--config", config, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    job = ended(place, kind="study.decode")
    with log_given_back():
        assert "JOBS_KEEP is off" in said(64)["error"]["message"]
        assert "7d" in said(64, "--older-than", "6d")["error"]["message"]
        shown = said(0, "--older-than", "90d", "--dry-run")
        assert (shown["forgotten"], shown["files"], there()) == (1, [f"/out/{job}"], {job})
        place.configure(JOBS_KEEP="90d")
        assert said(0)["forgotten"] == 1
    assert there() == set()
