"""Worker processes that answer for lists of items; they never outlive the process that made them.

All that they are given goes through a pipe to each, never through arguments, environment or files.
Not concurrent.futures: its workers stay behind when their parent is killed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, Generic, TypeVar

from mtdata.core.pool_worker import serve

T = TypeVar("T")
R = TypeVar("R")
W = TypeVar("W")
Outfit = Callable[[], Callable[[list[T]], list[R]]]
"""Made anew in each process: what gives one result for each item.  It must survive pickling."""

log = logging.getLogger(__name__)
DEPTH = 4  # tasks with a worker: it goes on while this process is busy with something else
SPLIT_AT, GIVE_UP_AT = 2, 4  # deaths over a task until its items go one by one; until it is lost
STILLBORN = 3  # workers in a row that never became ready, until this process works alone


class Batch(Generic[R]):
    """Items under way, whole when `missing` is 0."""

    def __init__(self, count: int) -> None:
        self.missing = count
        self._parts: dict[int, list[R]] = {}

    def fill(self, start: int, results: list[R]) -> None:
        """Put in the results of the items from `start` on."""
        self._parts[start] = results
        self.missing -= len(results)

    def results(self) -> list[R]:
        """One result for each item, in order."""
        return [result for start in sorted(self._parts) for result in self._parts[start]]


@dataclass(eq=False, repr=False)
class _Task(Generic[T, R]):
    batch: Batch[R]
    start: int
    items: list[T]
    deaths: int = 0

    def singles(self) -> list[_Task[T, R]]:
        """One task for each item."""
        each = enumerate(self.items, self.start)
        return [_Task(self.batch, at, [item], self.deaths) for at, item in each]


class _Worker(Generic[T, R]):
    """One process, as its parent sees it."""

    def __init__(self, outfit: Outfit[T, R], patience_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.ready = False
        self.tasks: deque[_Task[T, R]] = deque()
        self.pipe, theirs = context.Pipe()
        _wait_at_most(patience_s, self.pipe)
        self.process = context.Process(
            target=serve, args=(theirs, os.getpid()), daemon=True, name="mtdata-worker"
        )
        with theirs, _no_interrupt():  # its end is closed here: its death must be seen
            self.process.start()
        self.since = monotonic()
        self._send(outfit)

    def take(self, task: _Task[T, R]) -> None:
        """Hand it a task; should it be dead already, its pipe tells so soon."""
        if not self.tasks:
            self.since = monotonic()
        self.tasks.append(task)
        self._send(task.items)

    def _send(self, what: object) -> None:
        try:
            self.pipe.send(what)
        except OSError:  # it is dead, or took a part in all that time: its pipe is of no use now
            self.process.kill()

    def end(self, patience_s: float = 0.0) -> int | None:
        """Leave it alone, so that it ends, or kill it after that time; its exit code."""
        self.pipe.close()
        self.process.join(patience_s)
        self.process.kill()
        self.process.join()
        return self.process.exitcode


class WorkerPool(Generic[T, R]):
    """`count` workers, started when there is enough to do.  For one thread at a time.

    A worker that dies or is silent for `patience_s` is replaced and its task done again; an item
    that ends one worker after another becomes `lost`.
    """

    def __init__(
        self, outfit: Outfit[T, R], *, count: int, lost: R, here_below: int, chunk: int,
        patience_s: float = 120.0,
    ) -> None:  # fmt: skip
        """`chunk` items are a task; fewer than `here_below` are done in this process."""
        self._outfit, self._count, self._lost, self._chunk = outfit, count, lost, chunk
        self._here_below, self._patience_s = here_below, patience_s
        self._ahead, self._enough, self._stillborn = 2 * count + 2, DEPTH * count, 0
        self._queue: deque[_Task[T, R]] = deque()
        self._workers: list[_Worker[T, R]] = []

    @cached_property
    def _here(self) -> Callable[[list[T]], list[R]]:
        """What does the work in this process; to load keys costs more than a round finds to do."""
        return self._outfit()

    def pids(self) -> list[int]:
        """The process ids of the workers that run now."""
        return [worker.process.pid for worker in self._workers if worker.process.pid]

    def each(self, work: Iterable[tuple[W, list[T]]]) -> Iterator[tuple[W, list[R]]]:
        """The results of each batch in order; behind it DEPTH tasks a worker are read ahead."""
        pending: deque[tuple[W, Batch[R]]] = deque()
        seen = 0
        try:
            for item, items in work:
                if not pending and self._few(len(items), seen):
                    yield item, self._here(items)
                else:
                    pending.append((item, self._begin(items)))
                seen += len(items)
                while pending and self._ripe(pending):
                    yield self._next(pending)
            while pending:
                yield self._next(pending)
        finally:
            dropped = {id(batch) for _, batch in pending}
            self._queue = deque(task for task in self._queue if id(task.batch) not in dropped)

    def close(self) -> None:
        """End the workers, within 2 seconds; they are started again when there is work again."""
        for worker in self._workers:
            worker.pipe.close()  # all at once: each ends as soon as it sees that
        until = monotonic() + 1.0
        for worker in self._workers:
            worker.end(max(0.0, until - monotonic()))
        self._workers, self._queue, self._stillborn = [], deque(), 0

    def _few(self, count: int, seen: int) -> bool:
        """Whether workers gain nothing; many small batches are a large one in the end."""
        return not self._count or (count < self._here_below and seen < 4 * self._here_below)

    def _begin(self, items: list[T]) -> Batch[R]:
        batch: Batch[R] = Batch(len(items))
        starts = range(0, len(items), self._chunk)
        self._queue.extend(_Task(batch, at, items[at : at + self._chunk]) for at in starts)
        return batch

    def _ripe(self, pending: deque[tuple[W, Batch[R]]]) -> bool:
        """Whether the first may be given out: who takes it may write and sync for long.

        So workers have the next ones before, also where the first alone was more than they take.
        """
        first = pending[0][1]
        self._turn(0.0)
        while first.missing and self._backlog(first) >= self._enough:
            self._go_on(first)
        return len(pending) >= self._ahead or self._backlog(first) >= self._enough

    def _next(self, pending: deque[tuple[W, Batch[R]]]) -> tuple[W, list[R]]:
        item, batch = pending[0]  # it stays there until it is whole, should we be stopped here
        while batch.missing:
            self._go_on(batch)
        pending.popleft()
        return item, batch.results()

    def _go_on(self, wanted: Batch[R]) -> None:
        self._turn(0.0)
        if wanted.missing and not self._help():
            self._turn(1.0)

    def _backlog(self, besides: Batch[R] | None = None) -> int:
        tasks = chain(self._queue, *(worker.tasks for worker in self._workers))
        return sum(task.batch is not besides for task in tasks)

    def _help(self) -> bool:
        """Do a task here while no worker is ready, but none that may have ended one."""
        if not self._queue or any(worker.ready for worker in self._workers):
            return False
        if self._queue[0].deaths and self._stillborn < STILLBORN:
            return False
        task = self._queue.popleft()
        lost = [self._lost] * len(task.items)
        task.batch.fill(task.start, self._here(task.items) if task.deaths < SPLIT_AT else lost)
        return True

    def _turn(self, patience_s: float) -> None:
        """Hand out what can be, hear who has something to say, and bury the dead."""
        self._hand_out()
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in connection.wait(by_pipe, patience_s):
            self._hear(by_pipe[pipe])  # type: ignore[index]  # it gives back what it was given
        for worker in list(self._workers):
            if (worker.tasks or not worker.ready) and monotonic() - worker.since > self._patience_s:
                self._bury(worker)
        self._hand_out()

    def _hand_out(self) -> None:
        self._enlist()
        while self._queue:
            free = [one for one in self._workers if one.ready and len(one.tasks) < DEPTH]
            if not free:
                return
            min(free, key=lambda one: len(one.tasks)).take(self._queue.popleft())

    def _enlist(self) -> None:
        wanted = min(self._count, self._backlog())
        while self._queue and len(self._workers) < wanted and self._stillborn < STILLBORN:
            try:
                self._workers.append(_Worker(self._outfit, self._patience_s))
            except OSError as error:
                self._miss(f"cannot be started: {error.strerror}")

    def _hear(self, worker: _Worker[T, R]) -> None:
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.since = monotonic()
        if worker.ready:
            task = worker.tasks.popleft()
            task.batch.fill(task.start, answer)
        worker.ready, self._stillborn = True, 0

    def _bury(self, worker: _Worker[T, R]) -> None:
        self._workers.remove(worker)
        code = worker.end()
        if not worker.ready:
            self._miss(f"ended before it was ready (exit code {code})")
            return
        log.warning("A worker process ended (exit code %s); its work is done again.", code)
        if worker.tasks:
            first = worker.tasks.popleft()
            self._queue.extendleft(reversed(worker.tasks))
            self._blame(first)

    def _blame(self, task: _Task[T, R]) -> None:
        """Do it again: whole, then one by one, then not at all; the others are innocent."""
        task.deaths += 1
        if task.deaths >= GIVE_UP_AT:
            log.error("A task ended one worker process after another; no worker is given it again.")
            task.batch.fill(task.start, [self._lost] * len(task.items))
        elif task.deaths == SPLIT_AT:
            self._queue.extendleft(reversed(task.singles()))
        else:
            self._queue.appendleft(task)

    def _miss(self, what: str) -> None:
        self._stillborn += 1
        log.warning("A worker process %s.", what)
        if self._stillborn == STILLBORN:
            log.error("No worker process can be started; this process works alone, more slowly.")


def _wait_at_most(seconds: float, pipe: Connection[Any, Any]) -> None:
    """Let each call on a pipe end by an OSError after so long: who is stopped takes and gives none.

    A pipe holds a few 100 KB; to hand over more would wait for a stopped worker for ever.
    """
    span = struct.pack("ll", *divmod(int(seconds * 1_000_000), 1_000_000))
    with socket.fromfd(pipe.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
        for way in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            end.setsockopt(socket.SOL_SOCKET, way, span)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl-C is for the parent; a child that is just being born would answer with a traceback."""
    resource_tracker.ensure_running()  # it lifts the block when it is started in between
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
