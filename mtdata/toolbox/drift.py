"""Which columns of a scale came, went or changed their name, and on which day; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

ALIKE = 0.5
"""So alike two names have to be to be taken for one column, where several come on a day."""


class ColumnChange(NamedTuple):
    """What became of one column; days are the site's, ISO, '' where that is not so."""

    column: str
    came: str
    went: str
    days: int
    """Days with entries on which it was there."""
    days_without: int
    """Days with entries between its first and its last on which it was not."""
    renamed_to: str = ""
    renamed_from: str = ""


def column_changes(days: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[ColumnChange]:
    """Columns that were not there on each day with entries; `columns` has the days of each.

    One that went when another came, and whose name is the most alike, is taken for renamed: a
    guess, and told as one.
    """
    if not days:
        return []
    places = {day: place for place, day in enumerate(sorted(days))}
    changed = [
        _change(name, sorted(of), places, sorted(days))
        for name, of in columns.items()
        if of and len(of) < len(places)
    ]
    return sorted(_with_renames(changed, places))


def _change(
    name: str, of: Sequence[str], places: Mapping[str, int], days: Sequence[str]
) -> ColumnChange:
    first, last = places[of[0]], places[of[-1]]
    went = days[last + 1] if last + 1 < len(days) else ""
    return ColumnChange(name, of[0] if first else "", went, len(of), last - first + 1 - len(of))


def _with_renames(
    changed: Sequence[ColumnChange], places: Mapping[str, int]
) -> Iterator[ColumnChange]:
    names = dict(_renames(changed, places))
    back = {new: old for old, new in names.items()}
    for one in changed:
        yield one._replace(
            renamed_to=names.get(one.column, ""), renamed_from=back.get(one.column, "")
        )


def _renames(
    changed: Sequence[ColumnChange], places: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """Old and new names, the most alike first, each once."""
    pairs = [
        (SequenceMatcher(None, old.column, new.column).ratio(), old.column, new.column)
        for old in changed
        for new in changed
        if old.went and new.came and 0 <= places[old.went] - places[new.came] <= 1
    ]
    left = {name for _, *both in pairs for name in both}
    is_one = len(pairs) == 1
    for likeness, old, new in sorted(pairs, reverse=True):
        if old != new and {old, new} <= left and (is_one or likeness >= ALIKE):
            left -= {old, new}
            yield old, new
