"""A ledger as years of rounds leave it, made by bulk statements; nothing of it is collected."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import COUNTS_FILLED, DAYS_FILLED

ROUND_M, LINE, HELD_IN, ON_SITE, BYTES = 5, 700, 1_999, 2_000, 400
"""One in so many entries is held; so many are on the site still; bytes that one takes at most."""
_INDEX = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'"


class Size(NamedTuple):
    """How much there is: entries of all scales together, spread evenly over the days."""

    entries: int
    scales: int
    days: int
    rounds: int


def scale_names(size: Size) -> list[str]:
    """What its scales are called."""
    return [f"Scale{number:03}" for number in range(size.scales)]


def make(path: Path, size: Size) -> None:
    """Make it there; nothing of it needs to outlive this machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Ledger(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for order in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            db.execute(f"PRAGMA {order}")
        begun = datetime.now(UTC) - timedelta(days=size.days - 1)
        days = [(n, (begun + timedelta(days=n)).date().isoformat()) for n in range(size.days)]
        db.execute("CREATE TEMP TABLE day (number INTEGER PRIMARY KEY, day TEXT)")
        db.execute("CREATE TEMP TABLE name (number INTEGER PRIMARY KEY, name TEXT)")
        db.executemany("INSERT INTO day VALUES (?, ?)", days)
        db.executemany("INSERT INTO name VALUES (?, ?)", enumerate(scale_names(size)))
        indexes = db.execute(_INDEX).fetchall()
        db.execute("BEGIN")
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        _enter_files(db, size)
        _enter_entries(db, size)
        for _, sql in indexes:  # sorted once: far sooner than each row into each of them
            db.execute(sql)
        db.execute(COUNTS_FILLED)
        db.execute(DAYS_FILLED)
        db.execute("COMMIT")


def begin_rounds(path: Path, site: str, size: Size) -> None:
    """Enter that this site had its rounds, the last a moment ago; all went well."""
    now = datetime.now(UTC)
    moments = [now - timedelta(minutes=ROUND_M * back) for back in range(size.rounds, 0, -1)]
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "INSERT INTO runs VALUES (?, ?, ?, ?, 0, '{}')",
            (
                (number, f"export {site} .", at.isoformat(), at.isoformat())
                for number, at in enumerate(moments, 1)
            ),
        )
        db.commit()


def _enter_files(db: sqlite3.Connection, size: Size) -> None:
    """A raw file and a sheet for each day and scale, and eight ranges of each raw file."""
    file = f"1 + 2 * (d.number * {size.scales} + n.number)"
    state = f"iif(d.number >= {size.days - 2}, 'live', 'closed')"
    each = "FROM temp.day d CROSS JOIN temp.name n"
    for more, kind in enumerate(("raw", "sheet")):
        db.execute(
            f"INSERT INTO files SELECT {file} + {more}, '{kind}', n.name, d.day, 1,"
            f" '{kind}_data/' || n.name || '_' || d.day, 'grow', {LINE} * 300, randomblob(32),"
            f" '[]', 0, {state}, d.day || 'T23:00:00+00:00', 1 {each}"
        )
    db.execute(
        "WITH hour (h) AS (SELECT 0 UNION ALL SELECT h + 3 FROM hour WHERE h < 21)"
        f" INSERT INTO ranges SELECT {file}, h * {LINE} * 12, {LINE} * 12, h, randomblob(32),"
        f" d.day || 'T' || substr('0' || h, -2) || ':00:00+00:00' {each} CROSS JOIN hour"
    )
    db.execute(
        "INSERT INTO scales SELECT name, 1, '[]', (SELECT max(day) FROM temp.day)"
        " || 'T00:00:00+00:00', 0 FROM temp.name"
    )


def _enter_entries(db: sqlite3.Connection, size: Size) -> None:
    """In the order of time; the newest are on the site still, all others were deleted there."""
    per_day, last = -(-size.entries // size.days), size.entries - 1
    db.execute(
        f"WITH each (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n < {last}),"
        f" placed AS (SELECT n, n / {per_day} AS day, n % {size.scales} AS name,"
        f" n % {per_day} / {size.scales} * {LINE} AS start, n % {HELD_IN} = 0 AS held,"
        f" n >= {size.entries - ON_SITE} AS there FROM each)"
        " INSERT INTO entries (seq, scale, id, digest, file, start, length, state, held, reason,"
        " tried_with, sheet, line_start, line_length, cells, asked_at, answer, gone_at)"
        f" SELECT n + 1, s.name, n / {size.scales}, randomblob(32),"
        f" 1 + 2 * (p.day * {size.scales} + p.name), p.start, {LINE}, iif(p.held, 1, 2),"
        " iif(p.held, 'sealed', NULL), iif(p.held, 'no key opens it', NULL),"
        " iif(p.held, 'none', NULL),"
        f" iif(p.held, NULL, 2 + 2 * (p.day * {size.scales} + p.name)),"
        f" iif(p.held, NULL, p.start), iif(p.held, NULL, {LINE}),"
        " iif(p.held, NULL, randomblob(32)),"
        " iif(p.held OR p.there, NULL, d.day || 'T12:00:00+00:00'),"
        " iif(p.held OR p.there, NULL, 'accepted: '),"
        " iif(p.held OR p.there, NULL, d.day || 'T12:05:00+00:00')"
        " FROM placed p CROSS JOIN temp.day d ON d.number = p.day"
        " CROSS JOIN temp.name s ON s.number = p.name"
    )
