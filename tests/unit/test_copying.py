"""Copies of raw ranges: which are put, asked for, read again; on fakes, without disk or wire."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock

import pytest

from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.model.copy import Range, checked_copy_name, copy_name
from mtdata.study.model.package import entries, in_batches
from mtdata.study.model.receipt import Backup, Kept, Placed, Rows, Sheet, Span, Verified
from mtdata.study.model.scale import Scale
from mtdata.study.pipeline import delete
from mtdata.study.pool import Pool, ScaleRun
from mtdata.study.replicas import copying as room
from mtdata.study.replicas.copying import Copying, raw_from_replicas, read_copy
from tests.fakes import MemorySite, compact
from tests.fakes_disk import MemoryDisk
from tests.fakes_replica import MemoryReplica
from tests.ledgers import ledger_in_memory

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


class HandClock:
    """Port Clock, set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def local(self, moment: datetime) -> datetime:
        return moment


class World:
    """A pool in memory with replicas in memory."""

    def __init__(self, *replicas: MemoryReplica) -> None:
        self.disk, self.ledger, self.clock = MemoryDisk(), ledger_in_memory(), HandClock()
        self.archive = FolderArchive(self.disk, self.ledger, "%Y-%m-%d", "%H%M%S")
        self.given(*replicas)

    def given(self, *replicas: MemoryReplica) -> None:
        """Let the pool have these replicas from now on."""
        sheets = CsvSheets(self.disk, self.ledger, "%Y-%m-%d")
        self.pool = Pool(
            self.disk, self.archive, sheets, self.ledger, ClearCipher(), self.clock, replicas
        )

    def keep(self, *ids: int, scale: str = "QOL") -> list[Kept]:
        """Back up entries in one range."""
        body = b"[" + b",".join(compact({"id": number, "note": "n" * 40}) for number in ids) + b"]"
        [batch] = in_batches(entries([body]))
        put = self.archive.volume(scale, self.clock.now()).append([one.body for one in batch])
        pairs = list(zip(batch, put.spans, strict=True))
        seqs = self.ledger.entries.back_up(
            put.mark, pairs, key=put.key, start=put.start, piece=put.piece,
            conflicts=frozenset(), at=self.clock.now(),
        )  # fmt: skip
        return [
            Kept(seq, entry.id, entry.digest, span, {})
            for seq, (entry, span) in zip(seqs, pairs, strict=True)
        ]

    def round(self) -> Copying:
        """A later round."""
        self.clock.at += timedelta(minutes=5)
        copying = Copying(self.pool)
        copying.begin()
        return copying

    def ranges(self) -> list[Range]:
        """Every range that came, oldest first."""
        marks = [m for m in self.ledger.files.in_state("live") if m.kind != "sheet"]
        found = [self.ledger.copies.overlapping(m.number, 0, 1 << 40) for m in marks]
        return [one for ranges in found for one in ranges]


def seqs(kept: Sequence[Kept]) -> frozenset[int]:
    return frozenset(one.seq for one in kept)


def test_without_replicas_nothing_waits() -> None:
    world = World()
    kept = world.keep(1, 2)
    assert world.round().confirmed(kept) == seqs(kept)


def test_what_was_not_put_is_not_confirmed_and_what_was_is() -> None:
    world = World(MemoryReplica())
    copying = world.round()
    first = world.keep(1, 2)
    copying.put_missing("QOL")
    second = world.keep(3)
    assert copying.confirmed(first + second) == seqs(first)
    assert copying.waiting() == (1, ["1: replica memory://1 has not confirmed"])
    assert copying.waiting() == (0, [])


def test_every_replica_has_to_confirm() -> None:
    one, two = MemoryReplica("memory://1"), MemoryReplica("memory://2")
    world = World(one, two)
    two.go_down()
    kept, copying = world.keep(1), world.round()
    copying.put_missing()
    assert len(one.copies) == 1
    assert copying.confirmed(kept) == frozenset()
    assert copying.hinders
    two.fault = None
    copying = world.round()
    copying.put_missing()
    assert copying.confirmed(kept) == seqs(kept)
    assert not copying.hinders


