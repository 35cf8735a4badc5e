"""The number of a person's own study: later sites name the person of a task by it alone.

A number that another person has as well is nobody's own, and finds no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from mtdata.study.erasure.person import Person, is_of_people, text_of, value_of
from mtdata.study.files.rows_found import SheetLines
from mtdata.study.integrity.erased_again import followed
from mtdata.study.pool import Pool


def with_studies(pool: Pool, person: Person, raw: Sequence[tuple[str, str]]) -> Person:
    """The person with the numbers of their study; `raw` are raw files, each with its scale."""
    own: set[str] = set()
    others: set[str] = set()
    for number, study in (*_in_sheets(pool), *_in_raw(pool, raw)):
        (own if person.is_meant(number) else others).add(text_of(study))
    return replace(person, studies=frozenset(own - others - {""}))


def _in_sheets(pool: Pool) -> Iterator[tuple[Any, Any]]:
    """Id and study of each person."""
    for mark, _ in pool.ledger.files.standing("sheet"):
        if is_of_people(mark.scale) and pool.disk.size(mark.path) is not None:
            rows = SheetLines(pool.disk, mark.path)
            for row in rows.rows():
                cells = dict(zip(rows.columns, row.cells, strict=True))
                yield cells.get("id"), value_of(cells.get("study", ""))


def _in_raw(pool: Pool, raw: Sequence[tuple[str, str]]) -> Iterator[tuple[Any, Any]]:
    for path, scale in raw:
        if is_of_people(scale):
            for one in followed(pool, path):
                values = one.entry.values or {}
                yield values.get("id"), values.get("study")
