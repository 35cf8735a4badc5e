"""How good the entries of a scale are, held against its codebook; it changes and writes nothing.

Judged is each different value of a column once; what a value is worth stands in verdict.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mtdata.core.words import counted_times
from mtdata.toolbox.codebook import Codebook, Variable
from mtdata.toolbox.database import identifier
from mtdata.toolbox.drift import ColumnChange, column_changes
from mtdata.toolbox.duplicates import DELIVERED, WRITTEN, counted_duplicates, find_duplicates
from mtdata.toolbox.entries import ScaleEntries
from mtdata.toolbox.rows import fold
from mtdata.toolbox.verdict import (
    COMMA,
    EMPTY,
    MISSING,
    NO_ANSWER,
    OK,
    OUTSIDE,
    UNREADABLE,
    WRONG,
    is_blank,
    is_comma,
    literal,
    literals,
    number,
    verdict,
)

ENTRY = '"row of the entry"'
"""What no column is called."""
MOST_VALUES = 10
"""Values out of range that are named of one variable."""
LONGEST_CODE = 12
"""Characters of a value that may be named: a longer one, or one that is no number, may be a text"""


class VariableQuality(NamedTuple):
    """One column of a scale; all but the names are counts of entries."""

    variable: str
    in_codebook: bool
    has_column: bool
    answered: int = 0
    missing: int = 0
    """Empty though the sheet had the column; `not_asked` where it had none."""
    not_asked: int = 0
    no_answer: int = 0
    out_of_range: int = 0
    decimal_comma: int = 0
    unreadable: int = 0
    values: str = ""
    """The codes that are out of range, the most frequent first, such as `7 (3 times)`."""

    @property
    def wrong(self) -> int:
        """How many cells are no answer that the codebook knows."""
        return self.out_of_range + self.decimal_comma + self.unreadable


@dataclass(frozen=True)
class ScaleQuality:
    """A whole scale; `valid` entries are somebody's, there once, and without a wrong value."""

    scale: str
    has_codebook: bool
    entries: int
    valid: int
    participants: int
    without_participant: int
    delivered_twice: int
    written_twice: int
    first_day: str
    last_day: str
    variables: tuple[VariableQuality, ...]
    columns: tuple[ColumnChange, ...]

    @property
    def duplicates(self) -> int:
        """How many entries are there once more than they should."""
        return self.delivered_twice + self.written_twice

    @property
    def share_of_duplicates(self) -> float:
        """Of all entries; 0 where there is none."""
        return round(self.duplicates / self.entries, 4) if self.entries else 0.0

    def total(self, field: str) -> int:
        """The sum of a count over the variables of the codebook, over all where there is none."""
        counted = (one for one in self.variables if one.in_codebook or not self.has_codebook)
        return sum(getattr(one, field) for one in counted)


def judged_quality(entries: ScaleEntries, codebook: Codebook | None) -> ScaleQuality:
    """Judge a scale that is loaded."""
    find_duplicates(entries)
    variables = codebook.variables if codebook else {}
    _judge(entries, variables)
    twice = counted_duplicates(entries)
    days = sorted(entries.spans.days)
    whose = entries.frame.participant
    count, known, people = entries.rows(
        f"SELECT count(*), count({whose}), count(DISTINCT {whose}) FROM entries"
    )[0]
    return ScaleQuality(
        scale=entries.scale,
        has_codebook=codebook is not None,
        entries=count,
        valid=_valid(entries),
        participants=people,
        without_participant=count - known if entries.frame.has_participant else 0,
        delivered_twice=twice[DELIVERED],
        written_twice=twice[WRITTEN],
        first_day=days[0] if days else "",
        last_day=days[-1] if days else "",
        variables=tuple(_by_variable(entries, variables)),
        columns=tuple(_changes(entries)),
    )


def _judge(entries: ScaleEntries, variables: Mapping[str, Variable]) -> None:
    """Make the table `judged`: each value of each column with what it is worth, and how often."""
    names = ", ".join(map(identifier, entries.columns))
    entries.run(f"CREATE VIEW numbered AS SELECT rowid AS {ENTRY}, {names} FROM entries")
    entries.run(f"""
        CREATE TABLE judged AS
        SELECT variable, value, times, {_verdicts(entries, variables)} AS verdict FROM (
            SELECT variable, value, count(*) AS times FROM {_long(entries)} GROUP BY ALL)""")


def _long(entries: ScaleEntries) -> str:
    """The table with a row for each cell."""
    names = ", ".join(map(identifier, entries.columns))
    return f"numbered UNPIVOT INCLUDE NULLS (value FOR variable IN ({names}))"


