"""Rows out of a batch of entries and what their sealed values opened to; pure, it never guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mtdata.core.csv_lines import sound_lines
from mtdata.core.errors import EntryError
from mtdata.study.model.mark import FORM
from mtdata.study.model.receipt import KEY_PRINT, Backup, HeldBack, Kept, Row, Rows
from mtdata.study.model.row import (
    Digits,
    Layout,
    Opened,
    flat_layout,
    opened,
    row_of,
    sealed_values,
    with_texts,
)
from mtdata.study.model.states import MALFORMED, SEALED
from mtdata.study.model.still_sealed import StillSealed

LayOut = Callable[[Mapping[str, Any], int, Layout | None], tuple[tuple[str, ...], list[str], bytes]]
"""What makes columns, cells and digest of a row of an entry's values, a form and a layout."""
_USUAL = frozenset({str, int, bool, type(None), Digits})


class Envelope(NamedTuple):
    """A batch; how many values stand in sealed places of each of its entries, and its layout.

    The layout is None where an entry holds arrays or objects.
    """

    backup: Backup
    places: list[tuple[int, Layout | None]]


def enveloped(backup: Backup) -> tuple[Envelope, list[Any]]:
    """A batch with all that is sealed in it, in the order in which `rows_of` takes the answers."""
    texts: list[Any] = []
    places: list[tuple[int, Layout | None]] = []
    for entry in backup.entries:
        flat = flat_layout(entry.values)
        found = sealed_values(entry.values, flat)
        texts += found
        places.append((len(found), flat))
    return Envelope(backup, places), texts


def rows_of(
    envelope: Envelope,
    answer: Opened,
    row_digest: Callable[[int], bytes | None] = lambda seq: None,
    form: int = FORM,
    fingerprints: Mapping[str, str] = MappingProxyType({}),
    lay_out: LayOut = row_of,
) -> Rows:
    """Lay out the cells of each entry; an entry that cannot be a row is held, with the reason.

    `row_digest` tells by seq of an entry whose row stands in a sheet already, by other rules or
    other settings than today's: where the digest proves that row, it is the row.  `fingerprints`
    are those of the keys, by name.  `lay_out` is `row_of`, or `undigested_row_of`.
    """
    keys_of = _KeysOf(answer.keys, fingerprints)
    rows: list[Row] = []
    held: list[HeldBack] = []
    place = 0
    for entry, (wanted, flat) in zip(envelope.backup.entries, envelope.places, strict=True):
        texts = answer.texts[place : place + wanted]
        made = _laid_out(entry, texts, flat, form, keys_of(place, wanted), lay_out)
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


def lines_at_once(
    envelope: Envelope, answer: Opened, columns: Sequence[str], form: int = FORM
) -> bytes | None:
    """The lines of a batch in a sheet with at least its columns, where nothing in it is unusual.

    None where only `rows_of` can say: what is held, arrays and objects, NUL, a lone surrogate.
    The values are as `exact_json` reads them; of those csv.writer makes the texts of `cells_of`.
    """
    if form != FORM or not _USUAL.issuperset(map(type, answer.texts)):
        return None
    index = {column: place for place, column in enumerate(columns)}
    texts, rows, known = iter(answer.texts), list[list[Any]](), None
    for entry, (_, flat) in zip(envelope.backup.entries, envelope.places, strict=True):
        if flat is None or (flat is not known and not _is_usual(flat, index)):
            return None
        known, values = flat, entry.values
        cells = list(map(values.get, columns))
        for name in flat.sealed:
            if values[name] is not None:
                cells[index[name]] = next(texts)
        rows.append(cells)
    return sound_lines(rows)


def _is_usual(flat: Layout, columns: Mapping[str, int]) -> bool:
    return flat.writable and not flat.has_nul and columns.keys() >= {*flat.columns}


class _KeysOf:
    """By which keys the values of an entry were opened, each as its name and fingerprint."""

    def __init__(self, keys: Sequence[str], fingerprints: Mapping[str, str]) -> None:
        names = {*keys} - {""}
        self._keys = keys
        self._shown = {name: f"{name}{KEY_PRINT}{fingerprints.get(name, '')}" for name in names}
        self._all = tuple(sorted(self._shown.values()))

    def __call__(self, place: int, wanted: int) -> tuple[str, ...]:
        """Those of so many values from that place on."""
        if not wanted or not self._all:
            return ()
        if len(self._all) == 1:  # as in every usual batch; of a row that is made no value is closed
            return self._all
        used = {*self._keys[place : place + wanted]} - {""}
        return tuple(sorted(self._shown[name] for name in used))


def _laid_out(
    entry: Kept,
    texts: list[Any],
    flat: Layout | None,
    form: int,
    keys: tuple[str, ...],
    lay_out: LayOut,
) -> Row | HeldBack:
    try:
        values = opened(entry.values, texts, flat) if texts else entry.values
        columns, cells, digest = lay_out(values, form, flat)
    except EntryError as error:
        sealed = any(isinstance(text, StillSealed) for text in texts)
        return HeldBack(entry, SEALED if sealed else MALFORMED, str(error))
    return Row(entry, columns, cells, digest, keys)


def _standing(entry: Kept, texts: list[Any], digest: bytes | None, form: int) -> Row | None:
    """The row with what is not opened as it was sent, if it has that digest."""
    if digest is None:
        return None
    sent = zip(texts, sealed_values(entry.values), strict=True)
    filled = [was if isinstance(text, StillSealed) else text for text, was in sent]
    try:
        columns, cells, made_digest = row_of(with_texts(entry.values, filled), form)
    except EntryError:
        return None
    made = Row(entry, columns, cells, made_digest)
    return made if made.digest == digest else None
