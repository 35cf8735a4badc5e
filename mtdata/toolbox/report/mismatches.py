"""Where log and entries of a scale differ: each case, and what all cases of one class share.

It reads the tables `entry` and `occasion` of one scale, and adds to `mismatch`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mtdata.toolbox.database import PoolDatabase
from mtdata.toolbox.report.macros import run
from mtdata.toolbox.report.model import (
    DELIVERED_TWICE,
    MISSING,
    NOT_LOGGED,
    REWRITTEN,
    WRITTEN_TWICE,
    Mismatches,
)
from mtdata.toolbox.report.occasions import OccasionFacts

CHANCE = 0.01
"""A pattern is told where chance alone would make it less often than this."""
MOSTLY = 0.9
"""In a period that is told, at least so many of the occasions are mismatches."""
MOST_IDS = 20
SHAPE = """
CREATE TABLE mismatch (kind VARCHAR, scale VARCHAR, participant VARCHAR, session VARCHAR,
    tag VARCHAR, day DATE, rows BIGINT, ids VARCHAR)
"""


class MismatchRule(NamedTuple):
    """A class of mismatch: which occasions `among` which are `bad`, and how many `rows` each is."""

    kind: str
    among: str
    bad: str
    rows: str


RULES = (
    MismatchRule(MISSING, "logged > 0", "entries = 0", "1"),
    MismatchRule(NOT_LOGGED, "entries > 0 AND in_log_time", "logged = 0", "entries"),
    MismatchRule(WRITTEN_TWICE, "entries > 0", "ids > 1", "ids - 1"),
)


class GroupShare(NamedTuple):
    """Of a group of occasions, such as a session: its name, the mismatches, and all."""

    name: str
    bad: int
    whole: int


def find_mismatches(
    database: PoolDatabase, scale: str, facts: OccasionFacts, *, is_known: bool
) -> Iterator[Mismatches]:
    """Add the cases of a scale to the table `mismatch`, and tell of each class that has any.

    Entries are held against the log only where log or schedule know the scale (`is_known`), and are
    written twice only where an occasion is to have one of them.
    """
    for rule, (cases, rows) in zip(RULES, _counted(database), strict=True):
        wanted = not facts.has_trials if rule.kind == WRITTEN_TWICE else is_known
        if wanted and cases:
            _enter(database, scale, rule)
            only_in, where = _pattern(database, rule)
            yield Mismatches(
                kind=rule.kind, scale=scale, cases=cases, rows=rows, only_in=only_in, where=where
            )
    if facts.repeats:
        for kind, values in ((DELIVERED_TWICE, "= 1"), (REWRITTEN, "> 1")):
            cases, rows = _enter_repeated(database, scale, kind, values)
            if cases:
                yield Mismatches(kind=kind, scale=scale, cases=cases, rows=rows)


def _counted(database: PoolDatabase) -> list[tuple[int, int]]:
    """Cases and rows of each rule in one look: most scales have none of them."""
    columns = ", ".join(
        f"count(*) FILTER ({rule.among} AND {rule.bad}), "
        f"coalesce(sum({rule.rows}) FILTER ({rule.among} AND {rule.bad}), 0)::BIGINT"
        for rule in RULES
    )
    (found,) = database.rows(f"SELECT {columns} FROM occasion")
    return list(zip(found[::2], found[1::2], strict=True))


def _enter(database: PoolDatabase, scale: str, rule: MismatchRule) -> None:
    run(
        database,
        f"""INSERT INTO mismatch
        SELECT $kind, $scale, participant, session, tag, any_value(o.day), any_value(o.rows),
            coalesce(array_to_string(list_sort(list(DISTINCT e.id))[1:{MOST_IDS}], ' '), '')
        FROM (SELECT *, {rule.rows} AS rows FROM occasion WHERE {rule.among} AND {rule.bad}) o
            LEFT JOIN entry e USING (participant, session, tag)
        GROUP BY participant, session, tag""",
        {"kind": rule.kind, "scale": scale},
    )


def _enter_repeated(database: PoolDatabase, scale: str, kind: str, values: str) -> tuple[int, int]:
    """Ids that came in several rows, with one or with several sets of `values`."""
    run(
        database,
        f"""INSERT INTO mismatch
        SELECT $kind, $scale, min(participant), min(session), min(tag), min(day), count(*) - 1, id
        FROM entry GROUP BY id HAVING count(*) > 1 AND count(DISTINCT digest) {values}""",
        {"kind": kind, "scale": scale},
    )
    (counts,) = database.rows(
        """SELECT count(*), coalesce(sum(rows), 0)::BIGINT FROM mismatch
        WHERE scale = ? AND kind = ?""",
        scale,
        kind,
    )
    return counts[0], counts[1]


# --- what the cases share


def _pattern(database: PoolDatabase, rule: MismatchRule) -> tuple[str, str]:
    """What all cases have in common, and which; ('', '') for nothing that chance would not do."""
    for name in ("session", "condition"):
        shares = database.rows(
            f"""SELECT {name}, count(*) FILTER ({rule.bad}), count(*) FROM occasion
            WHERE {rule.among} GROUP BY 1 ORDER BY 1"""
        )
        if group := only_group([GroupShare(*share) for share in shares]):
            return name, group
    return ("period", period) if (period := _period(database, rule)) else ("", "")


def only_group(shares: Sequence[GroupShare]) -> str:
    """The name of the one group that has all mismatches; '' where chance could have done that.

    Of n mismatches in occasions of which a share p is in that group, chance puts all there in p^n.
    """
    bad = [share for share in shares if share.bad]
    whole = sum(share.whole for share in shares)
    if len(bad) != 1 or not bad[0].name:
        return ""
    (group,) = bad
    return group.name if (group.whole / whole) ** group.bad < CHANCE else ""


def _period(database: PoolDatabase, rule: MismatchRule) -> str:
    (ends,) = database.rows(
        f"""SELECT min(day), max(day), count(*) FROM occasion
        WHERE day IS NOT NULL AND {rule.among} AND {rule.bad}"""
    )
    ((within, whole),) = database.rows(
        f"""SELECT count(*) FILTER (day BETWEEN ? AND ?), count(*) FROM occasion
        WHERE day IS NOT NULL AND {rule.among}""",
        *ends[:2],
    )
    first, last, bad = ends
    if not is_period(bad, within, whole):
        return ""
    return f"{first}" if first == last else f"{first} to {last}"


def is_period(bad: int, within: int, whole: int) -> bool:
    """Whether mismatches keep to one period, which has `within` of the `whole` occasions.

    Nearly all of these are mismatches; and of n mismatches, chance keeps all to some stretch with a
    share p of the occasions in about n p^(n-1).
    """
    if not within or bad < MOSTLY * within:
        return False
    return bad * (within / whole) ** (bad - 1) < CHANCE
