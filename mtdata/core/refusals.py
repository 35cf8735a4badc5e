"""What SQLite refuses, and how it comes out in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from mtdata.core.cells import OddCell
from mtdata.core.reach import FULL

REFUSED = (sqlite3.Error, OSError, UnicodeError, MemoryError)
"""What SQLite may throw; UnicodeError where the text of its own message is damaged."""
FOREIGN = (*REFUSED, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What reading a ledger may throw that is not as we left it: text, JSON, dates, numbers."""
REFUSALS = frozenset(
    (
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    )
)
"""What disk and system refuse: making the ledger again would mend nothing of it."""


class InWords(NamedTuple):
    """Let what is refused within come out in words: a generator would cost thrice that."""

    words: Callable[[Exception], Exception]
    kinds: tuple[type[Exception], ...]

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.ProgrammingError):
            return  # a fault of this program: there is nothing wrong with disk and file
        if isinstance(error, self.kinds):
            raise self.words(error) from error


def is_refusal(error: BaseException) -> bool:
    """Whether disk or system refused it: the file itself may be well."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, OSError) if code is None else code & 0xFF in REFUSALS


def is_full(error: BaseException) -> bool:
    """Whether there was no room."""
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in FULL


def reason_of(error: BaseException) -> str:
    """What was wrong; an exception of decoding could quote the cell, and is named by its sort."""
    if isinstance(error, (sqlite3.Error, OSError, OddCell)):
        return str(error)
    return f"it holds what cannot be read ({type(error).__name__})"
