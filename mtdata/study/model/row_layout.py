"""Rows out of a batch of entries and what their sealed values opened to; pure, it never guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from mtdata.core.errors import EntryError
from mtdata.study.model.mark import FORM
from mtdata.study.model.receipt import Backup, HeldBack, Kept, Row, Rows
from mtdata.study.model.row import (
    Opened,
    StillSealed,
    cells_digest,
    cells_of,
    opened,
    sealed_values,
    with_texts,
)
from mtdata.study.model.states import MALFORMED, SEALED


class Envelope(NamedTuple):
    """A batch, and how many values stand in sealed places of each of its entries."""

    backup: Backup
    counts: list[int]


def enveloped(backup: Backup) -> tuple[Envelope, list[Any]]:
    """A batch with all that is sealed in it, in the order in which `rows_of` takes the answers."""
    texts: list[Any] = []
    counts: list[int] = []
    for entry in backup.entries:
        found = sealed_values(entry.values)
        texts += found
        counts.append(len(found))
    return Envelope(backup, counts), texts


def rows_of(
    envelope: Envelope,
    answer: Opened,
    row_digest: Callable[[int], bytes | None] = lambda seq: None,
    form: int = FORM,
) -> Rows:
    """Lay out the cells of each entry; an entry that cannot be a row is held, with the reason.

    `row_digest` tells by seq of an entry whose row stands in a sheet already, by other rules or
    other settings than today's: where the digest proves that row, it is the row.
    """
    rows: list[Row] = []
    held: list[HeldBack] = []
    place = 0
    for entry, wanted in zip(envelope.backup.entries, envelope.counts, strict=True):
        texts = answer.texts[place : place + wanted]
        made = _laid_out(entry, texts, form)
        if isinstance(made, HeldBack):
            made = _standing(entry, texts, row_digest(entry.seq), form) or made
        place += wanted
        if isinstance(made, Row):
            rows.append(made)
        else:
            held.append(made)
    unopened = sum(isinstance(text, StillSealed) and text.blames_key for text in answer.texts)
    opened_by = Counter(key for key in answer.keys if key)
    return Rows(envelope.backup, tuple(rows), tuple(held), opened_by, unopened)


def _laid_out(entry: Kept, texts: list[Any], form: int) -> Row | HeldBack:
    try:
        columns, cells = cells_of(opened(entry.values, texts) if texts else entry.values, form)
    except EntryError as error:
        sealed = any(isinstance(text, StillSealed) for text in texts)
        return HeldBack(entry, SEALED if sealed else MALFORMED, str(error))
    return Row(entry, columns, cells, cells_digest(columns, cells))


def _standing(entry: Kept, texts: list[Any], digest: bytes | None, form: int) -> Row | None:
    """The row with what is not opened as it was sent, if it has that digest."""
    if digest is None:
        return None
    sent = zip(texts, sealed_values(entry.values), strict=True)
    filled = [was if isinstance(text, StillSealed) else text for text, was in sent]
    try:
        columns, cells = cells_of(with_texts(entry.values, filled), form)
    except EntryError:
        return None
    made = Row(entry, columns, cells, cells_digest(columns, cells))
    return made if made.digest == digest else None
