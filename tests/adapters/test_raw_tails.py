"""What stands behind the known length of a raw file: followed while it has our form, no further."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from mtdata.study.files.archive import CLOSING, FolderArchive
from mtdata.study.files.rawfile import opening_key, tail_entries, tail_of
from mtdata.study.model.mark import FileMark
from tests.fakes_disk import MemoryDisk
from tests.ledgers import ledger_in_memory

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
BODIES = [
    b'{"id":1}',
    b'{"id":2,"items":[{"a":1},\n{"b":2}],"text":"},\\n],\\n\\"x\\": [ ]}"}',
    b'{ "id" : 3,\n  "pretty": true }',
    b'{"id":4,"deep":{"x":{"y":[[]]}}}',
    b'[4, "no object"]',
    '{"id":5,"text":"\u2028 \U0001f642"}'.encode(),
]


class RawFileInMemory:
    """A raw file made by the archive itself, each append noted with where it ends."""

    def __init__(self, *packages: list[list[bytes]]) -> None:
        self.disk, ledger = MemoryDisk(), ledger_in_memory()
        archive = FolderArchive(self.disk, ledger, "%b_%d_%Y", "%H_%M_%S")
        self.marks: list[FileMark] = []
        for batches in packages:
            volume = archive.volume("QOL", NOON)
            self.marks = self.marks or [volume._file.mark]
            for number, bodies in enumerate(batches):
                put = volume.append(bodies)
                self.marks.append(put.mark)
                with ledger.files._db.commit():
                    ledger.files.save(put.mark)
                    if number == 0:
                        ledger.files.add_range(put.mark.number, put.start, 1, put.key, b"", "")
        self.path = self.marks[0].path

    @property
    def content(self) -> bytes:
        return self.disk.files[self.path]


@pytest.fixture
def raw_file() -> RawFileInMemory:
    return RawFileInMemory([BODIES[:2], BODIES[2:3]], [BODIES[3:5]], [BODIES[5:]])


def test_from_wherever_an_append_was_committed_the_rest_is_followed(
    raw_file: RawFileInMemory,
) -> None:
    assert isinstance(json.loads(raw_file.content), dict)
    for mark in raw_file.marks[:-1]:
        tail, found = tail_of(raw_file.disk, mark), list(tail_entries(raw_file.disk, mark))
        bodies = [one.entry.body for one in found]
        assert bodies == BODIES[len(BODIES) - len(bodies) :]
        assert tail.closed
        assert tail.end == len(raw_file.content) - len(CLOSING)
        for one in found:
            assert raw_file.content[one.start : one.end] == one.entry.body
    assert tail_of(raw_file.disk, raw_file.marks[-1]).entries == 0


def test_packages_keep_their_names_and_one_that_goes_on_has_none(raw_file: RawFileInMemory) -> None:
    first, second, third, *_ = raw_file.marks
    keys = [one.key for one in tail_entries(raw_file.disk, first)]
    assert keys == [*["QOL_12_00_00"], "", "", "QOL_12_00_00_2", "", "QOL_12_00_00_3"]
    assert tail_of(raw_file.disk, second).arrays == 3
    assert next(tail_entries(raw_file.disk, second)).key == ""
    assert next(tail_entries(raw_file.disk, third)).key == "QOL_12_00_00_2"
    assert opening_key(raw_file.disk, raw_file.path) == "QOL_12_00_00"


def test_wherever_it_is_torn_only_whole_entries_before_that_count(
    raw_file: RawFileInMemory,
) -> None:
    content = raw_file.content
    for mark in raw_file.marks[:-1]:
        ends = [one.end for one in tail_entries(raw_file.disk, mark)]
        for cut in range(mark.length, len(content)):
            raw_file.disk.files[raw_file.path] = content[:cut]
            tail = tail_of(raw_file.disk, mark)
            whole = [end for end in ends if end <= cut]
            assert (tail.entries, tail.end) == (len(whole), max(whole, default=mark.length))
            assert not tail.closed
        raw_file.disk.files[raw_file.path] = content


@pytest.mark.parametrize("torn", [b"\0" * 64, b"\xff\xfe" * 9, b"junk ", b"}]}", b",\n,\n", b'"'])
def test_what_is_garbled_ends_it_and_nothing_behind_counts(
    raw_file: RawFileInMemory, torn: bytes
) -> None:
    content, mark = raw_file.content, raw_file.marks[1]
    for one in list(tail_entries(raw_file.disk, mark)):
        raw_file.disk.files[raw_file.path] = content[: one.start] + torn + content[one.start :]
        assert tail_of(raw_file.disk, mark).end <= one.start
        raw_file.disk.files[raw_file.path] = content


@pytest.mark.parametrize(
    "tail",
    [
        b"\n]}\n\n",
        b"\n]}\n# a note",
        b', {"id":9}\n]}\n',
        b',\n {"id":9}\n]}\n',
        b'\n],"QOL_1": [\n{"id":9}\n]}\n',
        b'{"id":9}\n]}\n',
        b'\n],\n"QOL_1": {"id":9}}\n',
    ],
)
def test_another_form_than_ours_is_nothing_of_ours(raw_file: RawFileInMemory, tail: bytes) -> None:
    mark = raw_file.marks[-1]
    raw_file.disk.files[raw_file.path] = raw_file.content[: mark.length] + tail
    assert tail_of(raw_file.disk, mark).entries == 0
