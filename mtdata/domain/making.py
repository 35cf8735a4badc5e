"""Rows out of a batch of entries and what their sealed values opened to; pure, it never guesses."""

from __future__ import annotations

from collections import Counter

from mtdata.domain.receipt import Backup, HeldBack, Kept, Row, Rows
from mtdata.domain.row import (
    Opened,
    StillSealed,
    cells_digest,
    cells_of,
    opened,
    sealed_values,
)
from mtdata.errors import EntryError


def sealed_in(backup: Backup) -> list[str]:
    """Every sealed text of a batch, in the order in which `rows_of` takes the answers."""
    return [text for entry in backup.entries for text in sealed_values(entry.values)]


def rows_of(backup: Backup, answer: Opened) -> Rows:
    """Lay out the cells of each entry; an entry that cannot be a row is held, with the reason."""
    rows: list[Row] = []
    held: list[HeldBack] = []
    place = 0
    for entry in backup.entries:
        wanted = len(sealed_values(entry.values))
        made = _made(entry, answer.texts[place : place + wanted] if wanted else [])
        place += wanted
        if isinstance(made, Row):
            rows.append(made)
        else:
            held.append(made)
    unopened = sum(isinstance(text, StillSealed) for text in answer.texts)
    opened_by = Counter(key for key in answer.keys if key)
    return Rows(backup, tuple(rows), tuple(held), opened_by, unopened)


def _made(entry: Kept, texts: list[str | StillSealed]) -> Row | HeldBack:
    try:
        columns, cells = cells_of(opened(entry.values, texts))
    except EntryError as error:
        sealed = any(isinstance(text, StillSealed) for text in texts)
        return HeldBack(entry, "sealed" if sealed else "malformed", str(error))
    return Row(entry, columns, cells, cells_digest(columns, cells))
