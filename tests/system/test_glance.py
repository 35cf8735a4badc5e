"""How a site stands at a glance: nothing else than a whole look at it says."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from mtdata.config import SiteConfig, load
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.operations import commands
from mtdata.study.status.shape import GlanceShape
from tests.system.home import STUDY, Home, row

SUMS = {"rows_on_site", "held"}


def _collected(home: Home) -> None:
    """Rows of two scales, one of them held, and a table that stays with an entry left out."""
    home.site.put("QOL", [row(1), row(2), b'{"id": 3, "session"}'])
    home.site.put("BBSIQ", [row(5), row(6)])
    home.site.put("TaskLog", [row(7), b'{"id": 8, "session"}', row(9)], deleteable=False)
    home.run("export", STUDY, "all")


def _deleted(home: Home) -> None:
    _collected(home)
    home.configure(DELETE_MODE=True)
    home.run("export", STUDY)


def _drifted(home: Home) -> None:
    _collected(home)
    home.site.put("BBSIQ", [row(5), row(6), row(7, more="x")])
    home.run("export", STUDY)


def _down(home: Home) -> None:
    _collected(home)
    home.configure(SERVER="http://127.0.0.1:9")  # where nobody listens
    home.run("export", STUDY)


def _shrunk(home: Home) -> None:
    """Entries are gone that nobody asked to delete: deletes stop."""
    _collected(home)
    home.site.take("BBSIQ", 5)
    home.run("export", STUDY)


def _late(home: Home) -> None:
    _collected(home)
    home.site.put("QOL", [row(1), row(2)])
    for _ in range(20):
        home.run("status")


def _waiting(home: Home) -> None:
    home.configure(READY=False)
    home.run("export", STUDY)


HISTORIES = [_collected, _deleted, _drifted, _down, _shrunk, _late, _waiting]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__.strip("_"))
def test_a_glance_says_what_a_whole_look_says(home: Home, history: Callable[[Home], None]) -> None:
    history(home)
    site = load(home.folder / "config", os.environ).site(STUDY)
    glance, whole = commands.glance(site), commands.status(site)
    names = {one.name for one in fields(GlanceShape)} - SUMS
    assert {name: getattr(glance, name) for name in names} == {
        name: getattr(whole, name) for name in names
    }
    assert glance.rows_on_site == whole.on_site.rows
    assert glance.held == sum(scale.held for scale in whole.scales.values())


def test_the_histories_differ_in_what_a_glance_says(home: Home) -> None:
    _collected(home)
    site = load(home.folder / "config", os.environ).site(STUDY)
    glance = commands.glance(site)
    assert (glance.rows_on_site, glance.held) == (5, 2)
    assert sum(glance.new_rows.values()) == 5
    _deleted(home)
    assert commands.glance(site).rows_on_site == 1


def test_a_glance_tells_that_deletes_stopped(home: Home) -> None:
    _shrunk(home)
    glance = commands.glance(load(home.folder / "config", os.environ).site(STUDY))
    assert (glance.level, len(glance.deletes_blocked)) == ("bad", 1)


def test_a_glance_asks_of_entries_how_many_lie_on_the_site_and_no_more(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    _collected(home)
    site = load(home.folder / "config", os.environ).site(STUDY)
    assert _asked_of_entries(commands.glance, site, monkeypatch) == {
        "SCAN entries USING INDEX entries_on_site"
    }
    assert len(_asked_of_entries(commands.status, site, monkeypatch)) > 1


def _asked_of_entries(
    look: Callable[[SiteConfig], object], site: SiteConfig, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    """How SQLite goes about the questions of a look that name entries."""
    plans: set[str] = set()
    asked = LedgerDatabase.all, LedgerDatabase.row

    def planned(number: int) -> Callable[..., Any]:
        def ask(self: LedgerDatabase, question: str, *values: Any) -> Any:
            if " entries" in question:
                found = asked[0](self, f"EXPLAIN QUERY PLAN {question}", *values)
                plans.update(line[-1] for line in found if "entries" in line[-1])
                plans.update(line[-1] for line in found if " e USING" in line[-1])
            return asked[number](self, question, *values)

        return ask

    with monkeypatch.context() as patch:
        patch.setattr(LedgerDatabase, "all", planned(0))
        patch.setattr(LedgerDatabase, "row", planned(1))
        look(site)
    return plans
