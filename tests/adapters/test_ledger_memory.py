"""How much of a ledger a connection keeps in memory: no more for one that has grown."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from mtdata.core.sqlite import LOOK_KB, WORK_KB
from mtdata.study.ledger import Ledger


@pytest.mark.parametrize(("only_look", "most_kb"), [(True, LOOK_KB), (False, WORK_KB)])
def test_pages_are_kept_in_bounds_whatever_the_ledger_holds(
    tmp_path: Path, *, only_look: bool, most_kb: int
) -> None:
    path = tmp_path / "ledger.sqlite3"
    Ledger(path).close()
    with closing(Ledger(path, only_look=only_look)) as ledger:
        assert ledger._db._db.execute("PRAGMA cache_size").fetchone() == (-most_kb,)


def test_who_only_looks_makes_no_working_table(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    Ledger(path).close()
    tables = "SELECT name FROM sqlite_temp_master WHERE type = 'table'"
    for only_look, made in ((True, []), (False, [("present",)])):
        with closing(Ledger(path, only_look=only_look)) as ledger:
            assert ledger._db._db.execute(tables).fetchall() == made
