"""Lines of CSV: what is read quickly is what the csv module reads, or nothing is said."""

from __future__ import annotations

import csv
from random import Random

import pytest

from mtdata.core.csv_lines import csv_line, quick_cells


def slowly(line: bytes) -> list[str] | None:
    """What the csv module makes of one line; None where that is not one row."""
    try:
        rows = list(csv.reader([line.decode()], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "I worry, and then\r\nI cannot sleep", ""],
        ["", "", ""],
        ["a", "ü, 🙂"],
        ["one"],
    ],
)
def test_a_long_text_with_commas_and_line_ends_is_read_without_the_csv_module(
    cells: list[str],
) -> None:
    assert quick_cells(csv_line(cells)) == cells


@pytest.mark.parametrize(
    "line",
    [
        b'1,"a ""quote"""\r\n',
        b'1,a"b"\r\n',
        b'"1"2,3\r\n',
        b'1,"open\r\n',
        b"1,2\r\n3,4\r\n",
        b"1,2\n",
        b"1,2",
        b"\r\n",
        b"",
        b"1,\xff\r\n",
    ],
)
def test_what_only_the_csv_module_can_judge_is_left_to_it(line: bytes) -> None:
    assert quick_cells(line) is None


def test_whatever_is_read_quickly_the_csv_module_reads_the_same() -> None:
    rng, read = Random(27), 0
    for _ in range(20_000):
        text = "".join(rng.choices('ab,,"\r\n ', k=rng.randrange(9))) + "\r\n"
        quick = quick_cells(text.encode())
        if quick is not None:
            read += 1
            assert quick == slowly(text.encode()), text
    assert read > 1_000
