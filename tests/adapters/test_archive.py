"""Raw files: valid JSON at rest, bytes as sent, a place for every entry; on a disk in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from mtdata.core.errors import PackageError, StorageError
from mtdata.core.pool_files import INCOMING
from mtdata.study.files.archive import Appended, FolderArchive, drop_incoming, runs, starts_of
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import Span
from mtdata.study.model.scale import Scale
from tests.fakes_disk import MemoryDisk
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 5, tzinfo=UTC)
QOL = Scale("QOL", 3, True)
RAW = "raw_data/QOL_Mar_12_2026.json"
BODIES = [b'{"id":1, "a":"\xc3\xa4"}', b'{"id":2}', b'{"id":3,"b":[1,2]}']


class Bench:
    """An archive over a disk and a ledger in memory."""

    def __init__(self) -> None:
        self.disk, self.ledger = MemoryDisk(), ledger_in_memory()
        self.archive = FolderArchive(self.disk, self.ledger, "%b_%d_%Y", "%H_%M_%S")

    def put(self, *bodies: bytes, at: datetime = AT) -> Appended:
        """Append and commit, as a round does; a package of its own for each call."""
        volume = self.archive.volume("QOL", at)
        put = volume.append(list(bodies))
        self.ledger.entries.back_up(
            put.mark,
            [(read_entry(body), span) for body, span in zip(bodies, put.spans, strict=True)],
            key=put.key,
            start=put.start,
            piece=put.piece,
            conflicts=frozenset(),
            at=at,
        )
        return put


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_raw_file_is_an_object_of_packages_after_every_append(bench: Bench) -> None:
    for count in range(1, 4):
        bench.put(*BODIES[:count])
        packages = json.loads(bench.disk.files[RAW])
        assert [len(entries) for entries in packages.values()] == list(range(1, count + 1))


def test_appends_of_one_package_stand_under_one_name(bench: Bench) -> None:
    volume = bench.archive.volume("QOL", AT)
    puts = [volume.append([body]) for body in BODIES]
    assert list(json.loads(bench.disk.files[RAW])) == ["QOL_12_05_00"]
    assert {put.key for put in puts} == {"QOL_12_05_00"}
    content = bench.disk.files[RAW]
    assert b"".join(put.piece for put in puts) == content[: puts[-1].mark.length]
    assert [put.start for put in puts] == [0, *(put.mark.length for put in puts[:-1])]


def test_packages_of_one_second_are_told_by_a_number(bench: Bench) -> None:
    for body in BODIES:
        bench.put(body)
    keys = ["QOL_12_05_00", "QOL_12_05_00_2", "QOL_12_05_00_3"]
    assert list(json.loads(bench.disk.files[RAW])) == keys


def test_the_bytes_of_an_entry_are_found_at_its_place_as_they_were_sent(bench: Bench) -> None:
    spans = bench.put(*BODIES).spans + bench.put(b'{"id":9}').spans
    assert list(bench.archive.bodies(spans)) == [*BODIES, b'{"id":9}']
    assert list(bench.archive.bodies(spans[::-1])) == [b'{"id":9}', *BODIES[::-1]]


def test_an_entry_matches_by_its_digest_alone_and_its_neighbours_are_judged_by_theirs(
    bench: Bench,
) -> None:
    spans = bench.put(*BODIES).spans
    digests = [sha256(body).digest() for body in BODIES]
    bench.disk.files[RAW] = bench.disk.files[RAW].replace(b'"id":2', b'"id":7')
    assert bench.archive.matched(spans, digests) == [BODIES[0], None, BODIES[2]]
    bench.disk.files[RAW] = bench.disk.files[RAW][: spans[2].start + 3]
    assert bench.archive.matched(spans, digests) == [BODIES[0], None, None]
    del bench.disk.files[RAW]
    assert bench.archive.matched(spans, digests) == [None, None, None]


def test_what_was_not_committed_is_taken_back_by_the_next_run(bench: Bench) -> None:
    bench.put(BODIES[0])
    before = bench.disk.files[RAW]
    bench.archive.volume("QOL", AT).append(BODIES[1:])
    assert bench.disk.files[RAW] != before
    bench.archive.recover()
    assert bench.disk.files[RAW] == before


def test_a_first_append_that_was_not_committed_leaves_no_file(bench: Bench) -> None:
    bench.archive.volume("QOL", AT).append(BODIES)
    bench.archive.recover()
    assert RAW not in bench.disk.files


def test_a_file_that_somebody_else_put_there_is_never_written_over(bench: Bench) -> None:
    bench.disk.files[RAW] = b'{"QOL_1": [{"id": 1}]}'
    bench.put(BODIES[0])
    assert bench.disk.files[RAW] == b'{"QOL_1": [{"id": 1}]}'
    assert "raw_data/QOL_Mar_12_2026_part2.json" in bench.disk.files


def test_a_package_is_received_whole_and_read_back_with_its_digest(bench: Bench) -> None:
    package = bench.archive.receive(QOL, iter([b"[", b'{"id":1}', b"]"]))
    assert (package.length, package.path) == (10, f"{INCOMING}/QOL.json")
    assert package.digest == sha256(b'[{"id":1}]').digest()
    assert b"".join(bench.archive.stream(package)) == b'[{"id":1}]'
    bench.disk.files[package.path] = b'[{"id":2}]'
    with pytest.raises(StorageError, match="other bytes than were received"):
        list(bench.archive.stream(package))


def test_a_package_that_breaks_off_leaves_nothing(bench: Bench) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"["
        raise PackageError("broke off")

    with pytest.raises(PackageError):
        bench.archive.receive(QOL, breaking())
    assert bench.disk.files == {}


@pytest.mark.parametrize("error", [None, PackageError("garbled"), StorageError("no room")])
def test_a_package_is_gone_once_it_is_folded_in_or_could_not_be(
    bench: Bench, error: Exception | None
) -> None:
    package = bench.archive.receive(QOL, iter([b"[]"]))
    with suppress(PackageError, StorageError), bench.archive.folding_in(package):
        assert package.path in bench.disk.files
        if error:
            raise error
    assert bench.disk.files == {}


def test_what_an_ended_round_was_receiving_is_dropped_and_nothing_else(bench: Bench) -> None:
    bench.put(*BODIES)
    kept = dict(bench.disk.files)
    bench.disk.files |= {f"{INCOMING}/QOL.json": b"[", f"{INCOMING}/B.json": b""}
    drop_incoming(bench.disk)
    assert bench.disk.files == kept


def test_an_entry_that_is_no_json_is_kept_byte_for_byte_and_once(bench: Bench) -> None:
    batch = [read_entry(b'{"id":1,"oops"}'), read_entry(b"\n"), read_entry(b'{"id":2,"oops"}')]
    first, second = (bench.archive.keep_aside("QOL", "2026-03-12", batch) for _ in range(2))
    assert first == second
    assert first.path.startswith("held/QOL_")
    content = bench.disk.files[first.path]
    assert (first.length, first.digest) == (len(content), sha256(content).digest())
    for start, entry in zip(starts_of(batch), batch, strict=True):
        assert content[start : start + len(entry.body)] == entry.body


def test_places_are_read_in_one_go_while_they_lie_close(bench: Bench) -> None:
    near = [Span(1, 0, 10), Span(1, 12, 10), Span(1, 22 + 256, 10)]
    assert list(runs(near)) == [near]
    assert list(runs([*near, Span(1, 22 + 256 + 10 + 257, 1)]))[1:] != []
    assert list(runs([near[0], Span(2, 12, 10)])) == [[near[0]], [Span(2, 12, 10)]]
    assert list(runs([near[1], near[0]])) == [[near[1]], [near[0]]]
    assert [len(block) for block in runs([Span(1, n << 19, 1 << 19) for n in range(5)])] == [
        2,
        2,
        1,
    ]


def test_what_an_append_holds_is_not_shown(bench: Bench) -> None:
    put = bench.put(b'{"id":1,"answer":"secret"}')
    assert "secret" not in repr(put)
