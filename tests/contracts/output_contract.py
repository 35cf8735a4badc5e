"""What every place for exported files must do (port Output); inherited by fake and real ones."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest

from mtdata.core.errors import NameRefused, OutputError
from mtdata.core.output import FileFacts, Output

NAME = "ClickReport_10012016_0000_0100.csv"
TAG = "0a1b-1"
CONTENT = b"Click ID\r\n1\r\n" + bytes(range(256))


class World(Protocol):
    """A place that a suite can break."""

    @property
    def output(self) -> Output: ...

    def names(self) -> list[str]: ...

    def go_down(self) -> None: ...


def put(world: World, spool: Path, content: bytes = CONTENT, name: str = NAME) -> str:
    spool.write_bytes(content)
    facts = FileFacts(len(content), sha256(content).hexdigest(), content.count(b"\n") - 1)
    return world.output.publish(world.output.stage(name, spool, facts, TAG))


class OutputContract:
    """Inherit, and give a fixture `world`."""

    @pytest.fixture
    def spool(self, tmp_path: Path) -> Path:
        return tmp_path / "export.part"

    def test_what_is_put_comes_back_byte_for_byte(self, world: World, spool: Path) -> None:
        assert world.output.size(NAME) is None
        place = put(world, spool)
        assert place.endswith(f"/{NAME}")
        assert b"".join(world.output.pieces(NAME)) == CONTENT
        assert world.output.size(NAME) == len(CONTENT)
        assert world.names() == [NAME]

    def test_what_is_staged_has_no_name_and_can_be_dropped(self, world: World, spool: Path) -> None:
        spool.write_bytes(CONTENT)
        facts = FileFacts(len(CONTENT), sha256(CONTENT).hexdigest(), 1)
        staged = world.output.stage(NAME, spool, facts, TAG)
        assert world.output.size(NAME) is None
        assert world.output.sha256(NAME) == ""
        for _ in range(2):
            world.output.drop(NAME)
        assert world.names() == []
        staged = world.output.stage(NAME, spool, facts, TAG)
        world.output.publish(staged)
        assert world.output.sha256(NAME) == facts.sha256
        world.output.drop(NAME)
        assert world.names() == [NAME]

    def test_a_file_larger_than_one_piece_comes_back_whole(self, world: World, spool: Path) -> None:
        content = bytes(range(256)) * (9 << 12) + b"the last of it"
        put(world, spool, content)
        digest = sha256()
        for piece in world.output.pieces(NAME):
            digest.update(piece)
        assert digest.digest() == sha256(content).digest()
        assert world.names() == [NAME]

    @pytest.mark.parametrize("length", [1, 1 << 20, (9 << 20) + 1])
    def test_pieces_whose_digest_nobody_knew_come_back_and_are_told_of(
        self, world: World, length: int
    ) -> None:
        content = (CONTENT * (length // len(CONTENT) + 1))[:length]
        pieces = (content[at : at + 300_000] for at in range(0, length, 300_000))
        staged = world.output.stage_pieces(NAME, pieces, TAG)
        assert staged.facts == FileFacts(length, sha256(content).hexdigest(), 0)
        assert world.output.size(NAME) is None
        world.output.publish(staged)
        assert sha256(b"".join(world.output.pieces(NAME))).hexdigest() == staged.facts.sha256
        assert world.output.sha256(NAME) == staged.facts.sha256

    def test_pieces_that_break_off_leave_what_stood_there_and_nothing_else(
        self, world: World, spool: Path
    ) -> None:
        def broken() -> Iterator[bytes]:
            yield b"x" * (1 << 20)
            raise NameRefused("in the middle")

        put(world, spool)
        with pytest.raises(NameRefused):
            world.output.stage_pieces(NAME, broken(), TAG)
        assert world.names() == [NAME]
        assert b"".join(world.output.pieces(NAME)) == CONTENT

    def test_a_whole_file_takes_the_place_of_another(self, world: World, spool: Path) -> None:
        put(world, spool)
        put(world, spool, b"shorter")
        assert b"".join(world.output.pieces(NAME)) == b"shorter"
        assert world.names() == [NAME]

    def test_what_was_removed_is_gone_and_may_be_removed_again(
        self, world: World, spool: Path
    ) -> None:
        put(world, spool)
        for _ in range(2):
            world.output.remove(NAME)
        assert world.output.size(NAME) is None
        with pytest.raises(OutputError):
            list(world.output.pieces(NAME))

    def test_folders_keep_names_apart(self, world: World, spool: Path) -> None:
        put(world, spool, name=f"a/{NAME}")
        put(world, spool, b"other", name=f"b/{NAME}")
        assert world.output.size(f"a/{NAME}") == len(CONTENT)
        assert world.names() == [f"a/{NAME}", f"b/{NAME}"]

    @pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a//b", "a/../b", "", ".x", "x\n"])
    def test_no_name_leads_out_of_the_place(self, world: World, spool: Path, name: str) -> None:
        with pytest.raises(NameRefused):
            put(world, spool, name=name)
        assert world.names() == []

    def test_a_place_that_is_away_says_so_and_keeps_what_stood_there(
        self, world: World, spool: Path
    ) -> None:
        put(world, spool)
        world.go_down()
        with pytest.raises(OutputError):
            put(world, spool, b"newer")
