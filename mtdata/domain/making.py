"""Rows out of a batch of entries and what their sealed values opened to; pure, it never guesses."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

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


class Envelope(NamedTuple):
    """A batch, and how many sealed texts each of its entries has."""

    backup: Backup
    counts: list[int]


def enveloped(backup: Backup) -> tuple[Envelope, list[str]]:
    """A batch with all its sealed texts, in the order in which `rows_of` takes the answers."""
    texts: list[str] = []
    counts: list[int] = []
    for entry in backup.entries:
        found = sealed_values(entry.values)
        texts += found
        counts.append(len(found))
    return Envelope(backup, counts), texts


def rows_of(envelope: Envelope, answer: Opened) -> Rows:
    """Lay out the cells of each entry; an entry that cannot be a row is held, with the reason."""
    rows: list[Row] = []
    held: list[HeldBack] = []
    place = 0
    for entry, wanted in zip(envelope.backup.entries, envelope.counts, strict=True):
        made = _made(entry, answer.texts[place : place + wanted])
        place += wanted
        if isinstance(made, Row):
            rows.append(made)
        else:
            held.append(made)
    unopened = sum(isinstance(text, StillSealed) for text in answer.texts)
    opened_by = Counter(key for key in answer.keys if key)
    return Rows(envelope.backup, tuple(rows), tuple(held), opened_by, unopened)


def _made(entry: Kept, texts: list[str | StillSealed]) -> Row | HeldBack:
    try:
        columns, cells = cells_of(opened(entry.values, texts) if texts else entry.values)
    except EntryError as error:
        sealed = any(isinstance(text, StillSealed) for text in texts)
        return HeldBack(entry, "sealed" if sealed else "malformed", str(error))
    return Row(entry, columns, cells, cells_digest(columns, cells))
