"""Lines of CSV: the quick way writes what csv.writer does, whatever stands in a cell."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.core.csv_lines import csv_text

CELLS = st.text('ab,"\r\n\0 \ud800é\U0001f600') | st.text()


def by_writer(cells: list[str]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells)
    return file.getvalue()


@given(st.lists(CELLS, min_size=2, max_size=8))
def test_a_line_is_what_the_writer_of_the_library_makes_of_it(cells: list[str]) -> None:
    assert csv_text(cells) == by_writer(cells)


@pytest.mark.parametrize(
    "cells",
    [["", ""], ["a", "b"], ["a,b", "c"], ["a", '"'], ["\n", "a,"], ["\r", ""], [" ", "\t,"]],
)
def test_a_cell_is_quoted_where_it_has_to_be(cells: list[str]) -> None:
    assert csv_text(cells) == by_writer(cells)
