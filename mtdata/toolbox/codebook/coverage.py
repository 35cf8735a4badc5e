"""What the codebooks cover of a pool: scales without one, columns without a variable; it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mtdata.core.errors import StorageError
from mtdata.toolbox.codebook.model import Codebook
from mtdata.toolbox.codebook.site_columns import variable_of
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.sheets import OWN


class Coverage(NamedTuple):
    """A scale of a pool or a codebook, and what the one has that the other lacks.

    `fault` says why its sheets could not be read.
    """

    scale: str
    codebook: Codebook | None
    in_pool: bool
    without_variable: tuple[str, ...] = ()
    without_column: tuple[str, ...] = ()
    fault: str = ""


def coverages(books: Mapping[str, Codebook], pools: Pools | None) -> list[Coverage]:
    """Every scale that has a codebook or a sheet, by name."""
    known = {name.casefold(): book for name, book in books.items()}
    in_pool = {name.casefold(): name for name in pools.sheets} if pools else {}
    shown = {name.casefold(): name for name in books} | in_pool
    return [
        _coverage(name, known.get(folded), pools if folded in in_pool else None)
        for folded, name in sorted(shown.items())
    ]


def _coverage(scale: str, book: Codebook | None, pools: Pools | None) -> Coverage:
    if pools is None or book is None:
        return Coverage(scale, book, in_pool=pools is not None)
    try:
        columns = columns_of(pools, scale)
    except StorageError as error:
        return Coverage(scale, book, in_pool=True, fault=str(error))
    present = {column.casefold() for column in columns}
    strangers = tuple(column for column in columns if variable_of(book, column) is None)
    absent = tuple(name for name in book.variables if name.casefold() not in present)
    return Coverage(scale, book, True, strangers, absent)


def columns_of(pools: Pools, scale: str) -> list[str]:
    """The columns that any sheet of a scale has, each once in any case.

    UsageError where the scale has no sheet, SheetChanged (74) for one that somebody changed.
    """
    names: dict[str, str] = {}
    for batch in pools.tables(scale, every_snapshot=True):
        for column in _without_own(batch.column_names):
            names.setdefault(column.casefold(), column)
    return list(names.values())


def _without_own(columns: Iterable[str]) -> list[str]:
    return [column for column in columns if column not in OWN]
