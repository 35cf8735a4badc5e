"""A commit that was made, and of which no word came back: nothing is done a second time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mtdata.jobs import queue
from mtdata.jobs.records import claims, orders, runners
from mtdata.jobs.records.models import Job, Part, Runner
from tests.jobs.cable import Cable, cabled
from tests.jobs.kinds import KINDS
from tests.jobs.place import Place, until

pytestmark = pytest.mark.parametrize("place", ["mysql", "postgres"], indirect=True)


class CommitCable(Cable):
    """Breaks behind a commit, before its answer is through, once for each time that it is told."""

    breaks = False
    _answers: socket.socket | None = None

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if source is self._answers:  # it is committed; its word goes no further
                    self._answers = None
                    break
                if self.breaks and piece.rstrip(b"\0").endswith(b"COMMIT"):
                    self.breaks, self._answers = False, target
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def break_at_commit(self) -> None:
        """The next one."""
        self.breaks = True


@pytest.fixture
def cable(place: Place) -> Iterator[CommitCable]:
    with cabled(place, CommitCable) as made:
        yield made


def test_an_order_is_entered_once(place: Place, cable: CommitCable) -> None:
    Job.objects.count()  # there is a connection
    cable.break_at_commit()
    job = place.enter()
    assert not cable.breaks
    assert [str(one) for one in Job.objects.values_list("pk", flat=True)] == [job]


def test_an_order_of_a_name_is_told_as_entered(place: Place, cable: CommitCable) -> None:
    order = queue.order_of(KINDS["rows"], {"key": ""})
    cable.break_at_commit()
    job = orders.add_once(order)
    assert not cable.breaks
    assert job is not None
    assert Job.objects.get().pk == job.pk
    assert orders.add_once(order) is None


def test_a_stop_a_retry_and_an_undo_are_told_as_done(place: Place, cable: CommitCable) -> None:
    job = place.enter()
    cable.break_at_commit()
    assert orders.stop(job)[1] == ""
    assert not cable.breaks
    assert orders.stop(job)[1] == "it has ended already: Stopped"
    cable.break_at_commit()
    assert orders.retry(job).attempt == 2
    assert not cable.breaks
    assert Job.objects.get().attempt == 2
    Job.objects.update(status="Success")
    Part.objects.create(job_id=job, number=1, stage="work", name="a", status="Success", begun=True)
    cable.break_at_commit()
    orders.undo(job)
    assert not cable.breaks
    assert place.status(job) == "Stopping"


def test_a_part_is_claimed_at_once_and_no_second_one(place: Place, cable: CommitCable) -> None:
    jobs = {place.enter(), place.enter()}
    cable.break_at_commit()
    runner = runners.register("embedded", 1)
    assert not cable.breaks
    assert Runner.objects.get().pk == runner
    cable.break_at_commit()
    claimed = claims.claim(runner, 60, KINDS.keys())
    assert not cable.breaks
    assert claimed is not None
    assert claimed.job in jobs
    assert Part.objects.get(status="In Progress").pk == claimed.part


def test_a_job_is_planned_and_its_first_part_claimed_at_once(
    place: Place, cable: CommitCable
) -> None:
    job, runner = place.enter(), runners.register("embedded", 1)
    claimed = claims.claim(runner, 60, KINDS.keys())
    assert claimed is not None
    cable.break_at_commit()
    first = claims.plan(claimed, ["a", "b"], runner, 60, closes=False)
    assert not cable.breaks
    assert first is not None
    assert first.name == "a"
    assert Part.objects.get(job=job, status="In Progress").pk == first.part


def test_a_job_is_carried_once_whatever_breaks(place: Place, cable: CommitCable) -> None:
    job = place.enter(rows=40, parts=2)
    cable.break_at_commit()
    place.carry()
    until(lambda: not cable.breaks, "the broken commit")
    place.ended(job, "Success")
    assert (place.rows(job), place.distinct(job)) == (80, 80)
