"""Which columns of a scale say whose an entry is, of when and what; it judges no answer.

Sites and versions word them differently; the first that a table has counts, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mtdata.toolbox.database import identifier
from mtdata.toolbox.rows import fold
from mtdata.toolbox.verdict import moment

PARTICIPANT = ("participant", "participantId", "participantRSA")
SESSION, TAG, ID = ("session", "sessionName"), ("tag",), ("id",)
DATE = ("date", "dateCompleted", "dateSubmitted")
TIMES = ("timeOnPage", "timeOnTask")
PEOPLE = "Participant"
"""The scale in which an entry is a person: its `id` is the participant."""


class Frame(NamedTuple):
    """The columns around the answers, as SQL: NULL where a table has none, or a cell is empty."""

    participant: str
    session: str
    tag: str
    id: str
    date: str
    columns: frozenset[str]
    """The names of them all, and of the times, as the table has them."""

    @property
    def has_participant(self) -> bool:
        """Whether there is a column for the participant."""
        return self.participant != _NONE

    @property
    def has_session(self) -> bool:
        """Whether there is a column for the session."""
        return self.session != _NONE

    @property
    def moment(self) -> str:
        """Microseconds since 1970, NULL where there is no date that can be read."""
        return "NULL::BIGINT" if self.date == _NONE else moment(self.date)

    @property
    def number(self) -> str:
        """The id as a whole number, NULL where it is none."""
        return f"TRY_CAST({self.id} AS HUGEINT)"


_NONE = "NULL::VARCHAR"


def frame_of(scale: str, columns: Sequence[str]) -> Frame:
    """The frame of a table with these columns."""
    known = by_folded_name(columns)
    people = (*PARTICIPANT, *ID) if scale == PEOPLE else PARTICIPANT
    groups = (people, SESSION, TAG, ID, DATE)
    names = [fold(name) for group in (*groups, TIMES) for name in group]
    participant, session, tag, key, date = (_first(group, known) for group in groups)
    columns_of_frame = frozenset(known[name] for name in names if name in known)
    return Frame(_plain(participant), session, tag, _plain(key), date, columns_of_frame)


def by_folded_name(columns: Iterable[str]) -> Mapping[str, str]:
    """Columns by their names in small letters: SQL takes `Id` and `ID` for one."""
    return {fold(column): column for column in columns}


def _first(names: Sequence[str], known: Mapping[str, str]) -> str:
    cells = [
        f"nullif(trim({identifier(known[fold(name)])}), '')"
        for name in names
        if fold(name) in known
    ]
    return f"coalesce({', '.join(cells)})" if cells else _NONE


def _plain(cell: str) -> str:
    """With numbers as they are mostly written: 17.0 is 17; 017 is another."""
    if cell == _NONE:
        return cell
    whole = f"regexp_replace({cell}, '^(-?[0-9]+)[.]0+$', '\\1')"
    return f"CASE WHEN contains({cell}, '.') THEN {whole} ELSE {cell} END"
