"""The daily pass forgets what is old; what an auditor needs outlives it, whatever the keys say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from mtdata.alerts.incident import EVIDENCE, NOTES, REMEMBERED
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.incidents import Incidents
from mtdata.config import load
from mtdata.core.errors import Stopped
from mtdata.daemon import keeping
from mtdata.daemon.keeping import DailyKeeping, check_growth
from mtdata.duties import DUTIES
from mtdata.jobs.keeping import MOST
from mtdata.study.ledger import Ledger
from tests.system.home import STUDY, Home, row

UTMOST = "INCIDENTS_KEEP: 7d\nRUNS_KEEP: 7d\n"
PRUNED = {"incidents", "runs"}
"""The tables of a ledger of which anything is ever forgotten."""
NEVER = set(
    "files ranges replicas copies entries snapshots scales events erasures tombstones counts "
    "day_counts turn".split()
)
"""The others: entries, what was proven of them, what still stands; a new one wants a word here."""


def keep(home: Home, words: str = UTMOST) -> None:
    (home.folder / "config" / "daemon.config").write_text(words)


def prune(home: Home, most: int | None = None) -> int:
    """A pass as the daemon makes it; how much was forgotten."""
    settings = load(home.folder / "config", {})
    return DailyKeeping(lambda: 0.0).prune(settings, DUTIES, lambda: None, most)


def tables(home: Home) -> dict[str, list[Any]]:
    """Every row of the pool's ledger."""
    with closing(sqlite3.connect(home.pool / "ledger.sqlite3")) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def files(home: Home) -> dict[str, bytes]:
    """Every file of the pool but the ledger's own."""
    return {
        str(path): path.read_bytes()
        for path in home.pool.rglob("*")
        if path.is_file() and "ledger.sqlite3" not in path.name
    }


def close_one_of_each(home: Home) -> None:
    """A closed incident of each kind twice, by whoever closes it."""
    with closing(Ledger(home.pool / "ledger.sqlite3")) as ledger:
        for _ in range(2):
            for kind in KINDS:
                ledger.incidents.raise_incident(kind, "QOL", "so", home.now)
                ledger.incidents.close_as_mended(kind, "QOL", home.now)


def closed(home: Home) -> list[str]:
    """The kinds of closed incidents."""
    with closing(Ledger(home.pool / "ledger.sqlite3")) as ledger:
        return [one.kind for one in ledger.incidents.closed(10**9, 10**6)]


def with_all_sorts(home: Home) -> None:
    """Deletes asked and proven, held entries, a snapshot, an erasure, closed incidents of each."""
    home.configure(DELETE_MODE=True)
    home.site.offer("Participant", deleteable=False)
    home.site.put("Participant", [row(17), row(18)])
    home.site.put("QOL", [row(1, participant=17), row(2, participant=18), row(3, participant=18)])
    home.export(STUDY, "all")
    home.export(STUDY, "all")
    home.site.put("QOL", [row(2, participant=18, answer=9)])  # another content: it is held
    home.run("export", STUDY, "all")
    assert home.run("erase", "17", "--server", STUDY, "--yes").code == 0
    close_one_of_each(home)
    for _ in range(3):
        home.now += timedelta(days=1)
        home.run("export", STUDY, "all")


def test_what_an_auditor_needs_outlives_every_pruning(home: Home) -> None:
    with_all_sorts(home)
    keep(home)
    receipt = home.run("receipt", STUDY, "QOL", "2").shown
    before, before_files = tables(home), files(home)
    assert {"events", "entries", "erasures", "tombstones"} <= {
        n for n, rows in before.items() if rows
    }
    home.now += timedelta(days=365 * 20)
    assert prune(home) > 0
    after = tables(home)
    assert {name for name in before if before[name] != after[name]} == PRUNED
    assert files(home) == before_files
    assert home.run("receipt", STUDY, "QOL", "2").shown == receipt
    left = closed(home)
    assert all(left.count(kind) >= 2 for kind in EVIDENCE)
    assert all(left.count(kind) == 1 for kind in REMEMBERED - EVIDENCE)
    assert set(left) == REMEMBERED
    assert home.run("verify", STUDY).shown["sites"][STUDY]["history"] == []
    assert prune(home) == 0


def test_the_newest_rounds_and_the_mode_of_deletes_are_known_as_before(home: Home) -> None:
    with_all_sorts(home)
    keep(home)
    home.now += timedelta(days=30)
    home.export(STUDY, "all")
    home.site.fault("status", code=503)
    home.run("export", STUDY, "all")
    home.now += timedelta(days=30)  # it has failed ever since

    def known() -> Any:
        with closing(Ledger(home.pool / "ledger.sqlite3")) as ledger:
            runs = ledger.runs
            last = runs.last_run(), runs.last_run(home.now), runs.last_delete_mode()
            return *last, runs.missed(), runs.last_success("export", "export all")

    before, count = known(), len(tables(home)["runs"])
    prune(home)
    assert known() == before
    assert len(tables(home)["runs"]) < count


def test_without_keys_a_pool_forgets_nothing(home: Home) -> None:
    with_all_sorts(home)
    before = tables(home)
    home.now += timedelta(days=365 * 20)
    assert prune(home) == 0
    assert tables(home) == before


