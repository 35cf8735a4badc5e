"""Commits that are not waited for until the disk has them; it makes none.

For what is kept together with how far it came: a power cut then takes both alike, and `commit`
finds out where the database came back without its last commits.  MySQL knows it of all or of none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from mtdata.jobs.records.asking import asking

PAGES, MANY_PAGES = 1000, 10_000
"""Of 4 KB, behind which SQLite brings its WAL into the file, and waits for the disk; 1000 is its
own. Many small commits write the same pages again and again."""


@contextmanager
def relaxed() -> Iterator[None]:
    """The commits of this thread in here, in each of which `relax` is called first."""
    if connection.vendor != "sqlite" or not _is_wal():  # without WAL a power cut could tear it
        yield
        return
    _tell("PRAGMA synchronous=NORMAL", f"PRAGMA wal_autocheckpoint={MANY_PAGES}")
    try:
        yield
    finally:
        _tell("PRAGMA synchronous=FULL", f"PRAGMA wal_autocheckpoint={PAGES}")


def relax() -> None:
    """Within a commit: that it is one of these."""
    if connection.vendor == "postgresql":  # LOCAL: behind a pooler the session is others' as well
        _tell("SET LOCAL synchronous_commit TO off")


def _is_wal() -> bool:
    with asking(), connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return bool(cursor.fetchone()[0] == "wal")


def _tell(*commands: str) -> None:
    with connection.cursor() as cursor:
        for words in commands:
            cursor.execute(words)
