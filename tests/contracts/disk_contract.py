"""What every disk must do (port Disk); inherited by the fake's tests and the real one's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mtdata.core.errors import PackageError, StorageError
from mtdata.core.ports import Disk


class DiskContract:
    """Tests for one kind of disk, given by the fixture `disk`."""

    def test_what_is_written_is_read_back_and_the_file_ends_behind_it(self, disk: Disk) -> None:
        disk.write("a/b", 0, b"0123456789")
        disk.write("a/b", 4, b"xy")
        assert disk.read("a/b", 0, 100) == b"0123xy"
        assert disk.size("a/b") == 6
        disk.write("a/b", 2, b"")
        assert disk.read("a/b", 0, 100) == b"01"

    def test_the_sizes_of_a_folder_are_those_of_its_files(self, disk: Disk) -> None:
        disk.write("a/b", 0, b"0123")
        disk.write("a/c", 0, b"01")
        disk.write("a/deep/d", 0, b"0")
        assert disk.sizes("a") == {"b": 4, "c": 2}
        assert disk.sizes("none") == {}

    def test_reading_past_the_end_gives_what_there_is(self, disk: Disk) -> None:
        disk.write("f", 0, b"abc")
        assert disk.read("f", 2, 10) == b"c"
        assert disk.read("f", 9, 10) == b""

    def test_a_stream_gives_every_byte_or_a_stretch_of_them(self, disk: Disk) -> None:
        content = bytes(range(256)) * 10_000
        disk.write("f", 0, content)
        pieces = list(disk.stream("f"))
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 1 << 20
        assert b"".join(disk.stream("f", 100, 2_000_000)) == content[100:2_000_100]

    def test_a_file_that_is_not_there_has_no_size_and_cannot_be_read(self, disk: Disk) -> None:
        assert disk.size("nowhere/f") is None
        with pytest.raises(StorageError, match="nowhere/f"):
            disk.read("nowhere/f", 0, 1)

    def test_a_staged_file_takes_the_name_in_one_move(self, disk: Disk) -> None:
        disk.write("a/f", 0, b"old")
        staged = disk.stage("a/f", iter([b"ne", b"w"]))
        assert disk.read("a/f", 0, 9) == b"old"
        disk.publish(staged, "a/f")
        assert disk.read("a/f", 0, 9) == b"new"
        assert disk.names("a") == ["f"]

    def test_drafts_take_their_names_together(self, disk: Disk) -> None:
        disk.write("a/f", 0, b"old")
        names = ["a/f", "a/g", "b/f", *(f"c/{number}" for number in range(40))]
        drafts = {disk.draft(name, iter([b"new ", name.encode()])): name for name in names}
        assert disk.read("a/f", 0, 9) == b"old"
        assert disk.size("a/g") is None
        disk.publish_all(drafts)
        assert [disk.read(name, 0, 9) for name in names] == [b"new " + n.encode() for n in names]
        assert (disk.names("a"), disk.names("b")) == (["f", "g"], ["f"])

    def test_of_drafts_of_which_one_is_gone_none_has_its_name(self, disk: Disk) -> None:
        disk.write("a/f", 0, b"old")
        draft = disk.draft("a/f", [b"new"])
        with pytest.raises(StorageError, match="a/gone"):
            disk.publish_all({draft: "a/f", "a/gone": "a/g"})
        assert disk.read("a/f", 0, 9) == b"old"

    def test_it_says_how_much_room_there_is(self, disk: Disk) -> None:
        disk.write("a/f", 0, b"x")
        room = disk.room()
        assert room.bytes > 0
        assert room.files is None or room.files > 0

    def test_replace_puts_small_content_in_the_place_of_what_was_there(self, disk: Disk) -> None:
        for content in (b"first", b"2nd"):
            disk.replace("a/f", content)
            assert disk.read("a/f", 0, 9) == content

    def test_what_is_confirmed_stays_as_it_is_and_must_be_there(self, disk: Disk) -> None:
        disk.receive("a/f", [b"x"])
        disk.confirm("a/f")
        assert disk.read("a/f", 0, 9) == b"x"
        with pytest.raises(StorageError, match="a/g"):
            disk.confirm("a/g")

    def test_receive_begins_anew_and_tells_the_length(self, disk: Disk) -> None:
        assert disk.receive("in/f", iter([b"abc", b"def"])) == 6
        assert disk.receive("in/f", iter([b"x"])) == 1
        assert disk.read("in/f", 0, 9) == b"x"

    def test_a_fault_of_the_source_is_not_one_of_the_disk(self, disk: Disk) -> None:
        def source() -> Iterator[bytes]:
            yield b"x"
            raise PackageError("broke off")

        with pytest.raises(PackageError):
            disk.receive("in/f", source())

    def test_what_is_removed_is_gone_and_what_is_not_there_is_no_fault(self, disk: Disk) -> None:
        disk.write("a/f", 0, b"x")
        disk.remove("a/f")
        disk.remove("a/f")
        assert disk.size("a/f") is None
        assert disk.names("a") == disk.names("never") == []
