"""A row out of an entry: sealed places, cells and their digest; pure, and it never guesses."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import compress
from operator import add
from typing import Any, NamedTuple

from mtdata.core.border import Border
from mtdata.core.csv_lines import without_nul
from mtdata.core.errors import EntryError
from mtdata.study.model.mark import FORM
from mtdata.study.model.still_sealed import StillSealed


class Digits(str):
    """A number as it was sent, where Python would word it otherwise: a fraction, a power, -0."""

    __slots__ = ()


SEALED = "RSA"
"""Ending of the names of sealed fields (facts: the study website)."""
EARLIER = 1
_CONTAINERS = frozenset({dict, list})
_VALUE = Border(EntryError, "a value that cannot be written")


class Opened(NamedTuple):
    """What became of a batch of values in sealed places, in their order."""

    texts: list[Any]  # StillSealed for what is held; without encryption each value as it was sent
    keys: list[str]  # the key that unpadded each value, "" for none

    def __repr__(self) -> str:
        return f"Opened({len(self.texts)} values)"


class Layout(NamedTuple):
    """What the names of an entry's fields say, worked out once per set of names."""

    columns: tuple[str, ...]
    sealed: tuple[str, ...]
    writable: bool  # as UTF-8; a lone surrogate cannot be
    has_nul: bool
    beginnings: tuple[str, ...]  # what stands before each cell in what the digest is made of


@lru_cache(maxsize=256)
def layout(names: tuple[str, ...]) -> Layout:
    """Sorted columns and sealed names of an entry with these fields."""
    sealed = tuple(name for name in names if name.endswith(SEALED))
    columns, joined = tuple(sorted(names)), "".join(names)
    return Layout(columns, sealed, _utf8(joined) is not None, "\0" in joined, _beginnings(columns))


def flat_layout(values: Mapping[str, Any]) -> Layout | None:
    """The layout of an entry without lists and objects; None for one that has any."""
    return layout(tuple(values)) if _CONTAINERS.isdisjoint(map(type, values.values())) else None


def columns_of(values: Mapping[str, Any], form: int = FORM) -> tuple[str, ...]:
    """The columns that an entry wants, sorted; none when it can be no row for the sake of them."""
    return columns_named(tuple(values), form)


def columns_named(names: tuple[str, ...], form: int = FORM) -> tuple[str, ...]:
    """As `columns_of`, for an entry with these names."""
    found = layout(names)
    return found.columns if found.writable and not (found.has_nul and form > EARLIER) else ()


def sealed_values(values: Mapping[str, Any], flat: Layout | None = None) -> list[Any]:
    """What stands in the sealed places of an entry, nested ones too, whatever its type; not null.

    A list in a sealed field is as many places as it has elements; an object is one, and so is an
    empty list.  They come in the order in which `opened` takes them.  `flat` is the entry's
    `flat_layout` where that was asked already.
    """
    flat = flat or flat_layout(values)
    if flat is None:
        found: list[Any] = []
        _filled(values, "", found.append)
        return found
    return [value for name in flat.sealed if (value := values[name]) is not None]


def opened(
    values: dict[str, Any], texts: Sequence[Any], flat: Layout | None = None
) -> dict[str, Any]:
    """The entry with `texts` in its sealed places; EntryError names the first that is unopened."""
    for text in texts:
        if isinstance(text, StillSealed):
            raise EntryError(text.reason)
    return with_texts(values, texts, flat)


def with_texts(
    values: dict[str, Any], texts: Sequence[Any], flat: Layout | None = None
) -> dict[str, Any]:
    """The entry with `texts` in its sealed places, in the order of `sealed_values`."""
    flat = flat or flat_layout(values)
    if flat is None:
        supply = iter(texts)
        filled: dict[str, Any] = _filled(values, "", lambda sealed: next(supply))
        return filled
    places = [name for name in flat.sealed if values[name] is not None]
    return values | dict(zip(places, texts, strict=True))


def _filled(value: Any, name: str, text_for: Callable[[Any], Any]) -> Any:
    """The value with what `text_for` says for each sealed place in it, in order; null stays."""
    if name.endswith(SEALED) and not (type(value) is list and value):
        return None if value is None else text_for(value)
    if type(value) is dict:
        return {key: _filled(inner, key, text_for) for key, inner in value.items()}
    if type(value) is list:
        return [_filled(inner, name, text_for) for inner in value]
    return value


def cells_of(
    values: Mapping[str, Any], form: int = FORM, names: Layout | None = None
) -> tuple[tuple[str, ...], list[str]]:
    """Columns (sorted) and cells of an entry, as a sheet of that form shows them.

    None is empty, booleans are True and False, numbers the digits as they were sent, arrays and
    objects compact JSON; for NUL, which no database takes, stands U+FFFD.  In the EARLIER form
    numbers that are not whole are Python's own text of them, and NUL stands.  EntryError when a
    value has no such form.  `names` is the layout of the entry where that is known.
    """
    names = names or layout(tuple(values))
    cells = _texts(values, names.columns, form)
    joined = "".join(cells)
    if not names.writable or _utf8(joined) is None:
        raise EntryError("text that is not Unicode (a lone surrogate)")
    if form > EARLIER and (names.has_nul or "\0" in joined):
        if names.has_nul:
            raise EntryError("a name that holds a NUL")
        cells = [without_nul(cell) for cell in cells]
    return names.columns, cells


