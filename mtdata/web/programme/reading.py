"""Form responses that come as JSON, read by the columns of the CSV file; it enters none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mtdata.programme.columns import FORM, CellRefused, FileColumn
from mtdata.web.api.order_faults import FieldFault, no_such

KNOWN = frozenset(header for column in FORM for header in column.headers)
NAMES = [column.headers[0] for column in FORM]
WHERE = ("body", "rows")
HALF = "has half of a character, which is no text"
ODD_VALUE = "is neither text, number, true nor false"


class FormReading(NamedTuple):
    """The values of each row as far as they could be read, and faults by its place in the list."""

    rows: list[tuple[Any, ...]]
    faults: list[FieldFault]


def read_forms(sent: Sequence[Any], zone: ZoneInfo) -> FormReading:
    """Each as values in the order of the columns."""
    found = FormReading([], [])
    for index, one in enumerate(sent):
        if not isinstance(one, dict):
            found.faults.append(((*WHERE, index), "it is no object with the columns as names"))
            continue
        values, faults = _read(one, zone)
        found.rows.append(values)
        found.faults.extend(((*WHERE, index, name), why) for name, why in faults.items())
    return found


def _read(sent: dict[str, Any], zone: ZoneInfo) -> tuple[tuple[Any, ...], dict[str, str]]:
    faults = {name: no_such("column", NAMES) for name in sent if name not in KNOWN}
    values = []
    for column in FORM:
        try:
            values.append(_value(column, sent, zone))
        except CellRefused as refused:
            faults[column.headers[0]] = str(refused)
    return tuple(values), faults


def _value(column: FileColumn, sent: dict[str, Any], zone: ZoneInfo) -> Any:
    there = [sent[header] for header in column.headers if sent.get(header) is not None]
    if len(there) > 1:
        raise CellRefused("is given by two names")
    if not there and column.is_needed:
        raise CellRefused("is needed")
    return column.read(_cell(there[0]) if there else "", zone)


def _cell(value: Any) -> str:
    """As it would stand in a file."""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if not isinstance(value, str | int):
        raise CellRefused(ODD_VALUE)
    word = str(value)
    if any("\ud800" <= one <= "\udfff" for one in word):
        raise CellRefused(HALF)
    return word
