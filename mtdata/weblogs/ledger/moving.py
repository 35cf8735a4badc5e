"""The lines of one ledger into another, under numbers of its own; it opens and marks neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mtdata.core.errors import ConfigError
from mtdata.core.sqlite import question_marks
from mtdata.weblogs.ledger.port import LineDatabase

PAGE = 500
LOG = (
    "number", "place", "bucket", "key", "day", "etag", "size", "modified_at", "format", "state",
    "reason", "lines", "ending", "digest", "skipped", "again", "turn", "read_at", "pushed_at",
)  # fmt: skip
BATCH = (
    "number", "state", "hits", "size", "tries", "tracked", "invalid", "reason", "resolved",
    "sent_at", "ended_at", "forget_at",
)  # fmt: skip
SHARE = (
    "batch", "log", "first_line", "last_line", "hits", "invalid", "taken", "refused", "local_days",
    "besides", "visitors",
)  # fmt: skip
DAY = ("day", "archive", "push", "archived_at", "compared_at", "found")


class MovedLines(NamedTuple):
    """What was brought from a file into the records."""

    logs: int
    batches: int


def copied(file: LineDatabase, tables: LineDatabase) -> MovedLines:
    """Enter all lines of the one in the other, within a commit of that.

    ConfigError for a log that both have.
    """
    logs = {row[0]: _copy_log(tables, row) for row in _pages(file, "logs", LOG)}
    batches = 0
    for number, *cells in _pages(file, "batches", BATCH):
        now = tables.insert(_insert("batches", ("site", *BATCH[1:])), tables.site, *cells)
        shares = file.all(f"SELECT {', '.join(SHARE)} FROM shares WHERE batch = ?", number)
        tables.run_many(
            _insert("shares", SHARE), [(now, logs[log], *rest) for _, log, *rest in shares]
        )
        batches += 1
    for day in file.all(f"SELECT {', '.join(DAY)} FROM days"):
        if tables.row("SELECT day FROM days WHERE site = ? AND day = ?", tables.site, day[0]):
            continue  # another file's day: what is missing of it is found out anew
        tables.run(_insert("days", ("site", *DAY)), tables.site, *day)
    return MovedLines(len(logs), batches)


def _copy_log(tables: LineDatabase, row: tuple[Any, ...]) -> int:
    where = "SELECT number FROM logs WHERE site = ? AND place = ?"
    if tables.row(where, tables.site, row[1]):
        raise ConfigError(
            f"the log {ascii(row[3])[:200]} is in the records as well: two machines have imported "
            f"it. Nothing was moved; look at both by `mtdata weblogs ledger {tables.site}`, and "
            "put the file under state/weblogs of one of them away"
        )
    return tables.insert(_insert("logs", ("site", *LOG[1:])), tables.site, *row[1:])


def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = question_marks(columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def _pages(file: LineDatabase, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    last = -1
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE number > ? ORDER BY number LIMIT ?"
    while rows := file.all(query, last, PAGE):
        yield from rows
        last = rows[-1][0]
