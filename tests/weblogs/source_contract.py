"""What every source of web logs must do (port LogSource); inherited by the tests of each."""

from __future__ import annotations

from datetime import UTC
from typing import Protocol

import pytest

from mtdata.weblogs.source import LogObject, LogSource
from mtdata.weblogs.source_errors import LogReplaced, LogSourceError

KEY = "logs/2026-11-29/access ü.log.gz"
CONTENT = bytes(range(256)) * 5
LARGE = bytes(range(251)) * (5 << 12)


class SourceWorld(Protocol):
    """A source that a suite can look into, change and break."""

    @property
    def source(self) -> LogSource: ...

    def put(self, key: str, content: bytes) -> None: ...

    def lose(self, key: str) -> None: ...

    def keys(self) -> list[str]: ...

    def go_down(self) -> None: ...


def listed(world: SourceWorld, key: str = KEY) -> LogObject:
    [found] = [one for one in world.source.listing() if one.key == key]
    return found


def read(world: SourceWorld, one: LogObject, length: int = 1 << 16) -> bytes:
    content = bytearray()
    with world.source.open(one) as raw:
        assert raw.size == one.size
        while piece := raw.read(length):
            assert len(piece) <= length
            content += piece
        assert raw.read(length) == b""
    return bytes(content)


class SourceContract:
    """Inherit, and give a fixture `world` without objects."""

    def test_nothing_is_listed_where_nothing_is(self, world: SourceWorld) -> None:
        world.put("other", b"")
        assert list(world.source.listing("logs/")) == []

    def test_objects_are_listed_in_the_order_of_their_bytes(self, world: SourceWorld) -> None:
        keys = ["a-b/x", "a.log", "a/b", "a/b.c/d", "a/b/c", "a0", "ä/ö", "logs/1", "ﬀ", "𐍈"]
        keys.remove("a/b")  # a folder cannot be a file as well
        for key in reversed(keys):
            world.put(key, key.encode())
        found = list(world.source.listing())
        assert [one.key for one in found] == sorted(keys, key=str.encode)
        for one in found:
            assert one.size == len(one.key.encode())
            assert one.modified.tzinfo is UTC
            assert one.etag
            assert one.bucket == world.source.place

    @pytest.mark.parametrize("prefix", ["", "a", "a/", "a/b", "a/b/", "b/c", "nothing/"])
    def test_a_prefix_is_the_beginning_of_a_key(self, world: SourceWorld, prefix: str) -> None:
        keys = ["a", "ab/x", "a.d/b", "a-b", "b/c/d", "b/ce"]
        keys += ["aa/b/c"]
        for key in keys:
            world.put(key, b"x")
        found = [one.key for one in world.source.listing(prefix)]
        assert found == sorted(key for key in keys if key.startswith(prefix))

    @pytest.mark.parametrize("length", [0, 1, len(CONTENT), len(LARGE)])
    def test_what_is_read_is_what_was_put(self, world: SourceWorld, length: int) -> None:
        world.put(KEY, LARGE[:length])
        assert read(world, listed(world)) == LARGE[:length]

    def test_bytes_come_from_any_place(self, world: SourceWorld) -> None:
        world.put(KEY, LARGE)
        end = len(LARGE)
        with world.source.open(listed(world)) as raw:
            for start, length in [(end - 22, 22), (0, 4), (end - 5, 99), (7, 300_000), (end, 1)]:
                assert raw.read_at(start, length) == LARGE[start : start + length]
            assert raw.read(3) == LARGE[:3]
            assert raw.read_at(end // 2, 5) == LARGE[end // 2 : end // 2 + 5]
            assert raw.read(3) == LARGE[3:6]

    @pytest.mark.parametrize("content", [CONTENT + b"x", CONTENT[:-1], CONTENT[::-1], b""])
    def test_an_object_that_is_another_one_now_is_refused(
        self, world: SourceWorld, content: bytes
    ) -> None:
        world.put(KEY, CONTENT)
        before = listed(world)
        assert world.source.is_there(before)
        world.put(KEY, content)
        assert not world.source.is_there(before)
        for ask in (lambda: read(world, before), lambda: world.source.remove(before)):
            with pytest.raises(LogReplaced) as caught:
                ask()
            assert caught.value.again
        assert world.keys() == [KEY]
        assert read(world, listed(world)) == content

    def test_an_object_that_changes_while_it_is_read_is_never_two_in_one(
        self, world: SourceWorld
    ) -> None:
        world.put(KEY, LARGE)
        with world.source.open(listed(world)) as raw:
            begun = raw.read(1_000)
            world.put(KEY, LARGE[::-1])
            assert begun == LARGE[: len(begun)]
            with pytest.raises(LogReplaced):
                raw.read_at(len(LARGE) - 1_000, 1_000)

    def test_an_object_that_is_gone_is_refused(self, world: SourceWorld) -> None:
        world.put(KEY, CONTENT)
        before = listed(world)
        world.lose(KEY)
        assert not world.source.is_there(before)
        for ask in (lambda: read(world, before), lambda: world.source.remove(before)):
            with pytest.raises(LogReplaced):
                ask()

    def test_what_is_removed_is_gone_and_nothing_else(self, world: SourceWorld) -> None:
        world.put(KEY, CONTENT)
        world.put(f"{KEY}.2", CONTENT)
        world.source.remove(listed(world))
        assert world.keys() == [f"{KEY}.2"]

    def test_a_source_that_is_down_is_an_error_and_no_empty_day(self, world: SourceWorld) -> None:
        world.put(KEY, CONTENT)
        before = listed(world)
        world.go_down()
        for ask in (lambda: list(world.source.listing()), lambda: read(world, before)):
            with pytest.raises(LogSourceError):
                ask()
