"""What a job may become, and when: decided without any database."""

from __future__ import annotations

from datetime import date
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from mtdata.jobs.states import (
    FINAL,
    MOST_LOST,
    WAIT,
    JobStanding,
    NextStep,
    Stage,
    Status,
    after_loss,
    after_wait,
    may_follow,
    next_step,
    report_name,
    retry_refused,
    undo_refused,
)

ACTIVE = (Status.IN_PROGRESS, Status.STOPPING)
standings = st.builds(
    JobStanding,
    st.sampled_from(ACTIVE),
    *[st.booleans()] * 3,
    st.sampled_from([None, Status.QUEUED, Status.SUCCESS, Status.FAILED, Status.STOPPED]),
    *[st.booleans()] * 2,
)


@given(standings)
def test_where_nothing_runs_there_is_always_a_next_step_or_a_part_to_carry(
    standing: JobStanding,
) -> None:
    step = next_step(standing)
    if standing.running:
        assert step == WAIT
    elif step == WAIT:
        assert standing.queued or standing.undo is Status.QUEUED
    elif step.ends is not None:
        assert may_follow(standing.status, step.ends)


@given(standings)
def test_nothing_ends_as_success_with_a_failed_or_waiting_part(standing: JobStanding) -> None:
    if next_step(standing).ends is Status.SUCCESS:
        assert not standing.failed
        assert not standing.queued
        assert standing.status is Status.IN_PROGRESS


@given(standings)
def test_only_a_job_that_could_go_on_and_has_nothing_to_do_yet_rests(standing: JobStanding) -> None:
    waiting, standing = standing._replace(waits=True), standing._replace(waits=False)
    if next_step(waiting).rests:
        assert standing.status is Status.IN_PROGRESS
        assert standing.queued
        assert not standing.running
        assert not standing.failed
        assert may_follow(standing.status, Status.QUEUED)
        assert next_step(standing) == WAIT
    else:
        assert next_step(waiting) == next_step(standing)


def test_a_part_that_waits_is_queued_unless_it_is_stopped_or_waited_too_long() -> None:
    for stage in Stage:
        assert after_wait(0, stopping=False, stage=stage, most_s=10) is Status.QUEUED
        assert after_wait(11, stopping=False, stage=stage, most_s=10) is Status.FAILED
    assert after_wait(0, stopping=True, stage=Stage.WORK, most_s=10) is Status.STOPPED
    assert after_wait(0, stopping=True, stage=Stage.UNDO, most_s=10) is Status.QUEUED


def test_a_stop_takes_back_before_it_ends() -> None:
    stopping = JobStanding(Status.STOPPING, touched=True, can_undo=True)
    assert next_step(stopping) == NextStep(undo=True)
    assert next_step(stopping._replace(undo=Status.SUCCESS)) == NextStep(ends=Status.STOPPED)
    assert next_step(stopping._replace(undo=Status.FAILED)) == NextStep(ends=Status.FAILED)
    assert next_step(stopping._replace(can_undo=False)) == NextStep(ends=Status.STOPPED)


def test_a_final_state_leads_only_to_retry_and_undo() -> None:
    for before, after in product(FINAL, Status):
        if may_follow(before, after):
            assert after in (Status.QUEUED, Status.STOPPING)
    assert not may_follow(Status.SUCCESS, Status.QUEUED)


def test_what_is_lost_again_and_again_has_failed() -> None:
    for stage in Stage:
        assert after_loss(MOST_LOST, stopping=False, stage=stage) is Status.FAILED
        assert after_loss(1, stopping=False, stage=stage) is Status.QUEUED
    assert after_loss(1, stopping=True, stage=Stage.WORK) is Status.STOPPED
    assert after_loss(1, stopping=True, stage=Stage.UNDO) is Status.QUEUED


def test_only_what_has_ended_badly_is_tried_again() -> None:
    assert {one for one in Status if not retry_refused(one)} == {Status.FAILED, Status.STOPPED}


def test_only_what_has_ended_and_left_something_is_taken_back() -> None:
    allowed = {one for one in Status if not undo_refused(one, can_undo=True)}
    assert allowed == {Status.SUCCESS, Status.FAILED}
    assert all(undo_refused(one, can_undo=False) for one in Status)


def test_a_report_is_named_by_its_days_and_told_from_its_twins() -> None:
    days = date(2026, 3, 1), date(2026, 3, 12)
    assert report_name(*days) == "report_01032026_12032026"
    assert report_name(*days, {"report_01032026_12032026"}) == "report_01032026_12032026_2"
