"""Copies of raw ranges on replicas: put after the local commit, confirmed before any delete.

What is put is what the disk holds, matched by digest.  A replica that fails is left alone for the
rest of the round, so that one that hangs costs its time limit once; nothing is deleted meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import partial
from hashlib import sha256
from typing import TypeVar

from mtdata import logs
from mtdata.core.errors import DamageError, ReplicaError, ReplicaWrong
from mtdata.study.ledger.evidence import UNCOPIED
from mtdata.study.model.copy import Range, copy_name
from mtdata.study.model.mark import FileMark
from mtdata.study.model.receipt import Kept
from mtdata.study.model.states import ASIDE
from mtdata.study.pool import Pool
from mtdata.study.ports import Replica

Found = TypeVar("Found")
CONNECTIONS = 4
PROBE = "mtdata-check"
BACKLOG = 4096
BACKLOG_BYTES = 1 << 30
"""Ranges and bytes of earlier rounds that one round catches up on a replica; new ones always go."""


class Sent(Enum):
    """What became of one range of raw bytes."""

    PUT = "put"
    THERE = "there already"
    DAMAGED = "damaged here"


class Copying:
    """The replicas of one pool through one round."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._since = pool.clock.now().isoformat()
        self._sure: set[tuple[str, int, int]] = set()  # confirmed within this round
        self._met: set[str] = set()
        self._left = {replica.address: (BACKLOG, BACKLOG_BYTES) for replica in pool.replicas}
        self._lost: dict[str, list[Range]] = {}
        self._faults: dict[str, ReplicaError] = {}
        self._unconfirmed: Counter[str] = Counter()  # entries that wait for a replica, by its place
        self._waiting = 0  # entries that wait for any
        self.damaged: Counter[tuple[str, str]] = Counter()  # to be fetched again, by scale and file

    def begin(self) -> None:
        """Enter what the replicas of today's config want."""
        self._pool.ledger.copies.enlist([replica.address for replica in self._pool.replicas])

    @property
    def hinders(self) -> bool:
        """Whether a replica fails, so that nothing may be deleted for now."""
        return bool(self._faults)

    def faults(self) -> list[ReplicaError]:
        """What was wrong with replicas in this round."""
        lost = (
            ReplicaWrong(
                f"{place}: {len(gone)} copies are gone or changed, the first of {gone[0].path}; "
                "they are put again, and what they hold is not deleted before"
            )
            for place, gone in self._lost.items()
        )
        return [*self._faults.values(), *lost]

    # what is put ----------------------------------------------------------------------------------

    def put_missing(self, scale: str | None = None) -> None:
        """Put what replicas lack of a scale (None = of all); their faults are kept, not raised."""
        for replica in self._pool.replicas:
            self._guarded(replica, partial(self._put_missing, replica, scale))

    def _guarded(self, replica: Replica, act: Callable[[], None]) -> None:
        if replica.address in self._faults:
            return
        try:
            if replica.address not in self._met:
                replica.meet(first=not self._pool.ledger.copies.has_any(replica.address))
                self._met.add(replica.address)
            act()
        except ReplicaError as error:
            self._faults.setdefault(replica.address, error)

    def _put_missing(self, replica: Replica, scale: str | None) -> None:
        for page in self._pool.ledger.copies.missing(replica.address, scale):
            affordable = [one for one in page if self._affords(replica, one)]
            if not affordable:  # what came newly stands first
                return
            self._put(replica, affordable)

    def _affords(self, replica: Replica, wanted: Range) -> bool:
        if wanted.kept_at >= self._since:
            return True
        ranges, length = self._left[replica.address]
        if ranges <= 0 or length <= 0:
            return False
        self._left[replica.address] = ranges - 1, length - wanted.length
        return True

    def _put(self, replica: Replica, ranges: list[Range]) -> None:
        """Put a page of ranges and commit what was confirmed, also when one of them fails."""
        done: list[tuple[Range, bool]] = []
        try:
            for one, sent in _several(partial(self._sent, replica), ranges):
                if sent is Sent.DAMAGED:
                    self._give_up(one)
                else:
                    done.append((one, sent is Sent.PUT))
        finally:
            if done:
                self._pool.ledger.copies.record(replica.address, done, self._pool.clock.now())
            self._sure.update((replica.address, one.file, one.start) for one, _ in done)

    def _sent(self, replica: Replica, wanted: Range) -> Sent:
        """Put one range, unless it is there: an earlier round may have ended before its commit."""
        name = copy_name(wanted)
        old = wanted.kept_at < self._since
        if old and replica.confirm(name, wanted.length, wanted.digest):
            return Sent.THERE
        content = self._here(wanted)
        if content is None:
            return Sent.DAMAGED
        replica.put(name, content, wanted.digest)
        if not replica.confirm(name, wanted.length, wanted.digest):
            raise ReplicaWrong(f"{replica.address}: {name} is not what was just put there")
        return Sent.PUT

    def _here(self, wanted: Range) -> bytes | None:
        """The bytes of a range, None where they are damaged; StorageError where that is not said.

        So it is where files are scarce or the lock cannot be looked at: what is there may be whole.
        """
        try:
            content = self._pool.disk.read(wanted.path, wanted.start, wanted.length)
        except DamageError:
            return None
        return content if sha256(content).digest() == wanted.digest else None

    def _give_up(self, damaged: Range) -> None:
        """Let what is still on the site be fetched again, into a range that can be copied."""
        lost = self._pool.ledger.copies.lose_raw(damaged)
        known = {mark.number for mark in self._pool.ledger.files.in_state(ASIDE)}
        if not lost and damaged.file in known:  # its copy is owed for ever, and was told of
            return
        told = f"{damaged.path}: {lost} {UNCOPIED}"
        self._pool.evidence.enter("raw_changed", damaged.scale, told)
        self.damaged[damaged.scale, damaged.path] += lost

    # what is confirmed ----------------------------------------------------------------------------

    def confirmed(self, entries: Iterable[Kept]) -> frozenset[int]:
        """The seq of each entry whose raw range every replica confirms now, or did this round."""
        entries = list(entries)
        if not self._pool.replicas:
            return frozenset(entry.seq for entry in entries)
        held = _covering(self._pool, entries)
        wanted = {one for one in held.values() if one is not None}
        for replica in self._pool.replicas:
            self._guarded(replica, partial(self._look, replica, wanted))
            lacking = [one for one in held.values() if not self._is_sure(replica, one)]
            self._unconfirmed[replica.address] += len(lacking)
        replicas = self._pool.replicas
        sure = frozenset(s for s, r in held.items() if all(self._is_sure(at, r) for at in replicas))
        self._waiting += len(held) - len(sure)
        return sure

    def waiting(self) -> tuple[int, list[str]]:
        """How many entries wait for replicas since this was last asked, and why."""
        counts = ((place, count) for place, count in self._unconfirmed.items() if count)
        told = [f"{count}: replica {place} has not confirmed" for place, count in counts]
        number, self._waiting = self._waiting, 0
        self._unconfirmed.clear()
        return number, told + [str(fault) for fault in self.faults()] if told else []

    def _is_sure(self, replica: Replica, one: Range | None) -> bool:
        return one is not None and (replica.address, one.file, one.start) in self._sure

    def _look(self, replica: Replica, wanted: set[Range]) -> None:
        """Ask for copies that an earlier round saw; what is not so any more is owed again."""
        copies, place = self._pool.ledger.copies, replica.address
        known = [one for one in sorted(wanted) if not self._is_sure(replica, one)]
        known = [one for one in known if copies.is_confirmed(place, one)]
        lost = []
        for one, there in _several(
            lambda r: replica.confirm(copy_name(r), r.length, r.digest), known
        ):
            if there:
                self._sure.add((place, one.file, one.start))
            else:
                lost.append(one)
        if lost:
            copies.forget(place, lost)
            self._lost.setdefault(place, []).extend(lost)


