"""What the daemon does round after round for each site of a duty; when, the daemon decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from mtdata.alerts.heartbeat import EndedRound
from mtdata.config import DaemonConfig, Settings
from mtdata.core.checks import Finding
from mtdata.core.step import Watch, unwatched
from mtdata.core.stop import StopToken


class RoundSite(Protocol):
    """What a round is made of, every so many seconds."""

    @property
    def name(self) -> str:
        """No other site's, of whatever duty: worker, incidents and news go by it."""
        ...

    @property
    def every_s(self) -> int:
        """Seconds from the begin of a round to that of the next."""
        ...


Site = TypeVar("Site", bound=RoundSite)


class TaskTurn(NamedTuple, Generic[Site]):
    """What a task is given: for whom, on which terms, and how it is watched and ended.

    It lays the report of a round into `ended`.
    """

    site: Site
    terms: DaemonConfig
    now: datetime
    stop_token: StopToken
    ended: list[EndedRound]
    watch: Watch = unwatched
    must_yield: Callable[[], bool] = lambda: False


class SiteTask(Protocol[Site]):
    """Something that is done for a site again and again."""

    @property
    def name(self) -> str:
        """What the log calls it; of the tasks of a site each has its own."""
        ...

    @property
    def act(self) -> Callable[[TaskTurn[Site]], int]:
        """Do it; the exit code."""
        ...

    def last(self, site: Site) -> datetime | None:
        """When it last began that ended well; None for never."""
        ...

    def is_due(self, site: Site, terms: DaemonConfig, now: datetime) -> bool:
        """Whether it should be done now."""
        ...


@dataclass(frozen=True, slots=True)
class Rounds(Generic[Site]):
    """The sites of a duty, and what is done for each of them."""

    sites: Callable[[Settings], Sequence[Site]]
    collect: SiteTask[Site]  # every EVERY
    daily: Sequence[SiteTask[Site]]
    check_here: Callable[[Site], list[Finding]]  # on this machine, asking nobody
    look_ahead: Callable[[Site], None]  # opens incidents of what no round can tell
    is_overdue: Callable[[Site], bool]  # no good round for too long, as `status` has it
    site_terms: Callable[[Settings], list[str]]  # each site, READY or not: what an auditor asks