def test_a_new_range_is_put_at_once_and_an_old_one_asked_for_first() -> None:
    replica = MemoryReplica()
    world = World(replica)
    copying = world.round()
    world.keep(1)
    copying.put_missing()
    assert (len(replica.puts), len(replica.asked)) == (1, 1)
    world.ledger.copies.forget(replica.address, world.ranges())  # as if it ended before its commit
    world.round().put_missing()
    assert (len(replica.puts), len(replica.asked)) == (1, 2)


def test_a_copy_of_an_earlier_round_is_asked_for_once_a_round() -> None:
    replica = MemoryReplica()
    world = World(replica)
    kept = world.keep(*range(1, 50))
    world.round().put_missing()
    replica.asked.clear()
    copying = world.round()
    for entry in kept:
        assert copying.confirmed([entry]) == {entry.seq}
    assert len(replica.asked) == 1


def test_a_replica_that_fails_is_left_alone_for_the_rest_of_the_round() -> None:
    replica = MemoryReplica()
    world = World(replica)
    kept = world.keep(1)
    copying = world.round()
    replica.go_down()
    copying.put_missing()
    replica.fault = None
    copying.put_missing()
    assert copying.confirmed(kept) == frozenset()
    assert (replica.puts, replica.asked) == ([], [])


def test_what_one_round_catches_up_is_bounded_and_what_is_new_always_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "BACKLOG", 3)
    world = World()
    for number in range(1, 11):
        world.keep(number)
    replica = MemoryReplica()
    world.given(replica)
    copying = world.round()
    for number in range(11, 16):
        world.keep(number)
    copying.put_missing()
    copying.put_missing()
    assert len(replica.copies) == 5 + 3
    for _ in range(3):
        world.round().put_missing()
    assert len(replica.copies) == 15


