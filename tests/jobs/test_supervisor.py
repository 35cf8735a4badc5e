"""The supervisor's contract over every database: whatever is killed, the rows are exact."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from uuid import UUID

import pytest

from mtdata.core.errors import Fenced
from mtdata.jobs.records import claims, fence, orders, queries, runners, setting
from mtdata.jobs.records.fence import Claimed
from mtdata.jobs.records.models import Part
from mtdata.jobs.runner import JobRunner
from tests.jobs.kinds import BATCH, KINDS, leave_given
from tests.jobs.place import Place, until


def test_a_job_writes_each_row_once_and_takes_all_of_them_back(place: Place) -> None:
    job = place.add(rows=100, parts=3)
    place.carry()
    shown = place.ended(job, "Success")
    assert (shown["parts"], shown["rows"]) == ({"done": 3, "total": 3}, 300)
    assert (place.rows(job), place.distinct(job)) == (300, 300)
    assert shown["attempt"] == 1
    orders.undo(job)
    shown = place.ended(job, "Stopped")
    assert (place.rows(job), shown["reason"]) == (0, "taken back by hand")


def test_a_killed_child_leaves_no_row_twice(place: Place) -> None:
    job = place.add(rows=100, parts=1, how="waits")
    place.carry()
    place.pid("stands")
    os.kill(place.pid("begun"), signal.SIGKILL)
    shown = place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (100, 100)
    assert any("signal 9" in event["text"] for event in shown["events"])


def test_a_killed_runner_leaves_its_job_to_another(place: Place) -> None:
    job = place.add(rows=200, parts=1, how="waits")
    runner = place.runner()
    place.pid("stands")
    runner.kill()
    runner.wait()
    assert place.status(job) == "In Progress"
    place.expire()
    place.carry()
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (200, 200)


def test_an_orphan_that_lives_on_writes_nothing(place: Place) -> None:
    job = place.add(rows=100, parts=1, how="freezes")
    runner = place.runner()
    orphan = place.pid("begun")
    until(lambda: place.rows(job) == BATCH and is_frozen(orphan), "the orphan stands still")
    runner.kill()
    runner.wait()
    place.expire()
    place.carry()
    place.ended(job, "Success")
    os.kill(orphan, signal.SIGCONT)
    until(lambda: place.signs("fenced"), "the fence")
    assert (place.rows(job), place.distinct(job)) == (100, 100)


def is_frozen(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_stopped_job_leaves_no_row(place: Place) -> None:
    job = place.add(rows=200, parts=2, how="waits")
    place.carry()
    place.pid("stands")
    orders.stop(job)
    shown = place.ended(job, "Stopped")
    assert place.rows(job) == 0
    assert shown["reason"] == "stopped by hand"
    assert shown["rows"] == 0


def test_a_stop_goes_on_when_it_is_killed_while_it_takes_back(place: Place) -> None:
    job = place.add(rows=60, parts=1, how="sleeps", undo_pause=60)
    place.carry()
    until(lambda: place.rows(job) == 60, "the rows")
    orders.stop(job)
    undoing = place.pid("undoing")
    assert orders.stop(job)[1] == "it is Stopping already"
    os.kill(undoing, signal.SIGKILL)
    place.ended(job, "Stopped")
    assert place.rows(job) == 0
    assert len(place.signs("undoing")) == 2


def test_a_stop_while_a_failed_part_is_taken_back_takes_all_of_it_back(place: Place) -> None:
    job = place.add(rows=40, parts=2, how="fails", undo_pause=1)
    place.carry()
    place.pid("undoing")
    assert place.status(job) == "In Progress"
    assert orders.stop(job)[0].status == "Stopping"
    leave_given(place.settings.home).touch()
    place.ended(job, "Stopped")
    assert place.rows(job) == 0
    shown = [event["text"] for event in queries.events(orders.job_named(job), 50)]
    assert "taking back what it did (all)" in shown


def test_a_retry_repeats_no_finished_part(plain: Place) -> None:
    job = plain.add(rows=40, parts=3, how="fails")
    plain.carry()
    shown = plain.ended(job, "Failed")
    assert "part1: this part was told to fail" in shown["reason"]
    assert plain.rows(job) == 40
    orders.retry(job)
    shown = plain.ended(job, "Success")
    assert (plain.rows(job), plain.distinct(job), shown["attempt"]) == (120, 120, 2)
    assert len(plain.signs("begun-part0")) == 1


def test_runners_side_by_side_never_have_one_part_twice(place: Place) -> None:
    runner = runners.register("embedded", 1)
    place.add("shared", parts=24)
    first = claims.claim(runner, 60, KINDS)
    assert first is not None
    claims.finish(first, claims.PartProgress(), planned=[f"part{n}" for n in range(24)])
    taken: list[int] = []

    def take() -> None:
        while (claimed := claims.claim(runner, 60, KINDS)) is not None:
            taken.append(claimed.part)
            claims.finish(claimed, claims.PartProgress(1))
        setting.close_records()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 24
    assert place.status(first.job) == "Success"


def test_two_jobs_of_one_key_never_run_together(place: Place) -> None:
    jobs = [place.add(rows=20, parts=1, key="account") for _ in range(2)]
    runner = runners.register("embedded", 1)
    taken: list[Claimed] = []

    def take() -> None:
        if (claimed := claims.claim(runner, 60, KINDS)) is not None:
            taken.append(claimed)
        setting.close_records()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert sorted(map(place.status, jobs)) == ["In Progress", "Queued"]
    assert claims.claim(runner, 60, KINDS) is None
    claims.finish(taken[0], claims.PartProgress())
    assert plain_claim(runner).job in {*jobs} - {taken[0].job}


def test_two_slots_share_the_parts_of_one_job(plain: Place) -> None:
    job = plain.add("shared", rows=40, parts=4, how="meets")
    plain.carry(count=2)
    plain.ended(job, "Success")
    assert (plain.rows(job), plain.distinct(job)) == (160, 160)
    # a slot begins another child when its own found nothing to go on with for a moment
    assert len({sign.read_text() for sign in plain.signs("begun")}) >= 2


def test_what_all_parts_made_is_put_together_when_the_last_is_done(place: Place) -> None:
    job = place.add("closed", rows=40, parts=4)
    place.carry(count=2)
    shown = place.ended(job, "Success")
    assert (shown["parts"], place.rows(job)) == ({"done": 4, "total": 4}, 161)
    assert [made["rows"] for made in shown["artifacts"]] == [160]
    orders.undo(job)
    shown = place.ended(job, "Stopped")
    assert (place.rows(job), shown["artifacts"]) == (0, [])


def test_a_retry_closes_again_and_repeats_no_part(plain: Place) -> None:
    job = plain.add("closed", rows=40, parts=2, how="fails to close")
    plain.carry()
    assert "close: this part was told to fail" in plain.ended(job, "Failed")["reason"]
    orders.retry(job)
    plain.ended(job, "Success")
    assert (plain.rows(job), len(plain.signs("begun"))) == (81, 2)


def test_a_runner_that_ends_hands_its_part_back(plain: Place) -> None:
    job = plain.add(rows=200, parts=1, how="waits")
    slots: JobRunner = plain.carry()
    plain.pid("stands")
    assert slots.stop(60)
    plain.carry()
    plain.ended(job, "Success")
    assert (plain.rows(job), plain.distinct(job)) == (200, 200)


def test_a_job_whose_runner_is_gone_is_stopped_all_the_same(plain: Place) -> None:
    job = plain.add(rows=200, parts=1, how="waits")
    runner = plain.runner()
    plain.pid("stands")
    runner.kill()
    runner.wait()
    orders.stop(job)
    plain.expire()
    plain.carry()
    plain.ended(job, "Stopped")
    assert plain.rows(job) == 0


def test_a_part_that_kills_its_child_each_time_has_failed_in_the_end(plain: Place) -> None:
    runner = runners.register("embedded", 1)
    job = plain.add(parts=1)
    for _ in range(3):
        plain_claim(runner)
        plain.expire()
        lift_pauses()
    shown = plain.ended(job, "Failed")
    assert "was not heard of" in shown["reason"]


def plain_claim(runner: UUID) -> Claimed:
    claimed = claims.claim(runner, 60, KINDS)
    assert claimed is not None
    return claimed


def lift_pauses() -> None:
    Part.objects.update(not_before=None)


def test_a_fenced_commit_of_an_earlier_attempt_writes_nothing(place: Place) -> None:
    runner = runners.register("embedded", 1)
    job = place.add(parts=1)
    early = plain_claim(runner)
    place.expire()
    late = plain_claim(runner)
    assert late.attempt > early.attempt
    with pytest.raises(Fenced), fence.fenced(early):
        raise AssertionError("the fence let it in")
    with pytest.raises(Fenced):
        claims.finish(early, claims.PartProgress(7))
    assert claims.renew(early, runner, 60, claims.PartProgress()) is claims.Verdict.LOST
    assert not claims.fail(early, "late")
    claims.finish(late, claims.PartProgress(), planned=["part0"])
    claims.finish(late, claims.PartProgress(), planned=["part0"])  # said twice, done once
    # a sign of life may come between the commit of a child and its word: it is not lost by that
    assert claims.renew(late, runner, 60, claims.PartProgress()) is claims.Verdict.GOES_ON
    assert queries.details_of(orders.job_named(job))["parts"]["total"] == 1


def test_a_part_that_was_put_back_is_not_ended_by_who_had_it(place: Place) -> None:
    runner = runners.register("embedded", 1)
    place.add(parts=1)
    early = plain_claim(runner)
    place.expire()  # it is in the queue again, of the same attempt, and nobody has claimed it yet
    with pytest.raises(Fenced):
        claims.finish(early, claims.PartProgress(), planned=["part0"])
    assert Part.objects.get(pk=early.part).status == "Queued"


def test_a_part_whose_code_calls_for_the_end_of_the_program_has_failed_at_once(
    plain: Place,
) -> None:
    job = plain.add(rows=1, parts=1, how="leaves")
    plain.carry()
    shown = plain.ended(job, "Failed")
    assert "sys.exit" in shown["reason"]
    assert "answer" not in json.dumps(shown, default=str)
    assert [sign.name for sign in plain.signs("begun")] == ["begun-part0-1"]