def test_who_is_still_to_be_told_of_an_end_is_told(home: Home) -> None:
    with closing(Ledger(None)) as ledger:
        for scale in ("A", "B", "C"):
            ledger.incidents.raise_incident("leftover", scale, "so", home.now)
        told, untold, over = (one.number for one in ledger.incidents.open_incidents())
        ledger.notifications.enter(home.now, told=[told, over])
        for scale in ("A", "B", "C"):
            ledger.incidents.close_incidents(scale, ["leftover"], home.now)
        ledger.notifications.enter(home.now, over=[over])
        later = (home.now + timedelta(days=1)).isoformat()
        assert ledger.incidents.forget_closed(later, MOST) == 2
        assert [one.number for one in ledger.incidents.incidents()] == [told]
        assert untold != told


def test_no_closed_incident_is_asked_for_that_may_be_forgotten(home: Home) -> None:
    with closing(Ledger(None)) as ledger, pytest.raises(AssertionError, match="leftover"):
        Incidents(ledger._db).has_detail("leftover", "QOL", "so")


def test_a_pass_is_made_once_a_day_also_across_restarts(home: Home) -> None:
    settings = load(home.folder / "config", {})
    first, ticks = DailyKeeping(lambda: 0.0), [0.0]
    assert first.is_due(settings)
    first.prune(settings, DUTIES, lambda: None)
    another = DailyKeeping(lambda: ticks[0])
    assert not another.is_due(settings)
    home.now += timedelta(hours=25)
    assert another.is_due(settings)


def test_who_does_not_stay_prunes_a_share_and_goes_on_next_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_all_sorts(home)
    keep(home)
    home.now += timedelta(days=60)
    monkeypatch.setattr("mtdata.jobs.keeping.MOST", 5)
    settings = load(home.folder / "config", {})
    pass_of_cron = DailyKeeping(lambda: 0.0)
    counts = []
    while pass_of_cron.is_due(settings):
        counts.append(pass_of_cron.prune(settings, DUTIES, lambda: None, most=1))
        assert len(counts) < 100
    assert counts[0] == 5
    assert prune(home) == 0


def test_a_stop_in_the_middle_loses_nothing_and_the_next_pass_goes_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_all_sorts(home)
    keep(home)
    home.now += timedelta(days=60)
    monkeypatch.setattr("mtdata.jobs.keeping.MOST", 5)
    settings, count = load(home.folder / "config", {}), len(closed(home))

    def stop() -> None:
        raise Stopped("asked to end")

    daily = DailyKeeping(lambda: 0.0)
    with pytest.raises(Stopped):
        daily.prune(settings, DUTIES, stop)
    assert len(closed(home)) == count - 5
    assert DailyKeeping(lambda: 0.0).is_due(settings)
    assert prune(home) > 0
    assert set(closed(home)) == REMEMBERED


def test_a_ledger_that_refuses_keeps_no_other_from_its_turn(home: Home) -> None:
    home.configure("lost", PATH="pool-lost")
    with_all_sorts(home)
    keep(home)
    (home.folder / "pool-lost").mkdir()
    (home.folder / "pool-lost" / "ledger.sqlite3").write_bytes(b"no ledger " * 1000)
    home.now += timedelta(days=60)
    settings = load(home.folder / "config", {})
    daily = DailyKeeping(lambda: 0.0)
    assert daily.prune(settings, DUTIES, lambda: None) > 0
    assert set(closed(home)) == REMEMBERED
    assert DailyKeeping(lambda: 0.0).is_due(settings), "it was no whole pass"


def test_how_much_there_is_is_told_by_check_and_by_status(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_all_sorts(home)
    settings = load(home.folder / "config", {})
    found = {one.site: one for one in check_growth(settings, DUTIES)}
    assert found[STUDY].verdict == "good"
    assert "(INCIDENTS_KEEP: off)" in found[STUDY].told
    assert "an auditor needs it" in found[STUDY].told
    monkeypatch.setattr(keeping, "MANY", 2)
    [odd] = [one for one in check_growth(settings, DUTIES) if one.site == STUDY]
    assert (odd.verdict, "INCIDENTS_KEEP and RUNS_KEEP would" in odd.told) == ("odd", True)

    assert "growth" not in home.run("status", STUDY).shown
    keep(home)
    growth = home.run("status", STUDY, "-v").shown["growth"]
    [rounds] = [one for one in growth if (one["of"], one["what"]) == (STUDY, "rounds")]
    assert rounds["count"] == len(tables(home)["runs"])
    assert rounds["since"].startswith("2026-03-12T")
    assert (rounds["kept_s"], rounds["rule"]) == (7 * 86_400.0, "RUNS_KEEP: 7d")


def test_the_daemon_of_cron_prunes_once_a_day(home: Home) -> None:
    with_all_sorts(home)
    keep(home)
    home.now += timedelta(days=60)
    count = len(closed(home))
    assert home.run("daemon", "--once").code in (0, 1)
    left = closed(home)
    assert len(left) < count
    assert not set(left) - REMEMBERED - NOTES
    home.now -= timedelta(days=30)
    close_one_of_each(home)  # old ones, which came too late for the pass of today
    home.now += timedelta(days=30)
    home.run("daemon", "--once")
    assert len(closed(home)) >= len(left) + len(KINDS)
    home.now += timedelta(days=1)
    home.run("daemon", "--once")
    assert not set(closed(home)) - REMEMBERED - NOTES