class CrowdedReplica(MemoryReplica):
    """Lets a put end only when as many are under way as there may be, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self._under_way, self._lock = 0, 0, Lock()
        self._all_there = Barrier(room.CONNECTIONS)

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        self._all_there.wait(60)
        super().put(name, content, digest)
        with self._lock:
            self._under_way -= 1


class SlowReplica(MemoryReplica):
    """A replica that takes its time over each copy."""

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        time.sleep(0.02)
        super().put(name, content, digest)


def test_several_copies_go_at_a_time_and_never_more_than_a_few() -> None:
    replica = CrowdedReplica()
    world = World(replica)
    copying = world.round()
    for number in range(3 * room.CONNECTIONS):
        world.keep(number)
    copying.put_missing()
    assert len(replica.copies) == 3 * room.CONNECTIONS
    assert replica.most == room.CONNECTIONS


def test_after_a_fault_no_other_copy_is_begun() -> None:
    world = World()
    for number in range(200):
        world.keep(number)
    replica = SlowReplica()
    replica.garbles = True
    world.given(replica)
    world.round().put_missing()
    assert len(replica.puts) < 200


def test_a_replica_that_garbles_what_is_put_confirms_nothing() -> None:
    replica = MemoryReplica()
    replica.garbles = True
    world = World(replica)
    kept, copying = world.keep(1), world.round()
    copying.put_missing()
    assert copying.confirmed(kept) == frozenset()
    assert [fault.exit_code for fault in copying.faults()] == [74]


def test_an_entry_that_stands_in_no_range_is_never_confirmed() -> None:
    world = World(MemoryReplica())
    [kept] = world.keep(1)
    copying = world.round()
    copying.put_missing()
    beyond = kept._replace(span=Span(kept.span.file, kept.span.start, 10_000))
    elsewhere = kept._replace(span=Span(99, 0, 5))
    assert copying.confirmed([beyond]) == copying.confirmed([elsewhere]) == frozenset()


def test_a_replica_that_comes_back_into_the_config_is_owed_what_came_meanwhile() -> None:
    replica = MemoryReplica()
    world = World(replica)
    world.keep(1)
    world.round().put_missing()
    world.given()
    world.round()
    world.keep(2)
    world.given(replica)
    world.round().put_missing()
    assert len(replica.copies) == 2


def test_copies_are_read_again_in_the_order_of_longest_unread() -> None:
    replica = MemoryReplica()
    world = World(replica)
    copies = world.ledger.copies
    for number in range(1, 4):
        copying = world.round()
        world.keep(number)
        copying.put_missing()
    first, second, third = world.ranges()
    world.clock.at += timedelta(days=1)
    unread = copies.unread(replica.address, world.clock.at, world.clock.now)
    assert list(unread) == [first, second, third]
    copies.note_read(replica.address, [first], world.clock.at)
    world.clock.at += timedelta(days=1)
    read = []
    for one in copies.unread(replica.address, world.clock.at, world.clock.now):
        assert read_copy(replica, one) is not None
        copies.note_read(replica.address, [one], world.clock.at)
        read.append(one)
    assert read == [second, third, first]


def test_a_copy_that_was_found_damaged_is_owed_again() -> None:
    replica = MemoryReplica()
    world = World(replica)
    kept = world.keep(1)
    world.round().put_missing()
    [one] = world.ranges()
    replica.change(copy_name(one), b"x" * one.length)
    assert read_copy(replica, one) is None
    world.ledger.copies.forget(replica.address, [one])
    copying = world.round()
    assert copying.confirmed(kept) == frozenset()
    copying.put_missing()
    assert copying.confirmed(kept) == seqs(kept)
    assert read_copy(replica, one) is not None


def test_a_damaged_range_comes_from_the_replica_that_has_it_sound() -> None:
    down, lost, changed, sound = (MemoryReplica(f"memory://{number}") for number in range(4))
    world = World(down, lost, changed, sound)
    world.keep(1, 2)
    world.round().put_missing()
    [one] = world.ranges()
    mark = world.ledger.files.by_number(one.file)
    content = world.disk.read(mark.path, one.start, one.length)
    down.go_down()
    lost.lose(copy_name(one))
    changed.change(copy_name(one), content[:-1] + b"x")
    assert raw_from_replicas(world.pool, mark, one) == content
    sound.go_down()
    assert raw_from_replicas(world.pool, mark, one) is None


def test_ranges_that_share_a_byte_with_a_damaged_stretch_are_found() -> None:
    world = World()
    for number in range(1, 4):
        world.keep(number)
    first, second, third = world.ranges()
    found = world.ledger.copies.overlapping(first.file, second.start - 1, 2)
    assert found == [first, second]
    assert world.ledger.copies.overlapping(first.file, third.start, 1) == [third]


def test_a_name_is_the_path_the_place_and_the_digest_in_plain_characters() -> None:
    one = Range(1, 7, 9, b"\xab" * 32, "", "raw_data/QOL_Mär 12.json", "QOL")
    name = copy_name(one)
    assert name == f"raw_data/QOL_M%C3%A4r%2012.json/000000000000007-9-{'ab' * 32}"
    assert checked_copy_name(name) == name
    with pytest.raises(ValueError, match="no name"):
        copy_name(one._replace(path="../ledger"))


def test_what_no_replica_confirmed_is_not_deleted_whoever_asks() -> None:
    site = MemorySite()
    site.put("QOL", [{"id": 1}])
    world = World(MemoryReplica())
    [kept] = world.keep(1)
    scale = Scale("QOL", 1, True)
    run = ScaleRun(scale, world.pool, NOON)
    lines = (Placed(kept, b"", Span(1, 0, 1)),)
    sheet = Sheet(Rows(Backup(scale, (kept,)), (), ()), 1, ("id",), lines)
    assert list(delete(run, site, [Verified(sheet, frozenset())], 10)) == []
    assert site.asked == []
    assert list(delete(run, site, [Verified(sheet, frozenset({kept.seq}))], 10))
    assert site.asked == [("QOL", 1)]
