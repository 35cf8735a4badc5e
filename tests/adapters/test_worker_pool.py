"""Worker processes are kept in work: what comes next is read before what is done is given out."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from mtdata.core.worker_pool import DEPTH, WorkerPool

BATCHES, WORKERS = 40, 2


def outfit() -> Callable[[list[int]], list[int]]:
    """Made anew in each worker."""
    return lambda items: [item + 1 for item in items]


@pytest.fixture
def workers() -> Iterator[WorkerPool[int, int]]:
    made = WorkerPool(outfit, count=WORKERS, lost=-1, here_below=2, chunk=4)
    yield made
    made.close()


def test_no_batch_is_given_out_while_workers_have_less_than_they_may_hold(
    workers: WorkerPool[int, int],
) -> None:
    begun = given = 0

    def batches() -> Iterator[tuple[int, list[int]]]:
        nonlocal begun
        for number in range(BATCHES):
            if len(workers.pids()) == WORKERS:
                time.sleep(0.01)  # all that was handed out is done by now
            begun += 1
            yield number, [number] * 4

    for number, results in workers.each(batches()):
        assert (number, results) == (given, [number + 1] * 4)
        is_fed = workers._backlog() >= DEPTH * len(workers.pids())
        assert is_fed or begun - given >= workers._ahead or begun == BATCHES
        given += 1
    assert given == BATCHES


@pytest.mark.parametrize("times", [1, 3])
def test_a_batch_that_is_more_than_workers_may_hold_is_not_given_out_before_the_next_is_there(
    workers: WorkerPool[int, int], times: int
) -> None:
    """While its rows are written and synced, workers have those of the next in hand."""
    begun = given = 0
    size = 4 * times * DEPTH * WORKERS  # so many times what they may hold

    def batches() -> Iterator[tuple[int, list[int]]]:
        nonlocal begun
        for number in range(BATCHES):
            begun += 1
            yield number, [number] * size

    for number, results in workers.each(batches()):
        assert (number, results) == (given, [number + 1] * size)
        given += 1
        assert begun <= given + (2 if times == 1 else 1), "no more than that lies in memory"
        assert workers._backlog() >= DEPTH * WORKERS or begun == BATCHES
    assert given == BATCHES


def test_batches_without_work_wait_for_one_before_them_and_are_not_many(
    workers: WorkerPool[int, int],
) -> None:
    begun = given = 0

    def batches() -> Iterator[tuple[int, list[int]]]:
        nonlocal begun
        for number in range(BATCHES):
            begun += 1
            yield number, [] if number else [number] * 4

    for number, results in workers.each(batches()):
        assert (number, len(results)) == (given, 0 if number else 4)
        assert begun - given <= workers._ahead
        given += 1
    assert given == BATCHES


def test_few_items_are_done_here_one_batch_after_the_other(workers: WorkerPool[int, int]) -> None:
    begun = 0

    def batches() -> Iterator[tuple[int, list[int]]]:
        nonlocal begun
        for number in range(3):
            begun += 1
            yield number, [number]

    found = [(number, results, begun) for number, results in workers.each(batches())]
    assert found == [(0, [1], 1), (1, [2], 2), (2, [3], 3)]
    assert workers.pids() == []


def lengths() -> Callable[[list[str]], list[int]]:
    """Made anew in each worker."""
    return lambda items: [*map(len, items)]


@pytest.mark.timeout(120)
def test_workers_that_are_stopped_are_replaced_though_no_pipe_holds_what_is_handed_to_them() -> (
    None
):
    workers: WorkerPool[str, int] = WorkerPool(
        lengths, count=WORKERS, lost=-1, here_below=0, chunk=4, patience_s=5.0
    )
    stopped: list[int] = []

    def batches() -> Iterator[tuple[int, list[str]]]:
        for number in range(BATCHES):
            while number == BATCHES // 2 and not all(one.ready for one in workers._workers):
                workers._turn(0.1)
            if number == BATCHES // 2:
                while workers._backlog():
                    workers._turn(0.1)
                stopped.extend(workers.pids())
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)
            yield number, ["x" * (400_000 + number)] * 4

    with closing(workers):
        found = list(workers.each(batches()))
    assert found == [(number, [400_000 + number] * 4) for number in range(BATCHES)]
    assert len(stopped) == WORKERS