def row_of(
    values: Mapping[str, Any], form: int = FORM, names: Layout | None = None
) -> tuple[tuple[str, ...], list[str], bytes]:
    """Columns and cells as `cells_of` has them, and the digest of the cells.

    `names` is the layout of the entry where that is known; EntryError as `cells_of`.
    """
    names = names or layout(tuple(values))
    if names.writable and not names.has_nul:
        # The usual row: what the digest is made of tells as well that no cell is odd.
        cells = _texts(values, names.columns, form)
        joined = _joined(names.beginnings, cells)
        content = None if joined is None else _utf8(joined)
        if content is not None:
            return names.columns, cells, sha256(content).digest()
    columns, cells = cells_of(values, form)
    return columns, cells, cells_digest(columns, cells)


def undigested_row_of(
    values: Mapping[str, Any], form: int = FORM, names: Layout | None = None
) -> tuple[tuple[str, ...], list[str], bytes]:
    """As `row_of`, with an empty digest: where lines alone are wanted, it is half of the time."""
    return (*cells_of(values, form, names), b"")


def _texts(values: Mapping[str, Any], columns: tuple[str, ...], form: int) -> list[str]:
    # The usual kinds are told apart here: a call for each cell costs as much as all the rest.
    return [
        v
        if (kind := type(v)) is str
        else ""
        if v is None
        else str(v)
        if kind is int or kind is bool
        else _cell(v, form)
        for v in map(values.__getitem__, columns)
    ]


def _utf8(text: str) -> bytes | None:
    """The text in UTF-8, None where it holds a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _cell(value: Any, form: int) -> str:
    if form == EARLIER:
        value = plain(value)
    if type(value) is float and not math.isfinite(value):
        raise EntryError("a number too large")
    if type(value) is dict or type(value) is list:
        with _VALUE:
            return _compact(value)
    return str(value)


def plain(value: Any) -> Any:
    """The value with Python's own numbers for the digits that were sent."""
    if type(value) is Digits:
        return 0 if value == "-0" else float(value)
    if type(value) is list:
        return [plain(one) for one in value]
    if type(value) is dict:
        return {name: plain(one) for name, one in value.items()}
    return value


def _compact(value: Any) -> str:
    if type(value) is Digits:
        return value
    if type(value) is list:
        return f"[{','.join(map(_compact, value))}]"
    if type(value) is dict:
        return f"{{{','.join(f'{_worded(n)}:{_compact(v)}' for n, v in value.items())}}}"
    return _worded(value)


def _worded(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def cells_digest(columns: Sequence[str], cells: Sequence[str]) -> bytes:
    """SHA-256 of the cells that are not empty with their columns: wider sheets keep it the same.

    Names and cells are joined by NUL; where one of them holds a NUL itself, they are told apart as
    JSON instead, so that no two different rows give the same text.
    ValueError for cells that do not fit the columns.
    """
    if len(columns) != len(cells):
        raise ValueError("a row has one cell for each column")
    joined = _joined(_beginnings(tuple(columns)), cells)
    if joined is None:
        filled = [text for pair in zip(columns, cells, strict=True) if pair[1] for text in pair]
        joined = "\0json" + json.dumps(filled)
    return sha256(joined.encode()).digest()


def _joined(beginnings: Sequence[str], cells: Sequence[str]) -> str | None:
    """The cells that are not empty behind their columns, by NUL; None where one holds a NUL."""
    pairs = list(compress(map(add, beginnings, cells), cells))
    joined = "\0".join(pairs)
    return None if joined.count("\0") >= max(2 * len(pairs), 1) else joined


def is_row(columns: Sequence[str], cells: Sequence[str], digest: bytes | None) -> bool:
    """Whether there is a cell for each of these columns, and the digest is theirs."""
    return len(cells) == len(columns) and cells_digest(columns, cells) == digest


def row_check(columns: Sequence[str]) -> Callable[[Sequence[bytes], bytes | None], bool]:
    """Tells whether cells in UTF-8, none of which holds a NUL, are a row with a digest.

    It says yes where `is_row` does, but for columns that hold a NUL: those it leaves to that.
    """
    beginnings = [one.encode(errors="surrogatepass") for one in _beginnings(tuple(columns))]
    count = -1 if any("\0" in column for column in columns) else len(columns)

    def is_row_of(cells: Sequence[bytes], digest: bytes | None) -> bool:
        joined = b"\0".join(compress(map(add, beginnings, cells), cells))
        return len(cells) == count and sha256(joined).digest() == digest

    return is_row_of


@lru_cache(maxsize=1024)
def _beginnings(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{column}\0" for column in columns)


def spread(columns: tuple[str, ...], cells: list[str], sheet: tuple[str, ...]) -> list[str]:
    """The cells in the places that a sheet with more columns has for them."""
    if columns == sheet:
        return cells
    known = dict(zip(columns, cells, strict=True))
    return [known.get(column, "") for column in sheet]


csv.field_size_limit(2**31 - 1)  # an answer may be longer than the csv module's usual limit
