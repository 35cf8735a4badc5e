"""Databases on a file system that cannot share memory between processes, which SQLite's WAL needs.

strace answers as such a file system does: each mmap of certain files is refused (ENODEV).
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.journal import opened
from mtdata.study.ledger import Ledger
from tests.conftest import requires_program
from tests.forked import forked

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from mtdata.study.operations import check as checkup
from mtdata.study.ledger import Ledger
from mtdata.config import SiteConfig
from mtdata.config.database import DatabaseAddress
from mtdata.cake.spool import Spool, SpoolRow
from mtdata.jobs.records.connecting import described

def records(path):
    from django.conf import settings
    settings.configure(DATABASES={"default": described(DatabaseAddress("sqlite", str(path)))})
    import django; django.setup()
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS t (a)")
        cursor.execute("INSERT INTO t VALUES (1)")
        cursor.execute("SELECT COUNT(*) FROM t")
        return cursor.fetchone()[0]

def spool(path):
    with Spool(path) as one:
        one.begin(); one.put([SpoolRow(1, "a", "b", b"c")]); one.end("m")
        return len(one)

def ledger(path):
    one = Ledger(path)
    with closing(one), closing(Ledger(path)) as other:
        for keeper in (one, other):
            number = keeper.runs.begin_run("check", datetime(2026, 1, 1, tzinfo=UTC))
        return [one.journal, other.journal, number]

folder = Path(sys.argv[1])
site = SiteConfig(name="a", ready=False, path=folder)
told = {"spool": spool(folder / "spool"), "records": records(folder / "records")}
for name in ("new", "moved", Ledger.NAME):
    told[name] = ledger(folder / name)
told["check"] = [(one.verdict, one.what, one.told) for one in checkup.check_here(site)]
print(json.dumps(told))
"""
"""Open all that SQLite keeps, twice at once where it may be, and tell what came of it."""

AT = datetime(2026, 1, 1, tzinfo=UTC)
FILES = ("spool", "records", "new", "moved", Ledger.NAME, ".check.sqlite3")


def _all_opened(folder: Path, *through: str) -> Any:
    done = subprocess.run(
        [*through, sys.executable, "-P", "-c", PROGRAM, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _left_in_wal(path: Path) -> None:
    """A ledger whose last commit stands in its WAL alone, as a killed round leaves it."""
    assert forked(lambda: Ledger(path).runs.begin_run("export", AT)) == 0
    assert path.with_name(path.name + "-wal").stat().st_size > 0


@requires_program("strace", "sudo apt-get install strace")
def test_where_memory_cannot_be_shared_a_rollback_journal_is_kept(tmp_path: Path) -> None:
    _left_in_wal(tmp_path / "moved")
    refused = [str(tmp_path / f"{name}-shm") for name in FILES] + [str(tmp_path / ".shared")]
    paths = [word for path in refused for word in ("-P", path)]
    came = _all_opened(
        tmp_path, "strace", "-f", "-qq", "-o", "/dev/null", *paths, "-e", "inject=mmap:error=ENODEV"
    )
    assert (came["spool"], came["records"]) == (1, 1)
    assert came["new"] == ["truncate", "truncate", 2]
    assert came["moved"] == ["truncate", "truncate", 3], "what stood in the WAL is kept"
    [told] = [words for verdict, what, words in came["check"] if (verdict, what) == ("odd", "PATH")]
    assert "cannot share memory between processes" in told
    assert not [verdict for verdict, *_ in came["check"] if verdict == "bad"]
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []
    with closing(sqlite3.connect(tmp_path / "records")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_where_it_can_be_shared_each_is_in_wal_and_comes_back_to_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "records")) as db:
        db.execute("CREATE TABLE t (a)")
    came = _all_opened(tmp_path)
    assert [came["new"], came["moved"]] == [["wal", "wal", 2]] * 2
    assert ["good", "PATH", str(tmp_path)] in came["check"]
    with closing(sqlite3.connect(tmp_path / "records")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_who_opens_a_new_file_waits_for_another_that_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE first (x)")
        with (
            closing(sqlite3.connect(path, timeout=30)) as impatient,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            impatient.execute("PRAGMA journal_mode=WAL")  # SQLite itself waits for nobody
        release = threading.Timer(0.3, other.execute, ("COMMIT",))
        release.start()
        db, journal = opened(path, 30)
        release.join()
        with closing(db):
            assert journal == "wal"
            assert db.execute("SELECT count(*) FROM first").fetchone() == (0,)
