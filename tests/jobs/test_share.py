"""A crowd of one owner keeps nobody else waiting, is bounded, and is stopped in one go."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from mtdata.cli.main import run
from mtdata.core.errors import JobError
from mtdata.duties import KINDS as REAL
from mtdata.jobs import queue
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import claims, orders, runners, share
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.records.models import Job, Part
from mtdata.jobs.records.signs import PartProgress
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place

CROWD = 60  # more than a claim tries


@pytest.fixture
def runner(place: Place) -> UUID:
    """Somebody who carries."""
    return runners.register("embedded", 99)


def entered(owner: str, *, key: str = "", count: int = 1, kind: str = "rows") -> list[str]:
    read = {"rows": 1.0, "parts": 2.0, "pause": 0.0, "undo_pause": 0.0, "how": "", "key": key}
    order = orders.Order(
        kind, read, kind, key=key, max_runners=KINDS[kind].max_runners, owner=owner
    )
    return [str(one.pk) for one in orders.add_all([order] * count)]


def claimed(runner: UUID) -> Claimed | None:
    return claims.claim(runner, 60, KINDS)


def next_job(runner: UUID) -> str:
    found = claimed(runner)
    assert found is not None
    return found.job


def test_jobs_with_no_hand_free_do_not_stand_before_those_that_can_begin(
    place: Place, runner: UUID
) -> None:
    for _ in entered("anna", count=CROWD):
        plan = claimed(runner)
        assert plan is not None
        claims.finish(plan, PartProgress(), planned=["part0", "part1"])
        assert claimed(runner) is not None  # its one hand is taken now
    assert claimed(runner) is None
    [last] = entered("anna")
    assert next_job(runner) == last


def test_a_crowd_of_one_key_keeps_nobody_waiting(place: Place, runner: UUID) -> None:
    crowd = entered("guest", key="cake:one", count=CROWD)
    [own] = entered("anna")
    assert {next_job(runner), next_job(runner)} == {crowd[0], own}
    assert claimed(runner) is None


def test_owners_and_accounts_take_turns(place: Place, runner: UUID) -> None:
    crowd = entered("guest", key="cake:one", count=5)
    [second] = entered("another guest", key="cake:one")
    plain = entered("anna", count=3)
    [other] = entered("bert")
    turns = []
    for _ in range(10):
        found = claimed(runner)
        assert found is not None
        turns.append(found.job)
        claims.finish(found, PartProgress(), planned=[])  # it ends at once
    assert turns[:3] == [crowd[0], plain[0], other]
    assert turns[3] == second  # of one account; the crowd had its turn there
    assert turns[4] == plain[1]
    assert sorted(turns) == sorted([*crowd, second, *plain, other])


def test_who_has_more_in_hand_waits_for_who_has_less(place: Place, runner: UUID) -> None:
    entered("anna", count=3)
    first = [next_job(runner), next_job(runner)]
    [other] = entered("bert")
    assert other not in first
    assert next_job(runner) == other


def test_who_has_something_in_hand_waits_though_their_turn_was_long_ago(
    place: Place, runner: UUID
) -> None:
    entered("anna", count=2)
    in_hand = next_job(runner)
    ended, waits = entered("bert", count=2)
    at = now()
    Job.objects.filter(pk=in_hand).update(started_at=at - timedelta(hours=3))
    Part.objects.filter(job=in_hand).update(started_at=at - timedelta(hours=3))
    Job.objects.filter(pk=ended).update(started_at=at, ended_at=at, status="Success")
    Part.objects.filter(job=ended).update(status="Success")
    assert next_job(runner) == waits


def test_a_job_that_is_queued_again_had_its_turn_when_its_last_part_was_begun(
    place: Place, runner: UUID
) -> None:
    [again] = entered("anna")
    ended, waits = entered("bea", count=2)
    at = now()
    jobs, parts = Job.objects, Part.objects
    jobs.filter(pk=again).update(started_at=at - timedelta(hours=3))
    parts.filter(job=again).update(started_at=at - timedelta(minutes=1))
    jobs.filter(pk=ended).update(
        started_at=at - timedelta(hours=2), ended_at=at - timedelta(hours=1), status="Success"
    )
    parts.filter(job=ended).update(status="Success")
    assert [next_job(runner), next_job(runner)] == [waits, again]


def test_an_owner_has_so_many_jobs_and_no_more(plain: Place) -> None:
    plain.configure(QUEUE_JOBS=3)
    given = {"rows": "1"}
    read = validate(KINDS["rows"], plain.settings, given)
    made = queue.add_all(plain.settings, KINDS, "rows", [read] * 3, "anna")
    with pytest.raises(JobError, match=r"4 jobs of one owner.*3 are the most \(QUEUE_JOBS\)"):
        queue.add(plain.settings, KINDS, "rows", given, "anna")
    with pytest.raises(JobError, match="nothing was queued"):
        queue.add_all(plain.settings, KINDS, "rows", [read] * 4, "bert")
    queue.add(
        plain.settings, KINDS, "rows", given, "bert"
    )  # another owner has a share of their own
    stopped = queue.stop_all(plain.settings, [made[0].pk], "by hand")
    assert [job.pk for job in stopped] == [made[0].pk]
    queue.add(plain.settings, KINDS, "rows", given, "anna")
    with pytest.raises(JobError, match="QUEUE_JOBS"):
        queue.retry(plain.settings, made[0].pk, KINDS)


def test_an_owner_has_so_many_hours_and_no_more(plain: Place) -> None:
    plain.configure(QUEUE_HOURS=48)
    kinds = {**KINDS, "dated": replace(KINDS["dated"], hours=REAL["cake.clicks"].hours)}
    days = {"from": "2026-01-01", "to": "2026-01-02"}
    assert REAL["cake.clicks"].hours(days) == REAL["cake.conversions"].hours(days) == 48
    kinds["dated"] = replace(kinds["dated"], hours=lambda p: 24.0 * (1 + (p["start"] < p["end"])))
    two, one = ({"start": "2026-01-01", "end": f"2026-01-0{end}"} for end in (2, 1))
    queue.add(plain.settings, kinds, "dated", two, "anna")
    with pytest.raises(JobError, match=r"72 hours.*48 are the most \(QUEUE_HOURS\)"):
        queue.add(plain.settings, kinds, "dated", one, "anna")
    queue.add(plain.settings, kinds, "rows", {"rows": "1"}, "anna")  # which asks for none
    queue.add(plain.settings, kinds, "dated", one, "bert")


def test_the_command_refuses_and_stops_all_of_these(
    plain: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.configure(QUEUE_JOBS=2)
    config = ["--config", str(plain.folder / "config")]
    order = ["jobs", "add", "study.export", "server=.", *config]
    assert [run(order), run(order), run(order)] == [0, 0, 65]
    assert "QUEUE_JOBS" in capsys.readouterr().err
    read = [validate(KINDS["rows"], plain.settings, {})] * 2
    own = [str(job.pk) for job in queue.add_all(plain.settings, KINDS, "rows", read, "anna")]
    for words in (["stop"], ["stop", own[0], "--all"], ["stop", own[0], "--kind", "rows"]):
        assert run(["jobs", *words, *config]) == 64
    assert run(["jobs", "stop", "--all", "--owner", "anna", "--json", *config]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(job["id"] for job in said["jobs"]) == sorted(own)
    assert {plain.status(job) for job in own} == {"Stopped"}
    assert run(["jobs", "stop", "--all", "--owner", "", *config]) == 0
    assert run(order) == 0


def test_of_a_crowd_no_more_are_read_than_are_tried(place: Place) -> None:
    crowd, keyed = entered("guest", count=9), entered("guest", key="cake:one", count=9)
    [own] = entered("anna")
    found = {str(one.pk) for one in share._oldest(list(KINDS), now(), 3)}
    assert found == {*crowd[:3], keyed[0], own}


def test_what_is_not_due_hides_nobody_of_its_owner(place: Place) -> None:
    *early, last = entered("guest", count=5)
    later = now() + timedelta(hours=1)
    Part.objects.filter(job__in=early).update(not_before=later)
    assert [str(one) for one in share.in_turn(list(KINDS), now(), most=2)] == [last]