def _verdicts(entries: ScaleEntries, variables: Mapping[str, Variable]) -> str:
    """The verdict by the name of the column; columns that are judged alike share one rule."""
    by_rule: dict[str, list[str]] = {}
    known = {fold(name): variable for name, variable in variables.items()}
    for column in entries.columns:
        variable = known.get(fold(column))
        if variable is not None:
            by_rule.setdefault(verdict(variable, "value"), []).append(column)
    cases = [
        f"WHEN variable IN ({literals(columns)}) THEN {rule}" for rule, columns in by_rule.items()
    ]
    other = f"CASE WHEN {is_blank('value')} THEN '{MISSING}' ELSE '{OK}' END"
    return f"CASE {' '.join(cases)} ELSE {other} END" if cases else other


def _valid(entries: ScaleEntries) -> int:
    """How many entries are somebody's, no duplicate and without a wrong value.

    In a scale without a column for the participant nobody asks whose they are.
    """
    wrong = f"SELECT variable, value FROM judged WHERE verdict IN ({literals(WRONG)})"
    sound = "rowid NOT IN (SELECT entry FROM dropped)"
    if entries.frame.has_participant:
        sound += f" AND {entries.frame.participant} IS NOT NULL"
    if entries.number(f"SELECT count(*) FROM ({wrong})"):
        bad = f"SELECT {ENTRY} FROM {_long(entries)} SEMI JOIN ({wrong}) USING (variable, value)"
        sound += f" AND rowid NOT IN ({bad})"
    return entries.number(f"SELECT count(*) FROM entries WHERE {sound}")


def _by_variable(
    entries: ScaleEntries, variables: Mapping[str, Variable]
) -> Iterator[VariableQuality]:
    """In the order of the codebook, then what it does not know, by name."""
    counts, values = _counts(entries), _values(entries)
    columns = {fold(column): column for column in entries.columns}
    for name, variable in variables.items():
        column = columns.pop(fold(name), "")
        found = counts.get(column, {}) if column else {}
        yield _quality(entries, name, found, variable, column, values.get(column, ""))
    for column in columns.values():
        yield _quality(entries, column, counts.get(column, {}), None, column, "")


def _quality(
    entries: ScaleEntries,
    name: str,
    found: Mapping[str, int],
    variable: Variable | None,
    column: str,
    values: str,
) -> VariableQuality:
    not_asked = entries.spans.rows_without(column or name)
    is_counted = column not in entries.frame.columns and (variable is None or variable.required)
    blank = max(0, found.get(MISSING, 0) - not_asked) if column else 0
    commas = found.get("other_comma", 0) if variable is None else 0
    return VariableQuality(
        name,
        in_codebook=variable is not None,
        has_column=bool(column),
        answered=found.get(OK, 0) - commas,
        missing=blank if is_counted else 0,
        not_asked=not_asked,
        no_answer=found.get(NO_ANSWER, 0),
        out_of_range=found.get(OUTSIDE, 0),
        decimal_comma=found.get(COMMA, 0) + commas,
        unreadable=found.get(UNREADABLE, 0),
        values=values,
    )


def _counts(entries: ScaleEntries) -> dict[str, dict[str, int]]:
    """By column and verdict; `other_comma` where a column's values are all numbers but for those.

    That is for columns without a codebook, of which nobody said that they are numbers.
    """
    ok = f"verdict = {literal(OK)}"
    comma, plain = f"{ok} AND {is_comma('value')}", f"{ok} AND {number('value')} IS NOT NULL"
    rows = entries.rows(f"""
        SELECT variable, verdict, sum(times)::BIGINT,
            coalesce(sum(times) FILTER ({comma}), 0)::BIGINT,
            coalesce(sum(times) FILTER ({plain}), 0)::BIGINT
        FROM judged WHERE verdict != '{EMPTY}' GROUP BY ALL""")
    counts: dict[str, dict[str, int]] = {}
    for variable, word, times, commas, numbers in rows:
        found = counts.setdefault(variable, {})
        found[word] = times
        if commas and numbers and commas + numbers == times:
            found["other_comma"] = commas
    return counts


def _values(entries: ScaleEntries) -> dict[str, str]:
    """The codes out of range by column; a text stands nowhere, for it may be an answer in words."""
    rows: list[tuple[Any, ...]] = entries.rows(f"""
        SELECT variable, trim(value), times FROM judged
        WHERE verdict = '{OUTSIDE}' AND {number("value")} IS NOT NULL
            AND length(trim(value)) <= {LONGEST_CODE}
        QUALIFY {MOST_VALUES} >=
            row_number() OVER (PARTITION BY variable ORDER BY times DESC, value)
        ORDER BY variable, times DESC, value""")
    named: dict[str, list[str]] = {}
    for variable, value, times in rows:
        named.setdefault(variable, []).append(f"{value} ({counted_times(times)})")
    return {variable: ", ".join(values) for variable, values in named.items()}


def _changes(entries: ScaleEntries) -> list[ColumnChange]:
    names = {fold(column): column for column in entries.columns}
    changed = entries.spans.changed_columns()
    columns = {names.get(column, column): sorted(days) for column, days in changed.items()}
    return column_changes(sorted(entries.spans.days), columns)
