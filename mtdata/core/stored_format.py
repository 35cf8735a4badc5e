"""Which format a ledger's file has, beside that of this program; it changes nothing there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mtdata.core.checks import Finding
from mtdata.core.errors import StorageError
from mtdata.core.reach import is_plain
from mtdata.core.refusals import FOREIGN
from mtdata.core.sqlite import Schema, format_of

OLDER = (
    "{}: format {}, of an older program; this one writes {} and makes it newer at its first use. "
    "The way back is a backup of before that: mtdata backup"
)
NEWER = (
    "{}: format {}, of a newer program, and this one writes {}: it changes nothing there. Use the "
    "program that made it, or restore a backup of before that"
)


def stored_format(path: Path) -> int | None:
    """The number in the file; None where there is no ledger yet, or none that can be read.

    What is wrong with such a file is told when it is opened.
    """
    try:
        if not is_plain(path) or not path.is_file():
            return None
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as db:
            return format_of(db)
    except FOREIGN:
        return None


def can_be_looked_into(path: Path, schema: Schema) -> bool:
    """Whether one who only looks leaves the format as it is; False where there is no ledger."""
    found = stored_format(path)
    return found is not None and (schema.looked_into or schema.format) <= found <= schema.format


def is_newer(path: Path, schema: Schema) -> bool:
    """Whether a newer program made it."""
    return (stored_format(path) or 0) > schema.format


def check_format(whose: str, path: Path, schema: Schema) -> list[Finding]:
    """What is to be said of a ledger of another format; nothing where it is ours."""
    found, ours = stored_format(path), schema.format
    if found in (None, 0, ours):
        return []
    if found is not None and found > ours:
        told = NEWER.format(path, found, ours)
        return [Finding(whose, "format", "bad", told, StorageError.exit_code)]
    return [Finding(whose, "format", "odd", OLDER.format(path, found, ours))]
