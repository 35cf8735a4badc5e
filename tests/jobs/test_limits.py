"""What ends a job that does not end by itself: limits, deadlines, and faults that come again."""

from __future__ import annotations

import pytest

from mtdata.core.errors import JobError
from mtdata.daemon.slots import are_wanted
from mtdata.jobs.records import orders, reaper
from tests.jobs.place import Place, until


def test_a_job_without_a_sign_of_progress_is_ended(plain: Place) -> None:
    plain.configure(STALL_S="4s")  # a busy machine begins a child within that
    job = plain.add(rows=20, parts=1, how="sleeps")
    plain.carry()
    assert "no sign of progress" in plain.ended(job, "Failed")["reason"]
    assert plain.rows(job) == 0


def test_a_job_that_takes_too_long_is_ended(plain: Place) -> None:
    job = plain.add("short", rows=20, parts=1, how="sleeps")
    plain.carry()
    assert "longer than 0.5 s" in plain.ended(job, "Failed")["reason"]


def test_a_job_that_takes_too_much_memory_is_ended(plain: Place) -> None:
    job = plain.add("fat", rows=20, parts=1, how="sleeps")
    plain.carry()
    assert "MB of memory" in plain.ended(job, "Failed")["reason"]


def test_a_child_that_is_deaf_is_killed(plain: Place) -> None:
    plain.configure(GRACE_S="0.3s")
    job = plain.add(rows=20, parts=1, how="deaf", pause=60)
    plain.carry()
    until(lambda: plain.rows(job) > 0, "the rows")
    orders.stop(job)
    plain.ended(job, "Stopped")
    assert plain.rows(job) == 0


def test_a_fault_of_the_program_tells_places_and_no_words(plain: Place) -> None:
    job = plain.add(parts=1, how="fault")
    plain.carry()
    shown = plain.ended(job, "Failed")
    assert "ZeroDivisionError at" in shown["reason"]
    assert "answer of a participant" not in str(shown)


def test_what_may_succeed_later_is_tried_again(plain: Place) -> None:
    job = plain.add(rows=20, parts=1, how="busy")
    plain.carry()
    plain.ended(job, "Success")
    assert plain.rows(job) == 20


def test_a_stop_that_takes_too_long_ends_as_failed(plain: Place) -> None:
    job = plain.add(rows=60, parts=1, how="sleeps", undo_pause=60)
    plain.carry()
    until(lambda: plain.rows(job) == 60, "the rows")
    orders.stop(job)
    plain.pid("undoing")
    reaper.reap(0)
    assert "was not stopped within" in plain.ended(job, "Failed")["reason"]


def test_a_queued_job_that_is_stopped_ends_at_once(plain: Place) -> None:
    job = plain.add()
    assert orders.stop(job)[0].status == "Stopped"
    assert orders.stop(job)[1] == "it has ended already: Stopped"


def test_a_job_that_succeeded_is_not_tried_again(plain: Place) -> None:
    job = plain.add(parts=0)
    plain.carry()
    plain.ended(job, "Success")
    with pytest.raises(JobError, match="only a job that is Failed or Stopped"):
        orders.retry(job)
    with pytest.raises(JobError, match="it has left nothing"):
        orders.undo(job)


def test_a_daemon_has_slots_where_there_are_records_and_it_should(plain: Place) -> None:
    assert are_wanted(plain.settings)
    plain.configure(SLOTS=0)
    assert not are_wanted(plain.settings)
    plain.configure(SLOTS=1, DATABASE="sqlite:///state/nothing.sqlite3")
    assert not are_wanted(plain.settings)
    plain.configure(ENGINE="celery", BROKER="amqp://127.0.0.1")
    assert not are_wanted(plain.settings)


def test_a_failed_job_is_taken_back_whole_and_begun_anew(plain: Place) -> None:
    job = plain.add(rows=40, parts=2, how="fails")
    plain.carry()
    plain.ended(job, "Failed")
    assert plain.rows(job) == 40
    orders.undo(job)
    plain.ended(job, "Stopped")
    assert plain.rows(job) == 0
    orders.retry(job)
    plain.ended(job, "Success")
    assert (plain.rows(job), plain.distinct(job)) == (80, 80)
