"""The tasks of the daemon at the desks of its sites, and their faults; when, others decide."""

from __future__ import annotations

import gc
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial

from mtdata import logs
from mtdata.alerts import heartbeat, notify
from mtdata.cake.daily_reports import Dailies
from mtdata.config import Settings, SiteConfig
from mtdata.core.errors import BusyError, MTDataError, StorageError
from mtdata.core.stop import StopToken
from mtdata.daemon import slots
from mtdata.daemon.timetable import TickingClock
from mtdata.daemon.worker import THREAD, SiteWorker
from mtdata.study.operations import commands
from mtdata.study.operations.opening import incident_ledgers
from mtdata.study.operations.tasks import COLLECT, DAILY, StudyTask, TaskTurn
from mtdata.study.round.program_fault import ProgramFault, contained

log = logging.getLogger(__name__)
RETRY_S = 3600.0
"""A daily duty that failed is tried again after this time."""
SIGNS = 1000
"""So many signs of life wait at most for a slow HEARTBEAT_URL."""
NEWS, NUMBERS, JOBS = "news", "numbers", "jobs"
PROGRAM_FAULT = 70


class DaemonTasks:
    """A desk for each site, one for news and one for numbers, and what is done at them."""

    def __init__(self, settings: Settings, clock: TickingClock) -> None:
        self.settings, self.clock = settings, clock
        self.stopping = threading.Event()
        self.codes: set[int] = set()
        self.desks: dict[str, SiteWorker] = {}
        self._not_before: dict[tuple[str, str], float] = {}
        self._slots: slots.Carrying | None = None
        self._dailies = Dailies()
        self._signs: deque[tuple[str, str]] = deque(maxlen=SIGNS)
        for name in (NEWS, NUMBERS, JOBS):  # they are asked for from the threads of others
            self.desk(name)

    def desk(self, name: str) -> SiteWorker:
        """The desk of a site, or that for news or numbers."""
        if name not in self.desks:
            self.desks[name] = SiteWorker(name, self.stopping, partial(self._failed, name))
        return self.desks[name]

    def sites(self) -> list[SiteConfig]:
        """What is collected from."""
        return [site for site in self.settings.sites if site.ready]

    def is_busy(self) -> bool:
        """Whether a task is in hand or waits."""
        return any(desk.in_hand or desk.is_waited_for() for desk in self.desks.values())

    def take(self, settings: Settings) -> None:
        """From the next task on go by these."""
        self.settings = settings
        self._not_before.clear()

    # offers ---------------------------------------------------------------------------------------

    def offer_round(self, site: SiteConfig) -> None:
        """One round of a site, unless one goes on."""
        desk = self.desk(site.name)
        if not desk.offer(COLLECT.name, partial(self._collect, site)):
            with logs.at(site=site.name):
                count = desk.skipped[COLLECT.name]
                log.info("a round still goes on: this one is skipped, the %d. so far", count)

    def offer_daily(self, site: SiteConfig, must_yield: Callable[[], bool] = lambda: False) -> None:
        """What is due of the daily duties; a long one ends when another task waits."""
        desk = self.desk(site.name)

        def yields() -> bool:
            return must_yield() or desk.is_waited_for()

        desk.offer("daily", partial(self._daily, site, yields))

    def offer_news(self) -> None:
        """Mails, web hooks and signs of life that are due."""
        self.desk(NEWS).offer("spread", self.spread)

    def offer_look(self) -> None:
        """What no round can tell of; reports that are due; and jobs, once there are any."""
        self.desk(NUMBERS).offer("look", self.look_around)
        if self._slots is None or self._dailies.are_wanted(self.settings):
            self.desk(JOBS).offer("jobs", self._see_to_jobs)

    def offer_reports(self) -> None:
        """The reports that are due today; they are queued, and carried by others."""
        if self._dailies.are_wanted(self.settings):
            self.desk(JOBS).offer("reports", self._queue_reports)

    def end_slots(self, within_s: float) -> bool:
        """Hand back the jobs in hand; whether all of it ended in time."""
        return self._slots is None or self._slots.stop(within_s)

    # tasks, in the threads of the desks -----------------------------------------------------------

    def _collect(self, site: SiteConfig, pulse: StopToken) -> None:
        try:
            self._act(COLLECT, site, pulse, tell=self._sign)
        finally:
            self.offer_news()

    def _daily(self, site: SiteConfig, must_yield: Callable[[], bool], pulse: StopToken) -> None:
        for duty in DAILY:
            key = (site.name, duty.name)
            if self.clock.ticks() < self._not_before.get(key, 0.0):
                continue
            if not duty.is_due(site, self.settings.daemon, self.clock.now()):
                continue
            self._not_before[key] = self.clock.ticks() + RETRY_S
            if self._act(duty, site, pulse, must_yield) == 0:
                self._not_before.pop(key, None)  # a reload may have forgotten it meanwhile

    def _act(
        self,
        duty: StudyTask,
        site: SiteConfig,
        pulse: StopToken,
        must_yield: Callable[[], bool] = lambda: False,
        tell: Callable[[Settings, str, str], None] = lambda settings, name, sign: None,
    ) -> int:
        desk = self.desk(site.name)

        def watch(step: str) -> None:
            desk.step = step
            pulse.check()

        terms, now = self.settings.daemon, self.clock.now()
        with heartbeat.beating(self.settings, site.name, tell) as ended:
            code = duty.act(TaskTurn(site, terms, now, pulse, ended, watch, must_yield))
        gc.collect()  # a round puts it off (seldom_searched): 3 KB of each would stay for ever
        self.codes.add(code)
        return code

    def _sign(self, settings: Settings, name: str, sign: str) -> None:
        """Sent by the desk for news: a slow address keeps no round waiting."""
        if settings.log.heartbeat_url:
            self._signs.append((name, sign))
            self.offer_news()

    def spread(self, pulse: StopToken) -> None:
        """Send what is to be told."""
        while self._signs:
            pulse.check()
            heartbeat.beat(self.settings, *self._signs.popleft())
        pulse.check()
        self._look_at_log()
        notify.spread(self.settings, incident_ledgers)
        notify.close_program_incident(self.settings, "task_failed", NEWS)

    def look_around(self, pulse: StopToken) -> None:
        """Rounds that do not come, disks that fill up; and the numbers for monitoring."""
        for site in self.sites():
            pulse.check()
            try:
                with contained(site.name):
                    commands.look_ahead(site)
            except (
                StorageError,
                ProgramFault,
            ) as error:  # its own round tells of it; the others have their turn
                with logs.at(site=site.name):
                    log.debug("%s", error)
        commands.write_metrics(self.settings)
        for kind in ("task_failed", StorageError.incident):
            notify.close_program_incident(self.settings, kind, NUMBERS)

    def _see_to_jobs(self, pulse: StopToken) -> None:
        try:
            self._dailies.look(self.settings, self.clock.now(), pulse.check)
        finally:  # jobs that are there are carried whatever keeps further ones out
            if self._slots is None:
                self._slots = slots.begun(self.settings)
        notify.close_program_incident(self.settings, "task_failed", JOBS)

    def _queue_reports(self, pulse: StopToken) -> None:
        self._dailies.look(self.settings, self.clock.now(), pulse.check)
        notify.close_program_incident(self.settings, "task_failed", JOBS)

    def _look_at_log(self) -> None:
        if trouble := logs.trouble():
            notify.program_incident(self.settings, "log_unwritable", "", trouble)
        else:
            notify.close_program_incident(self.settings, "log_unwritable", "")

    # faults ---------------------------------------------------------------------------------------

    def _failed(self, name: str, task: str, error: MTDataError) -> None:
        """An error that no round entered: the pool cannot be opened, or somebody has it."""
        self.codes.add(error.exit_code)
        with logs.at(site=name):
            if isinstance(error, BusyError):
                log.info("%s", error)
                return
            log.debug("%s: %s", task, error)  # it was told as an incident, or is now
        if name in (NUMBERS, JOBS):
            notify.program_incident(
                self.settings, error.incident or "task_failed", name, str(error)
            )

    def broken(self, what: threading.ExceptHookArgs) -> None:
        """A fault of the program ended a desk's thread; its message could quote an answer."""
        name = what.thread.name.removeprefix(THREAD) if what.thread else ""
        told = f"{name}: a fault of the program: {what.exc_type.__name__}"
        fault = what.exc_value or what.exc_type()
        log.critical("%s", told, exc_info=(what.exc_type, fault, what.exc_traceback))
        self.codes.add(PROGRAM_FAULT)
        place = name if name in (NEWS, NUMBERS, JOBS) else heartbeat.place_of(name)
        notify.program_incident(self.settings, "task_failed", place, told, logged=True)
