"""What the database says against a question, in words that quote no cell; it asks nothing.

While a question is planned no row is read, so the database's own words speak of the question, which
its asker wrote.  Once rows are read its words may quote what stands in them, and are not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from mtdata.core.errors import StorageError, UsageError
from mtdata.core.words import did_you_mean

_OF_THE_QUESTION = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
_NO_TABLE = ("Table with name ", " does not exist")
"""What stands before and behind the name of a table that there is not."""
_TYPE = re.compile(r"\bto (?:type |the destination type )?([A-Z]+[0-9]*)\b")
_TYPES = frozenset(
    "INT8 INT16 INT32 INT64 INT128 UINT8 UINT16 UINT32 UINT64 FLOAT DOUBLE DECIMAL BOOL UUID "
    "INTEGER BIGINT DATE TIME TIMESTAMP INTERVAL ENUM".split()
)
SHUT = "a question reaches no file, no network, no extension and no setting: the scales alone"
ONE_SELECT = "one SELECT is answered, and nothing else: a pool is never changed"
HIDDEN = "The database's own words are not shown: they may quote an answer"
_WORDS = {
    duckdb.TransactionException: ONE_SELECT,
    duckdb.OutOfRangeException: "a number comes out greater than its type can hold",
    duckdb.OutOfMemoryException: "it takes more memory than it may have, and the disk as well: ask "
    "for fewer columns, or for fewer days",
    duckdb.PermissionException: SHUT,
    duckdb.InvalidInputException: "a cell, or something in the question, is not what a function of "
    f"it takes. {HIDDEN}",
}


@contextmanager
def planning(tables: Iterable[str]) -> Iterator[None]:
    """UsageError in the database's own words where a question cannot be understood.

    `tables` are those that it may name.
    """
    with answering():
        try:
            yield
        except _OF_THE_QUESTION as error:
            raise UsageError(_own_words(str(error), tables)) from None


@contextmanager
def answering() -> Iterator[None]:
    """UsageError or StorageError, without a cell, where a question cannot be answered."""
    try:
        yield
    except duckdb.Error as error:
        raise _without_cells(error) from None
    except TimeoutError:
        raise UsageError(
            "the answer takes longer than --within; nothing was written. Ask for less, or give it "
            "more time"
        ) from None


def _own_words(told: str, tables: Iterable[str]) -> str:
    first, *more = told.splitlines()
    before, behind = _NO_TABLE
    named = first.partition(before)[2]
    if behind in named:
        word = named.partition(behind)[0].strip('"')
        return (
            f"there is no scale {ascii(word)[:80]}.{did_you_mean(word, tables)} "
            "`mtdata query --tables` names all"
        )
    candidates = [line.strip() for line in more if line.startswith("Candidate bindings")]
    hint = " TRY_CAST(… AS DOUBLE) makes a number of a text" if "argument types" in first else ""
    return " ".join([first, *candidates]) + hint


def _without_cells(error: duckdb.Error) -> UsageError | StorageError:
    if isinstance(error, duckdb.IOException):
        return StorageError(
            "the question cannot be answered: what does not fit into memory could not be put on "
            "the disk (TMPDIR). Make room there; nothing was written"
        )
    if isinstance(error, duckdb.ConversionException):
        return UsageError(_conversion(str(error)))
    known = next((told for sort, told in _WORDS.items() if isinstance(error, sort)), "")
    if known:
        return UsageError(known)
    return UsageError(f"the database cannot answer it ({type(error).__name__}). {HIDDEN}")


def _conversion(told: str) -> str:
    """Which type it was: one of a few words, whatever stands in the cell beside them."""
    types = [word for word in _TYPE.findall(told.partition("\nLINE ")[0]) if word in _TYPES]
    what = f" no {types[-1]}" if types else " not of the type that the question takes it for"
    return f"a cell is{what}; it is not shown. TRY_CAST gives NULL where CAST fails"
