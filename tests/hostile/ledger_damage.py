"""Ledgers with random damage: of their bytes, of a cell, of the schema; it judges nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

PAGE = 4096
VALUES: tuple[object, ...] = (
    None,
    "",
    "x",
    "../../../../etc/passwd",
    "a\0b",
    '["a',
    '{"a": 1}',
    "[1, null]",
    "[" * 3000,
    "2026-13-45",
    "2026-03-12T12:00:00",
    "0001-01-01T00:00:00+14:00",
    b"\xff\xfe\x00",
    -7,
    0,
    3,
    1.5,
    10**18,
    2**63 - 1,
    -(2**63),
)
"""What a cell may be made; a string of bytes goes in as text that is none as well."""


def damage(path: Path, rng: Random) -> str:
    """Damage a ledger that nobody has open, in one of the ways; what was done."""
    ways = (_bytes, _cell, _cell, _schema, _cut)
    return rng.choice(ways)(path, rng)


def _bytes(path: Path, rng: Random) -> str:
    content = bytearray(path.read_bytes())
    first = PAGE if rng.random() < 0.5 else len(content)  # the first page has the schema
    places = [rng.randrange(first) for _ in range(rng.randint(1, 4))]
    for place in places:
        content[place] = rng.randrange(256)
    path.write_bytes(content)
    return f"bytes {places}"


def _schema(path: Path, rng: Random) -> str:
    """Bytes within the words that make the tables."""
    content = bytearray(path.read_bytes())
    start = content.find(b"CREATE TABLE")
    places = [start + rng.randrange(2000) for _ in range(2)]
    for place in places:
        content[place] = rng.choice((0xFF, 0x80, 0x00, 0x27, 0x28))
    path.write_bytes(content)
    return f"schema {places}"


def _cut(path: Path, rng: Random) -> str:
    content = path.read_bytes()
    length = rng.randrange(1, len(content))
    path.write_bytes(content[:length] + (b"\0" * rng.choice((0, 5000))))
    return f"cut at {length}"


def _cell(path: Path, rng: Random) -> str:
    """One cell, or all of a column, made something that this program never writes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = [name for (name,) in sorted(tables)]
        table = rng.choice([n for n in names if db.execute(f"SELECT 1 FROM {n}").fetchone()])
        column = rng.choice([row[1] for row in db.execute(f"PRAGMA table_info({table})")])
        value = rng.choice(VALUES)
        put = "CAST(? AS TEXT)" if isinstance(value, bytes) and rng.random() < 0.7 else "?"
        one = rng.choice(("", f" WHERE {column} = (SELECT {column} FROM {table} LIMIT 1)"))
        with suppress(sqlite3.IntegrityError):  # a key that takes whole numbers alone
            db.execute(f"UPDATE OR IGNORE {table} SET {column} = {put}{one}", (value,))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return f"{table}.{column} = {value!r:.40}{one and ' in one'}"
