"""What the daemon does for a site, one line a duty; when it does it is told by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import NamedTuple

from mtdata.alerts.heartbeat import EndedRound
from mtdata.config import DaemonConfig, SiteConfig
from mtdata.core import schedule
from mtdata.core.errors import StorageError
from mtdata.core.stop import StopToken
from mtdata.study.operations import commands as app
from mtdata.study.operations import verify
from mtdata.study.operations.known_pool import has_raw
from mtdata.study.operations.opening import has_pool


class TaskTurn(NamedTuple):
    """What a duty is given: for whom, by which config, and how it is watched and ended.

    It lays the report of a round into `ended`.
    """

    site: SiteConfig
    config: DaemonConfig
    now: datetime
    stop: StopToken
    ended: list[EndedRound]
    watch: Callable[[str], None] = lambda step: None
    must_yield: Callable[[], bool] = lambda: False


class StudyTask(NamedTuple):
    """`commands`: how the ledger calls it; `at`: the time of day, None for every EVERY."""

    name: str
    commands: Sequence[str]
    at: Callable[[SiteConfig, DaemonConfig], time | None]
    act: Callable[[TaskTurn], int]

    def last(self, site: SiteConfig) -> datetime | None:
        """When it last began that ended well; None for never."""
        return app.last_success(site, self.commands)

    def is_due(self, site: SiteConfig, config: DaemonConfig, now: datetime) -> bool:
        """Whether it should be done now, by what the ledger knows of the last time.

        A little before its time counts: who calls us every five minutes may be a second early.
        """
        last, at = self.last(site), self.at(site, config)
        if at is None:
            return schedule.is_due(last, site.every_s * 0.9, now)
        return schedule.is_due_daily(last, at, site.timezone, now)


def _collect(turn: TaskTurn) -> int:
    return _round(turn, ".")


def _keep(turn: TaskTurn) -> int:
    return _round(turn, "static")


def _round(turn: TaskTurn, wanted: str) -> int:
    turn.ended.append(app.export(turn.site, wanted, turn.watch, turn.stop))
    return turn.ended[-1].exit


def _verify(turn: TaskTurn) -> int:
    if not has_pool(turn.site) and not has_raw(turn.site):
        return 0
    turn.watch("verifying")
    since = schedule.latest(turn.config.scrub_at, turn.site.timezone, turn.now)
    found = verify.verify_share(
        turn.site, since, turn.config.scrub_days, turn.must_yield, turn.stop
    )
    return StorageError.exit_code if found["wrong"] else 0


COLLECT = StudyTask("collect", app.COLLECTED, lambda site, config: None, _collect)
DAILY = (
    StudyTask("static", app.KEPT, lambda site, config: site.static_at, _keep),
    StudyTask("verify", (verify.VERIFIED,), lambda site, config: config.scrub_at, _verify),
)
"""What is done once a day; a new one is one line here."""