def _covering(pool: Pool, entries: list[Kept]) -> dict[int, Range | None]:
    """The range of each entry by its seq; neighbours share one, so few questions are asked."""
    found: dict[int, Range | None] = {}
    last: Range | None = None
    for entry in entries:
        file, start, length = entry.span
        if (
            last is None
            or last.file != file
            or not last.start <= start <= start + length <= last.start + last.length
        ):
            last = pool.ledger.copies.covering(file, start, length)
        found[entry.seq] = last
    return found


def _several(act: Callable[[Range], Found], ranges: list[Range]) -> Iterator[tuple[Range, Found]]:
    """Act on a few at a time, in order; after a fault nothing more is begun.

    Never in this thread, not even one: boto3 would take the Stopped of a signal for a fault of
    the network, and try once more.
    """
    with ThreadPoolExecutor(CONNECTIONS, "replica") as threads:
        try:
            jobs = [(one, threads.submit(logs.carried(act), one)) for one in ranges]
            for one, job in jobs:
                yield one, job.result()
        finally:
            threads.shutdown(cancel_futures=True)


def _aside(act: Callable[[], Found]) -> Found:
    """Act in another thread, for the same reason, and wait."""
    with ThreadPoolExecutor(1, "replica") as threads:
        return threads.submit(logs.carried(act)).result()


def probe(replica: Replica, *, first: bool) -> str:
    """Put a few bytes there, confirm and read them; the replica's place, or its error."""
    replica.meet(first=first)
    _aside(partial(_probe, replica))
    return replica.address


def _probe(replica: Replica) -> None:
    content = b"mtdata check\n"
    digest = sha256(content).digest()
    replica.put(PROBE, content, digest)
    if not replica.confirm(PROBE, len(content), digest):
        raise ReplicaWrong(f"{replica.address}: {PROBE} is not what was just put there")
    if replica.read(PROBE, len(content)) != content:
        raise ReplicaWrong(f"{replica.address}: {PROBE} comes back as other bytes")


# for those who read everything again --------------------------------------------------------------


def read_copy(replica: Replica, wanted: Range) -> bytes | None:
    """The bytes of a copy if they are those that were put; None when it is gone or changed."""
    content = _aside(partial(replica.read, copy_name(wanted), wanted.length))
    sound = content is not None and sha256(content).digest() == wanted.digest
    return content if sound else None


def raw_from_replicas(pool: Pool, mark: FileMark, damaged: Range) -> bytes | None:
    """The bytes of a range of that file from any replica that has them, sound; else None.

    A replica that fails is passed over: another may have them.
    """
    if damaged.file != mark.number or damaged.path != mark.path:
        return None
    for replica in pool.replicas:
        try:
            replica.meet(first=False)
            content = read_copy(replica, damaged)
        except ReplicaError:
            continue
        if content is not None:
            return content
    return None
