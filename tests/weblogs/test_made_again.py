"""Commits that two imports' meeting in the database undoes are made again, and count once.

Here every one of them is undone the first time, as a database does that ends a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mtdata import weblogs
from mtdata.demo.weblogs.site import MatomoSite
from mtdata.weblogs.ledger.file import LineFile
from mtdata.weblogs.ledger.port import Made
from tests.weblogs.test_importer import LINES, POISON, Run


class UndoneError(Exception):
    """The database undid the transaction."""


class UndoingFile(LineFile):
    """A file that undoes each move once, behind its last statement."""

    undone = 0
    is_undoing = False

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Port: LineDatabase.commit."""
        with super().commit():
            yield
            if self.is_undoing:
                raise UndoneError

    def whole(self, move: Callable[[], Made]) -> Made:
        """Port: LineDatabase.whole."""
        self.is_undoing = True
        try:
            with pytest.raises(UndoneError):
                move()
        finally:
            self.is_undoing = False
        UndoingFile.undone += 1
        return move()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(weblogs.ledger, "LineFile", UndoingFile)
    monkeypatch.setattr(UndoingFile, "undone", 0)
    with MatomoSite() as site:
        yield Run(site, tmp_path / "ledger.sqlite3")


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("rollback", {"every": 3, "times": 4}), ("status", {"every": 4, "times": 3, "code": 413}),
        ("gone_away", {"nth": 3, "stored": "part"}), ("zero", {"nth": 2}),
    ],
)  # fmt: skip
def test_whatever_is_entered_again_each_line_is_stored_once_or_named(
    run: Run, kind: str, detail: dict[str, Any]
) -> None:
    run.site.fault(kind, **detail)
    assert run.go() is None
    assert UndoingFile.undone > 5
    states = run.check()
    assert states["stored"] > 0
    assert states["sending"] == states["waiting"] == 0


def test_the_hit_that_poisons_its_batch_stands_alone_then_too(run: Run) -> None:
    run.odd = POISON
    assert run.go() is None
    assert run.check()["poisoned"] == 2
    assert len(run.site.store.hits) == LINES * 9 // 10 - 2
