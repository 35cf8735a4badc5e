"""Which entries of a scale are there twice, by rule; it says so in a table and takes none away.

Delivered twice: the same id with the same values; the first stays.  Written twice: the same
participant, session and tag under several ids; the first that was completed stays, by date, then
by id.  An entry without participant or session is nobody's duplicate.  Of a table whose sessions
mostly have several rows, such as trials, none was written twice, unless somebody says what makes
two rows of it the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from mtdata.core.words import did_you_mean
from mtdata.toolbox.columns import by_folded_name
from mtdata.toolbox.database import identifier
from mtdata.toolbox.entries import ScaleEntries
from mtdata.toolbox.faults import ScaleRefused
from mtdata.toolbox.rows import fold

DELIVERED, WRITTEN = "delivered twice", "written twice"
BY = ("participant", "session", "tag")
"""What makes two entries the same answer."""
SEVERAL = 5
"""So many sessions at least have several rows in a table of trials; fewer may be chance."""


def find_duplicates(entries: ScaleEntries, by: Sequence[str] = BY) -> None:
    """Make the table `dropped`: `entry` (its row), `reason`, and `kept_id` of the one that stays.

    ScaleRefused (65) for a column in `by` that the scale does not have.
    """
    entries.run("CREATE TABLE dropped (entry BIGINT, reason VARCHAR, kept_id VARCHAR)")
    key = entries.frame.id
    if entries.number(f"SELECT count({key}) - count(DISTINCT {key}) FROM entries"):
        entries.run(f"INSERT INTO dropped {_delivered(entries)}")
    keys = _keys(entries, by)
    if not keys or not entries.number(f"SELECT count(*) FROM ({_several(entries, keys)})"):
        return
    if tuple(by) != BY or not has_trials(entries):
        entries.run(f"INSERT INTO dropped {_written(entries, keys)}")


def has_trials(entries: ScaleEntries) -> bool:
    """Whether most sessions of most participants have several entries, each with its own id."""
    keys = _keys(entries, BY)
    if not keys:
        return False
    frame, cells = entries.frame, ", ".join(keys)
    ((several, whole),) = entries.rows(f"""
        SELECT count(*) FILTER (ids > 1), count(*) FROM (
            SELECT count(DISTINCT {frame.id}) AS ids FROM entries
            WHERE {frame.participant} IS NOT NULL AND {frame.session} IS NOT NULL
            GROUP BY {cells})""")
    return bool(several >= SEVERAL and several * 2 > whole)


def _delivered(entries: ScaleEntries) -> str:
    key = entries.frame.id
    values = ", ".join(map(identifier, entries.columns))
    return f"""
        SELECT entry, '{DELIVERED}' AS reason, id AS kept_id FROM (
            SELECT rowid AS entry, {key} AS id,
                row_number() OVER (PARTITION BY {values} ORDER BY rowid) AS place
            FROM entries WHERE {key} IN (
                SELECT {key} FROM entries WHERE {key} IS NOT NULL GROUP BY 1 HAVING count(*) > 1))
        WHERE place > 1"""


def _keys(entries: ScaleEntries, by: Sequence[str]) -> list[str]:
    """The cells that have to be alike; none where the scale says of no entry whose it is."""
    frame = entries.frame
    own = {"participant": frame.participant, "session": frame.session, "tag": frame.tag}
    known = by_folded_name(entries.columns)
    strange = [word for word in by if word not in own and fold(word) not in known]
    if strange:
        near = did_you_mean(strange[0], entries.columns)
        raise ScaleRefused(f"--by: {entries.scale} has no column {ascii(strange[0])[:80]}.{near}")
    has = {"participant": frame.has_participant, "session": frame.has_session}
    if not all(known_of for word, known_of in has.items() if word in by):
        return []
    return [own[word] if word in own else identifier(known[fold(word)]) for word in by]


def _several(entries: ScaleEntries, keys: Sequence[str]) -> str:
    """What is alike in several entries of one person; an empty tag is a tag of its own."""
    alike = f"SELECT {_cells(keys)} FROM entries WHERE {_left(entries, keys)}"
    return f"{alike} GROUP BY ALL HAVING count(*) > 1"


def _cells(keys: Sequence[str]) -> str:
    return ", ".join(f"coalesce({cell}, '')" for cell in keys)


def _left(entries: ScaleEntries, keys: Sequence[str]) -> str:
    """Whether an entry is somebody's, and was not dropped yet."""
    whose = [cell for cell in keys if cell in (entries.frame.participant, entries.frame.session)]
    known = [f"{cell} IS NOT NULL" for cell in whose]
    return " AND ".join([*known, "rowid NOT IN (SELECT entry FROM dropped)"])


def _written(entries: ScaleEntries, keys: Sequence[str]) -> str:
    """Dates are read of those alone that have others beside them: that is what takes long."""
    frame, cells = entries.frame, _cells(keys)
    order = f"{frame.moment} NULLS LAST, {frame.number} NULLS LAST, {frame.id}, rowid"
    window = f"(PARTITION BY {cells} ORDER BY {order})"
    alike = f"{_left(entries, keys)} AND ({cells}) IN ({_several(entries, keys)})"
    return f"""
        SELECT entry, '{WRITTEN}', kept_id FROM (
            SELECT rowid AS entry, first_value({frame.id}) OVER {window} AS kept_id,
                row_number() OVER {window} AS place
            FROM entries WHERE {alike})
        WHERE place > 1"""


def counted_duplicates(entries: ScaleEntries) -> dict[str, int]:
    """How many entries are there twice, by reason."""
    found = dict(entries.rows("SELECT reason, count(*) FROM dropped GROUP BY ALL"))
    return {reason: found.get(reason, 0) for reason in (DELIVERED, WRITTEN)}
