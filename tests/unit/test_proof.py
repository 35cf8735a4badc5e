"""A file is proven once, sent from what was proven, and never by a link; parts are as asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.web.downloads import proof, ranges
from mtdata.web.downloads.proof import Lost, ProvenFile
from mtdata.web.downloads.ranges import ByteRange

CONTENT = b"0123456789" * 100


@pytest.fixture
def artifact(tmp_path: Path) -> Any:
    """A file that a job made and entered."""
    file = tmp_path / "reports" / "a.csv"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    _age(file)
    digest = sha256(CONTENT).hexdigest()
    return SimpleNamespace(name="a.csv", place=str(file), size=len(CONTENT), sha256=digest)


def _age(file: Path) -> None:
    proof._KNOWN.clear()
    os.utime(file, (1, 1))


def test_a_file_is_read_for_its_proof_once_and_again_when_something_of_it_changed(
    artifact: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "SETTLED_S", -1e9)
    read: list[int] = []
    kept = proof.pieces_of
    monkeypatch.setattr(proof, "pieces_of", lambda file: read.append(1) or kept(file))
    for _ in range(3):
        ProvenFile(artifact).close()
    assert len(read) == 1
    Path(artifact.place).write_bytes(CONTENT[::-1])
    os.utime(artifact.place, (1, 1))  # its time put back, as by somebody who hides it
    with pytest.raises(Lost, match="was changed"):
        ProvenFile(artifact)


def test_what_was_changed_a_moment_ago_is_not_remembered(artifact: Any) -> None:
    ProvenFile(artifact).close()
    assert not proof._KNOWN


def test_no_byte_comes_after_a_change(artifact: Any) -> None:
    file = ProvenFile(artifact)
    assert file.read(10) == CONTENT[:10]
    with Path(artifact.place).open("r+b") as other:
        other.write(b"x")
    with pytest.raises(OSError, match="was changed"):
        file.read(10)
    file.close()


@pytest.mark.parametrize("what", ["file", "folder", "upper"])
def test_a_link_anywhere_in_the_path_is_not_followed(artifact: Any, what: str) -> None:
    file = Path(artifact.place)
    path = {"file": file, "folder": file.parent, "upper": file.parent.parent}[what]
    away = path.with_name(f"{path.name}-away")
    path.rename(away)
    path.symlink_to(away)
    with pytest.raises(Lost, match="not there any more"):
        ProvenFile(artifact)
    path.unlink()
    away.rename(path)
    ProvenFile(artifact).close()


@pytest.mark.parametrize("place", ["relative/a.csv", "/", "/a/../b", "/a\0b", ""])
def test_what_is_no_path_of_a_file_is_lost(artifact: Any, place: str) -> None:
    artifact.place = place
    with pytest.raises(Lost):
        ProvenFile(artifact)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=5-300", (5, 10)),
        ("Bytes=9-9", (9, 10)),
        ("bytes=10-", (10, 0)),
        ("bytes=11-", (11, 0)),
        ("bytes=11-12", (11, 0)),
        ("bytes=-0", (10, 0)),
        *((one, None) for one in ("bytes=5-4", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "", "x")),
    ],
)
def test_a_part_is_one_range_of_bytes_or_none(asked: str, expected: tuple[int, int] | None) -> None:
    found = ranges.part(asked, 10)
    assert found == (None if expected is None else ByteRange(*expected, 10))


def test_a_part_is_asked_for_of_the_same_bytes_alone() -> None:
    assert ranges.is_range_asked("bytes=1-", "", "")
    assert ranges.is_range_asked("bytes=1-", '"a"', '"a"')
    for condition in ('"b"', 'W/"a"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert not ranges.is_range_asked("bytes=1-", condition, '"a"')


@given(st.lists(st.binary(max_size=5)), st.integers(0, 30), st.integers(0, 30))
def test_of_all_pieces_come_the_bytes_of_the_part(
    pieces: list[bytes], start: int, length: int
) -> None:
    stop = start + length
    assert b"".join(ranges.bytes_of(pieces, start, stop)) == b"".join(pieces)[start:stop]
    assert b"".join(ranges.bytes_of(pieces, start, None)) == b"".join(pieces)[start:]


def test_a_part_is_never_whole_when_the_file_is_not_proven_at_its_end() -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"abc", b"def", b"ghi")
        raise Lost("it was changed")

    found = ranges.bytes_of(pieces(), 1, 5)
    assert next(found) == b"bc"
    with pytest.raises(Lost):
        next(found)
