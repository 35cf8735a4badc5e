"""A scale with one line a participant and a column for each item and session; cells as they stand.

An entry that is there twice stands once, the first completed one; entries without participant or
session have no place, and are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from mtdata.toolbox.clean import by_folded_variables
from mtdata.toolbox.codebook import Codebook
from mtdata.toolbox.columns import by_folded_name
from mtdata.toolbox.database import identifier
from mtdata.toolbox.duplicates import counted_duplicates, find_duplicates, has_trials
from mtdata.toolbox.entries import ScaleEntries
from mtdata.toolbox.faults import NoCodebook, ScaleRefused, ScaleUnfit
from mtdata.toolbox.formats import ResultColumn, ResultTable, labelled_column, text_column
from mtdata.toolbox.pseudonym import pseudonym
from mtdata.toolbox.rows import fold, unique_names
from mtdata.toolbox.scores import HOW
from mtdata.toolbox.verdict import literal

MOST_COLUMNS = 10_000


class SessionTag(NamedTuple):
    """A session, with the tag where a session has the scale under several."""

    session: str
    tag: str
    ending: str
    """What follows the name of an item."""


def widened(
    entries: ScaleEntries,
    codebook: Codebook | None,
    key: bytes | None = None,
    *,
    refuse_duplicates: bool = False,
) -> tuple[ResultTable, dict[str, int]]:
    """The layout of a scale that is loaded, and what was counted; `key` makes pseudonyms.

    ScaleUnfit (65) for a scale without participants or sessions, ScaleRefused (65) for too many
    columns, and for duplicates if these are refused.  NoCodebook (78) for pseudonyms without a
    codebook: nobody could tell then which columns name a person.
    """
    if key is not None and codebook is None:
        raise NoCodebook(
            f"{entries.scale}: there is no codebook of it, so nobody can tell which columns name "
            f"a person, and none is written beside a pseudonym. {HOW}"
        )
    counts = _keep(entries, refuse_duplicates=refuse_duplicates)
    items = _items(entries, codebook)
    occasions = _occasions(entries)
    if len(items) * len(occasions) > MOST_COLUMNS:
        raise ScaleRefused(
            f"{entries.scale}: {len(items):,} items in {len(occasions):,} sessions are more than "
            f"{MOST_COLUMNS:,} columns; are these sessions? A codebook names the items that count"
        )
    whose = _pseudonyms(entries, key) if key is not None else "people.who"
    columns = (text_column("participant", whose), *_columns(codebook, items, occasions))
    columns = _with_unique_names(columns)
    counts |= {"occasions": len(occasions), "columns": len(columns)}
    order = "people.place" if key is None else whose  # else it tells who came before whom
    return ResultTable(columns, _source(items, occasions, key), order), counts


def _keep(entries: ScaleEntries, *, refuse_duplicates: bool) -> dict[str, int]:
    """Make the table `kept`: who, session, tag and the row of each entry that has a place."""
    frame = entries.frame
    if not (frame.has_participant and frame.has_session):
        raise ScaleUnfit(
            f"{entries.scale}: it has no column for the participant, or none for the session, so "
            "no line and column can be told for an entry"
        )
    if has_trials(entries):
        raise ScaleUnfit(
            f"{entries.scale}: most of its sessions have several rows, so no line and column can "
            "be told for one of them"
        )
    find_duplicates(entries)
    twice = sum(counted_duplicates(entries).values())
    if twice and refuse_duplicates:
        raise ScaleRefused(
            f"{entries.scale}: {twice:,} entries are there twice, and duplicates are refused. "
            "`mtdata clean` writes a file without them"
        )
    entries.run(f"""
        CREATE TABLE kept AS
        SELECT {frame.participant} AS who, {frame.session} AS session,
            coalesce({frame.tag}, '') AS tag, {frame.moment} AS moment, entries.rowid AS entry
        FROM entries WHERE rowid NOT IN (SELECT entry FROM dropped)""")
    everything, placed, people = entries.rows("""
        SELECT count(*), count(*) FILTER (who IS NOT NULL AND session IS NOT NULL),
            count(DISTINCT who) FILTER (session IS NOT NULL) FROM kept""")[0]
    entries.run("DELETE FROM kept WHERE who IS NULL OR session IS NULL")
    return {
        "entries": everything + twice,
        "duplicates_left_out": twice,
        "without_participant_or_session": everything - placed,
        "participants": people,
    }


def _items(entries: ScaleEntries, codebook: Codebook | None) -> list[str]:
    """Columns that are no part of the frame; those of the codebook alone where there is one."""
    known = by_folded_name(entries.columns)
    names = list(codebook.variables) if codebook else list(entries.columns)
    found = [known[fold(name)] for name in names if fold(name) in known]
    return [name for name in found if name not in entries.frame.columns]


def _occasions(entries: ScaleEntries) -> list[SessionTag]:
    """In the order in which the first entry of each was written."""
    rows = entries.rows("""
        SELECT session, tag, count(*) OVER (PARTITION BY session) > 1 FROM (
            SELECT session, tag, min(moment) AS first FROM kept GROUP BY ALL)
        ORDER BY min(first) OVER (PARTITION BY session) NULLS LAST, session, first, tag""")
    return [
        SessionTag(session, tag, f"_{session}_{tag}" if several and tag else f"_{session}")
        for session, tag, several in rows
    ]


def _columns(
    codebook: Codebook | None, items: Sequence[str], occasions: Sequence[SessionTag]
) -> Iterator[ResultColumn]:
    variables = by_folded_variables(codebook)
    for place, occasion in enumerate(occasions):
        when = f" ({occasion.ending.strip('_')})"
        for number, item in enumerate(items):
            name, cell = f"{item}{occasion.ending}", f"at_{place}.item_{number}"
            yield labelled_column(name, cell, variables.get(fold(item)), when)


def _with_unique_names(columns: Sequence[ResultColumn]) -> tuple[ResultColumn, ...]:
    names = unique_names([column.name for column in columns])
    return tuple(replace(one, name=name) for one, name in zip(columns, names, strict=True))


def _source(items: Sequence[str], occasions: Sequence[SessionTag], key: bytes | None) -> str:
    """The people, with their entry of each occasion beside them: there is one at most."""
    people = "(SELECT who, row_number() OVER (ORDER BY min(entry)) AS place FROM kept GROUP BY who)"
    cells = "".join(f", entries.{identifier(item)} AS item_{n}" for n, item in enumerate(items))
    joins = [
        f"LEFT JOIN (SELECT kept.who{cells} FROM kept JOIN entries ON entries.rowid = kept.entry"
        f" WHERE kept.session = {literal(one.session)} AND kept.tag = {literal(one.tag)})"
        f" AS at_{place} ON at_{place}.who = people.who"
        for place, one in enumerate(occasions)
    ]
    names = "JOIN pseudonyms ON pseudonyms.who = people.who " if key is not None else ""
    return f"{people} AS people {names}{' '.join(joins)}"


def _pseudonyms(entries: ScaleEntries, key: bytes) -> str:
    """Make the table `pseudonyms`; the cell that holds one."""
    people = [who for (who,) in entries.rows("SELECT DISTINCT who FROM kept")]
    names = pa.table(
        {
            "who": pa.array(people, pa.string()),
            "pseudonym": pa.array([pseudonym(key, who) for who in people], pa.string()),
        }
    )
    entries.database.connection.register("named_people", names)
    entries.run("CREATE TABLE pseudonyms AS FROM named_people")
    entries.database.connection.unregister("named_people")
    return "pseudonyms.pseudonym"
