"""Whether a daily task is due: the ledger says so, and is not opened where that is known."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.config import DaemonConfig, SiteConfig
from mtdata.study.ledger import Ledger
from mtdata.study.operations import commands
from mtdata.study.operations.tasks import DAILY
from tests.sites import site_config

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
[VERIFY] = [task for task in DAILY if task.name == "verify"]
TERMS = DaemonConfig()


@pytest.fixture
def site(tmp_path: Path) -> SiteConfig:
    return site_config("study", path=tmp_path / "pool", timezone="UTC")


def verified(site: SiteConfig, at: datetime, code: int = 0) -> None:
    with closing(Ledger(site.path / Ledger.NAME)) as ledger:
        ledger.runs.end_run(ledger.runs.begin_run("verify study", at), code, {}, at, {})


def test_it_is_due_once_a_day(site: SiteConfig) -> None:
    assert VERIFY.is_due(site, TERMS, NOON)
    verified(site, NOON)
    assert not VERIFY.is_due(site, TERMS, NOON + MINUTE)
    assert VERIFY.is_due(site, TERMS, NOON + DAY)
    verified(site, NOON + DAY, code=74)
    assert VERIFY.is_due(site, TERMS, NOON + DAY + MINUTE), "that one did not go well"
    verified(site, NOON + DAY + MINUTE)
    assert not VERIFY.is_due(site, TERMS, NOON + DAY + 2 * MINUTE)


def test_a_day_that_somebody_else_has_done_is_done(site: SiteConfig) -> None:
    verified(site, NOON)
    assert not VERIFY.is_due(site, TERMS, NOON)
    verified(site, NOON + DAY)  # by hand, in another process
    assert not VERIFY.is_due(site, TERMS, NOON + DAY + MINUTE)


def test_a_clock_that_was_put_back_makes_it_due_again(site: SiteConfig) -> None:
    verified(site, NOON)
    assert not VERIFY.is_due(site, TERMS, NOON + MINUTE)
    assert VERIFY.is_due(site, TERMS, NOON - DAY)


def test_two_sites_are_not_taken_for_one_another(site: SiteConfig, tmp_path: Path) -> None:
    verified(site, NOON)
    assert not VERIFY.is_due(site, TERMS, NOON)
    assert VERIFY.is_due(site_config("study", path=tmp_path / "other"), TERMS, NOON)


def test_the_ledger_is_not_opened_for_an_answer_that_is_known(
    site: SiteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(site, NOON)
    asked: list[SiteConfig] = []
    known = commands.last_success
    monkeypatch.setattr(commands, "last_success", lambda *of: (asked.append(of[0]), known(*of))[1])
    assert [VERIFY.is_due(site, TERMS, NOON + MINUTE * n) for n in range(5)] == [False] * 5
    assert len(asked) == 1


def test_a_ledger_that_was_put_back_is_believed_within_the_hour(site: SiteConfig) -> None:
    verified(site, NOON)
    assert not VERIFY.is_due(site, TERMS, NOON + MINUTE)
    (site.path / Ledger.NAME).unlink()
    verified(site, NOON - 2 * DAY)
    assert VERIFY.is_due(site, TERMS, NOON + timedelta(hours=1, minutes=1))
