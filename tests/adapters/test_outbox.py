"""The outbox: each message one file, in order, kept once, bounded; and no secret within."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from mtdata.alerts import outbox
from mtdata.alerts.dispatch import Notices
from mtdata.alerts.marker import Marker
from mtdata.alerts.message import Message
from mtdata.alerts.outbox import MOST, Outbox, is_due, pause_s
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.core.ports import Disk
from tests.contracts.post_contract import AT, a_message
from tests.fakes_disk import MemoryDisk


@pytest.fixture(params=["memory", "folder"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return MemoryDisk() if request.param == "memory" else FolderDisk(tmp_path)


def numbered(number: int, destination: str = "mail", sort: str = "opened") -> Message:
    key = sha256(f"{destination}{number}".encode()).hexdigest()[:32]
    return replace(a_message(str(number)), key=key, destination=destination, sort=sort)


def test_messages_come_out_as_they_went_in_and_in_that_order(disk: Disk) -> None:
    box = Outbox(disk)
    kept = [numbered(number) for number in range(12)]
    for one in kept:
        box.put(one)
    assert [Outbox(disk).read(name) for name in Outbox(disk).waiting()["mail"]] == kept


def test_each_destination_has_an_order_of_its_own(disk: Disk) -> None:
    box = Outbox(disk)
    for number in range(3):
        box.put(numbered(number))
        box.put(numbered(number, "hook 2"))
    assert {name: len(files) for name, files in box.waiting().items()} == {"mail": 3, "hook 2": 3}


def test_the_same_news_are_one_file(disk: Disk) -> None:
    Outbox(disk).put(numbered(1))
    Outbox(disk).put(replace(numbered(1), made_at=AT + timedelta(hours=1)))
    assert len(Outbox(disk).waiting()["mail"]) == 1


def test_a_message_for_those_who_are_left_comes_out_as_that(disk: Disk) -> None:
    Outbox(disk).put(numbered(1))
    [name] = Outbox(disk).waiting()["mail"]
    left = numbered(1).tried(AT).left_for(["b@example.org"])
    Outbox(disk).rewrite(name, left)
    assert Outbox(disk).read(name) == left
    assert b'"to"' not in numbered(1).to_bytes()


def test_what_was_tried_keeps_its_place(disk: Disk) -> None:
    box = Outbox(disk)
    box.put(numbered(1))
    box.put(numbered(2))
    first, second = box.waiting()["mail"]
    box.rewrite(first, numbered(1).tried(AT))
    assert box.waiting()["mail"] == [first, second]
    read = box.read(first)
    assert read is not None
    assert (read.tries, read.next_at) == (1, AT)
    box.remove(first)
    assert box.waiting()["mail"] == [second]


def test_too_many_messages_cost_the_oldest_digest_first(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "MOST", 4)
    box = Outbox(disk)
    for number, sort in enumerate(["opened", "lasting", "lasting", "over", "opened", "over", "x"]):
        with caplog.at_level(logging.ERROR):
            box.put(numbered(number, sort=sort))
    left = [box.read(name) for name in box.waiting()["mail"]]
    assert [one.subject for one in left if one] == ["3", "4", "5", "6"]
    assert "dropped" in caplog.text
    assert MOST >= 100


def test_a_file_that_somebody_damaged_ends_nothing(disk: Disk) -> None:
    box = Outbox(disk)
    box.put(numbered(1))
    [name] = box.waiting()["mail"]
    for damage in (b"", b"[]", b"{", b'{"made_at": 3}', b"\xff"):
        disk.replace(name, damage)
        assert box.read(name) is None
        assert box.waiting() == {}
    disk.replace("notes.txt", b"somebody's own")
    assert box.waiting() == {}


def test_what_no_ledger_could_enter_is_remembered(disk: Disk) -> None:
    box = Outbox(disk)
    box.remember("a" * 32)
    box.remember("a" * 32)
    assert Outbox(disk).handed == ["a" * 32]
    box.put(replace(numbered(1), key="a" * 32))
    assert box.waiting() == {}


def test_where_nothing_can_be_written_it_is_remembered_as_long_as_the_program_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*rest: object) -> None:
        raise StorageError("no space left")

    disk = MemoryDisk()
    monkeypatch.setattr(disk, "replace", full)
    box = Outbox(disk)
    box.remember("b" * 32)
    assert box.handed == ["b" * 32]


def test_pauses_grow_from_a_minute_to_an_hour() -> None:
    assert [pause_s(tries) for tries in (0, 1, 2, 6, 7, 1000)] == [60, 120, 240, 3600, 3600, 3600]


def test_a_pause_ends_and_a_clock_that_was_put_back_makes_none() -> None:
    one = numbered(1).tried(AT + timedelta(minutes=30))
    assert not is_due(one, AT)
    assert is_due(one, AT + timedelta(minutes=30))
    assert is_due(one, AT - timedelta(days=1))


class NotingPost:
    """A destination that takes everything."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def deliver(self, message: Message) -> str:
        self.taken.append(message.key)
        return ""


class ReadOnlyDisk(FolderDisk):
    """A folder that was made read-only while messages wait."""

    def replace(self, path: str, content: bytes) -> None:
        raise StorageError(f"{path}: read-only")

    def remove(self, path: str) -> None:
        raise StorageError(f"{path}: read-only")


class BadSector(FolderDisk):
    """A folder whose first message cannot be read."""

    def read(self, path: str, start: int, length: int) -> bytes:
        if path.startswith("0000000001."):
            raise StorageError(f"{path}: input/output error")
        return super().read(path, start, length)


def sender(box: Outbox, folder: Path, **posts: NotingPost) -> Notices:
    marker = Marker(FolderDisk(folder), "told_at_once")
    return Notices({}, box, posts, SystemClock(), lambda _name, _wrong: None, marker)


def test_a_file_that_cannot_be_read_holds_up_no_other_message(tmp_path: Path) -> None:
    for number in (1, 2):
        Outbox(FolderDisk(tmp_path)).put(numbered(number))
    post = NotingPost()
    sender(Outbox(BadSector(tmp_path)), tmp_path, mail=post).send()
    assert post.taken == [numbered(2).key]
    assert len(Outbox(FolderDisk(tmp_path)).waiting()["mail"]) == 1  # it waits for a better disk


def test_what_was_sent_is_not_sent_again_where_its_file_cannot_be_removed(tmp_path: Path) -> None:
    for number in (1, 2):
        Outbox(FolderDisk(tmp_path)).put(numbered(number))
    box, post = Outbox(ReadOnlyDisk(tmp_path)), NotingPost()
    for _ in range(3):
        sender(box, tmp_path, mail=post).send()
    assert post.taken == [numbered(1).key, numbered(2).key]


def test_a_nested_list_of_what_was_handed_over_is_none(disk: Disk) -> None:
    disk.replace("handed.json", b"[" * 200_000)
    assert Outbox(disk).handed == []


def test_a_foreign_file_of_the_last_number_hides_no_message(disk: Disk) -> None:
    disk.replace(f"{10**10 - 1}.mail.opened.{'0' * 32}.json", numbered(1).to_bytes())
    Outbox(disk).put(numbered(2))
    found = [Outbox(disk).read(name) for name in Outbox(disk).waiting()["mail"]]
    assert numbered(2) in found


def test_a_huge_file_is_no_message_and_is_not_read(tmp_path: Path) -> None:
    name = f"{1:010d}.mail.opened.{'0' * 32}.json"
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 1 << 40)  # sparse: no memory holds it
    box = Outbox(FolderDisk(tmp_path))
    assert box.newer() == []
    assert box.read(name) is None
    assert box.waiting() == {}
