"""Lines of a sheet held against digests in their bytes: never another word than by their cells."""

from __future__ import annotations

from random import Random

import pytest

from mtdata.core.csv_lines import csv_line
from mtdata.study.files.archive import NEAR
from mtdata.study.files.neighbours import READ_AHEAD, neighbours
from mtdata.study.files.sheet_lines import rows_in, rows_stand
from mtdata.study.model.row import cells_digest, is_row, row_check
from tests.fakes_disk import MemoryDisk

COLUMNS = ("a", "b", "c")


def slowly(columns: tuple[str, ...], lines: list[bytes], digests: list[bytes]) -> list[bool]:
    """What the cells, read as text, say of each line."""
    return [is_row(columns, *one) for one in zip(rows_in(lines), digests, strict=True)]


@pytest.mark.parametrize("cells", [["", "", ""], ["1", "", "ü, 🙂"], ["", "x\r\ny", 'a "q"']])
def test_a_line_as_it_was_written_stands_and_with_another_byte_does_not(cells: list[str]) -> None:
    line, digest = csv_line(cells), cells_digest(COLUMNS, cells)
    assert list(rows_stand(COLUMNS, [line], [digest])) == [True]
    for place in range(len(line)):
        other = bytearray(line)
        other[place] ^= 1
        found = list(rows_stand(COLUMNS, [bytes(other)], [digest]))
        assert found == slowly(COLUMNS, [bytes(other)], [digest])


def test_a_usual_line_is_held_against_its_digest_without_becoming_text() -> None:
    digest = cells_digest(COLUMNS, ["1", "", "ü"])
    assert row_check(COLUMNS)([b"1", b"", "ü".encode()], digest)
    assert not row_check(COLUMNS)([b"1", b"", b"u"], digest)
    assert not row_check(COLUMNS)([b"1", b""], digest)


def test_whatever_stands_in_a_line_the_word_is_that_of_its_cells() -> None:
    seed = 20261130
    rng, stood = Random(seed), 0
    for _ in range(20_000):
        text = "".join(rng.choices('ab,,,"\r\n\0', k=rng.randrange(8))) + "\r\n"
        [cells] = rows_in([text.encode()])
        if len(cells) != len(COLUMNS):
            cells = ["a", "", "b"]
        digests = [cells_digest(COLUMNS, cells)]
        found = list(rows_stand(COLUMNS, [text.encode()], digests))
        assert found == slowly(COLUMNS, [text.encode()], digests), (seed, text)
        stood += found[0]
    assert stood > 1_000


def test_a_nul_makes_no_row_another() -> None:
    moved, digest = b"x\0b\0y,,\r\n", cells_digest(COLUMNS, ["x", "y", ""])
    assert list(rows_stand(COLUMNS, [moved], [digest])) == [False]
    columns = ("a", "b", "a\0x\0b")
    digest = cells_digest(columns, ["x", "y", ""])
    assert list(rows_stand(columns, [b",,y\r\n"], [digest])) == [False]
    assert list(rows_stand(columns, [b"x,y,\r\n"], [digest])) == [True]


def test_neighbours_are_read_in_few_goes_whatever_lies_between() -> None:
    class CountedDisk(MemoryDisk):
        reads = 0

        def read(self, path: str, start: int, length: int) -> bytes:
            self.reads += 1
            return super().read(path, start, length)

    disk, content = CountedDisk(), Random(1).randbytes(READ_AHEAD * 3)
    disk.write("raw_data/a.json", 0, content)
    starts = range(5, len(content), 2 * NEAR)
    lengths = [NEAR - 1] * len(starts)
    found = list(neighbours(disk, "raw_data/a.json", starts, lengths))
    assert found == [content[at : at + NEAR - 1] for at in starts]
    assert disk.reads <= 4
    [long, behind] = neighbours(disk, "raw_data/a.json", [0, 9], [2 * READ_AHEAD, len(content)])
    assert (long, behind) == (content[: 2 * READ_AHEAD], content[9:])
    assert list(neighbours(disk, "raw_data/none.json", starts, lengths)) == [b""] * len(starts)
