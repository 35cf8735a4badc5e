"""What the daemon does for a site, one line a task; when it does it is told by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mtdata.config import DaemonConfig, Settings, SiteConfig
from mtdata.core import schedule
from mtdata.core.errors import StorageError
from mtdata.core.step import Step
from mtdata.jobs.rounds import Rounds, TaskTurn
from mtdata.study.operations import check, commands, looking, verify
from mtdata.study.operations.known_pool import has_raw
from mtdata.study.operations.opening import has_pool

ASK_AGAIN = timedelta(hours=1)
"""So long a ledger is not asked anew: an older one may have been put in its place."""


class LastDone(NamedTuple):
    """When what is done once a day was done last, as the ledger said when it was asked."""

    asked_at: datetime
    done_at: datetime


_LAST: dict[tuple[Path, str, str], LastDone] = {}
"""By pool, site and task."""


class StudyTask(NamedTuple):
    """`commands`: how the ledger calls it; `at`: the time of day, None for every EVERY."""

    name: str
    commands: Sequence[str]
    at: Callable[[SiteConfig, DaemonConfig], time | None]
    act: Callable[[TaskTurn[SiteConfig]], int]

    def last(self, site: SiteConfig) -> datetime | None:
        """When it last began that ended well; None for never."""
        return commands.last_success(site, self.commands)

    def is_due(self, site: SiteConfig, config: DaemonConfig, now: datetime) -> bool:
        """Whether it should be done now, by what the ledger knows of the last time.

        A little before its time counts: who calls us every five minutes may be a second early.
        """
        at = self.at(site, config)
        if at is None:
            return schedule.is_due(self.last(site), site.every_s * 0.9, now)
        key = site.path, site.name, self.name
        # it is asked every minute, and most often the ledger need not be opened for the answer
        known = _LAST.get(key)
        if (
            known
            and timedelta() <= now - known.asked_at < ASK_AGAIN
            and not schedule.is_due_daily(known.done_at, at, site.timezone, now)
        ):
            return False
        last = self.last(site)
        if last is not None:
            _LAST[key] = LastDone(now, last)
        return schedule.is_due_daily(last, at, site.timezone, now)


def _round(wanted: str, turn: TaskTurn[SiteConfig]) -> int:
    site, then = turn.site, partial(looking.after_round, turn.site)
    known = looking.files_in_step(site) if wanted == "." else None
    ended = commands.export(site, wanted, turn.watch, turn.stop_token, then=then, in_step=known)
    turn.ended.append(ended)
    return turn.ended[-1].exit


def _verify(turn: TaskTurn[SiteConfig]) -> int:
    if not has_pool(turn.site) and not has_raw(turn.site):
        return 0
    turn.watch(Step("verifying"))
    since = schedule.latest(turn.terms.scrub_at, turn.site.timezone, turn.now)
    days, must_yield, stop = turn.terms.scrub_days, turn.must_yield, turn.stop_token
    found = verify.verify_share(turn.site, since, days, must_yield, stop)
    return StorageError.exit_code if found["wrong"] else 0


COLLECT = StudyTask("collect", commands.COLLECTED, lambda site, config: None, partial(_round, "."))
DAILY = (
    StudyTask(
        "static", commands.KEPT, lambda site, config: site.static_at, partial(_round, "static")
    ),
    StudyTask("verify", (verify.VERIFIED,), lambda site, config: config.scrub_at, _verify),
)
"""What is done once a day; a new one is one line here."""


def _site_terms(settings: Settings) -> list[str]:
    """Each site by its name, and whether it deletes there."""
    return [
        f"{site.name} ({'READY' if site.ready else 'not READY'}, DELETE_MODE {site.delete_mode})"
        for site in settings.sites
    ]


ROUNDS = Rounds(
    sites=lambda settings: [site for site in settings.sites if site.ready],
    collect=COLLECT,
    daily=DAILY,
    check_here=check.check_here,
    look_ahead=looking.look_ahead,
    is_overdue=commands.is_overdue,
    site_terms=_site_terms,
)
