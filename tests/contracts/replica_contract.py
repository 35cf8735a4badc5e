"""What every replica must do (port Replica); inherited by the fake's tests and the real ones'."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Protocol

import pytest

from mtdata.core.errors import ReplicaError
from mtdata.study.ports import Replica

NAME = "raw_data/QOL_Mar_12_2026.json/000000000000000-9-ab"
CONTENT = b'[{"id":1}' + bytes(range(256))
DIGEST = sha256(CONTENT).digest()


class World(Protocol):
    """A replica that a suite can look into and break; names are those of copies."""

    @property
    def replica(self) -> Replica: ...

    def names(self) -> list[str]: ...

    def change(self, name: str, content: bytes) -> None: ...

    def lose(self, name: str) -> None: ...

    def go_down(self) -> None: ...


def stands(world: World, name: str = NAME) -> bool:
    return world.replica.confirm(name, len(CONTENT), DIGEST)


class ReplicaContract:
    """Inherit, and give a fixture `world` whose replica was never met before."""

    @pytest.fixture(autouse=True)
    def _met(self, world: World) -> None:
        world.replica.meet(first=True)

    def test_what_is_put_is_confirmed_and_comes_back_byte_for_byte(self, world: World) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        assert stands(world)
        assert world.replica.read(NAME, len(CONTENT)) == CONTENT
        assert world.names() == [NAME]

    def test_a_put_can_be_done_again_and_stays_one(self, world: World) -> None:
        for _ in range(2):
            world.replica.put(NAME, CONTENT, DIGEST)
        assert world.names() == [NAME]
        assert stands(world)

    def test_nothing_is_confirmed_that_was_not_put(self, world: World) -> None:
        assert not stands(world)
        assert world.replica.read(NAME, 9) is None

    def test_a_copy_that_was_lost_is_not_confirmed(self, world: World) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.lose(NAME)
        assert not stands(world)

    @pytest.mark.parametrize(
        "other", [CONTENT[:-1], CONTENT + b"x", b"", CONTENT[:-1] + b"x"], ids=len
    )
    def test_other_bytes_under_the_name_are_not_confirmed(self, world: World, other: bytes) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.change(NAME, other)
        assert not stands(world)
        assert world.replica.read(NAME, len(CONTENT)) == other[: len(CONTENT) + 1]
        world.replica.put(NAME, CONTENT, DIGEST)
        assert stands(world), "a put mends it"

    def test_reading_gives_at_most_one_byte_more_than_is_asked_for(self, world: World) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        assert world.replica.read(NAME, 4) == CONTENT[:5]

    def test_an_empty_copy_is_one(self, world: World) -> None:
        world.replica.put(NAME, b"", sha256(b"").digest())
        assert world.replica.confirm(NAME, 0, sha256(b"").digest())
        assert world.replica.read(NAME, 0) == b""

    def test_a_large_copy_goes_and_comes_whole(self, world: World) -> None:
        content = bytes(range(256)) * (20 << 12)
        world.replica.put(NAME, content, sha256(content).digest())
        assert world.replica.confirm(NAME, len(content), sha256(content).digest())
        assert world.replica.read(NAME, len(content)) == content

    def test_several_threads_may_ask_at_once(self, world: World) -> None:
        names = [f"raw_data/f/{number}" for number in range(12)]
        with ThreadPoolExecutor(4) as crew:
            list(crew.map(lambda name: world.replica.put(name, CONTENT, DIGEST), names))
            assert list(crew.map(lambda name: stands(world, name), names)) == [True] * 12
        assert world.names() == sorted(names)

    def test_a_replica_that_is_down_is_an_error_for_now_whatever_is_asked(
        self, world: World
    ) -> None:
        world.replica.put(NAME, CONTENT, DIGEST)
        world.go_down()
        for ask in (
            lambda: world.replica.put(NAME, CONTENT, DIGEST),
            lambda: stands(world),
            lambda: world.replica.read(NAME, 9),
        ):
            with pytest.raises(ReplicaError) as caught:
                ask()
            assert caught.value.again
            assert world.replica.address in str(caught.value)

    @pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../b", "a//b", "a b", "ä", "a\nb"])
    def test_a_name_that_is_not_safe_is_never_used(self, world: World, name: str) -> None:
        with pytest.raises(ValueError, match="no name for a copy"):
            world.replica.put(name, CONTENT, DIGEST)
        with pytest.raises(ValueError, match="no name for a copy"):
            world.replica.read(name, 1)
        assert world.names() == []
