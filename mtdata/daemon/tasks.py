"""The tasks of the daemon at the workers of its sites, and their faults; when, others decide."""

from __future__ import annotations

import gc
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from mtdata import logs
from mtdata.alerts import heartbeat, notify
from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.config import Settings
from mtdata.core.errors import BusyError, ConfigError, MTDataError, RecordsError, StorageError
from mtdata.core.reach import DiskFull
from mtdata.core.step import Step
from mtdata.core.stop import StopToken
from mtdata.daemon import slots
from mtdata.daemon.keeping import MOST_PIECES, REST_S, DailyKeeping
from mtdata.daemon.timetable import TickingClock
from mtdata.daemon.worker import THREAD, SiteWorker
from mtdata.duties import DUTIES
from mtdata.jobs.daily_reports import DailyScheduler
from mtdata.jobs.duty import Duties, daily_of, ledgers_of
from mtdata.jobs.metrics import write_metrics
from mtdata.jobs.rounds import Rounds, RoundSite, SiteTask, TaskTurn

log = logging.getLogger(__name__)
RETRY_S = 3600.0
"""A daily task that failed is tried again after this time."""
SEARCH_EVERY = 10
"""Of so many tasks one is followed by a search for garbage."""
SIGNS = 1000
"""So many signs of life wait at most for a slow HEARTBEAT_URL."""
NEWS, NUMBERS, JOBS, KEEPING = "(news)", "(numbers)", "(jobs)", "(keeping)"
"""Workers of no site, whose names no site can have."""
PLACES = {NEWS: "news", NUMBERS: "numbers", JOBS: "jobs", KEEPING: KEEPING}
"""What stands for the scale in their incidents."""
PROGRAM_FAULT = 70


class DutySite(NamedTuple):
    """A site, and what its duty does for it."""

    site: RoundSite
    rounds: Rounds[Any]

    @property
    def name(self) -> str:
        """That of the site, and of its worker."""
        return self.site.name

    @property
    def every_s(self) -> int:
        """So often there is a round."""
        return self.site.every_s


class DaemonTasks:
    """A worker for each site, one for news and one for numbers, and what is done at them."""

    def __init__(self, settings: Settings, clock: TickingClock, duties: Duties = DUTIES) -> None:
        self.settings, self.clock, self.duties = settings, clock, duties
        self.stopping = threading.Event()
        self.codes: set[int] = set()
        self.workers: dict[str, SiteWorker] = {}
        self._not_before: dict[tuple[str, str], float] = {}
        self._done: set[tuple[str, ...]] = set()  # tasks by site that were done once
        self._acts = 0
        self._slots: slots.Carrying | None = None
        self._daily = DailyScheduler(daily_of(duties))
        self._keeping = DailyKeeping(clock.ticks)
        self._is_new = True  # nobody has looked around by these settings yet
        self._signs: deque[tuple[str, str]] = deque(maxlen=SIGNS)
        for name in PLACES:  # they are asked for from the threads of others
            self.worker(name)

    def worker(self, name: str) -> SiteWorker:
        """The worker of a site, or that for news or numbers."""
        if name not in self.workers:
            self.workers[name] = SiteWorker(name, self.stopping, partial(self._failed, name))
        return self.workers[name]

    def sites(self) -> list[DutySite]:
        """What there are rounds of."""
        return [
            DutySite(site, rounds)
            for rounds in (duty.rounds() for duty in self.duties if duty.rounds)
            for site in rounds.sites(self.settings)
        ]

    def take(self, settings: Settings) -> None:
        """From the next task on go by these."""
        self.settings, self._is_new = settings, True
        self._not_before.clear()

    # offers ---------------------------------------------------------------------------------------

    def offer_round(self, of: DutySite) -> None:
        """One round of a site, unless one goes on."""
        worker, name = self.worker(of.name), of.rounds.collect.name
        if not worker.offer(name, partial(self._collect, of)):
            with logs.at(site=of.name):
                count = worker.skipped[name]
                log.info("a round still goes on: this one is skipped, the %d. so far", count)

    def offer_daily(self, of: DutySite, must_yield: Callable[[], bool] = lambda: False) -> None:
        """What is due of the daily tasks; a long one ends when another task waits."""
        worker = self.worker(of.name)
        worker.offer(
            "daily", partial(self._do_daily, of, lambda: must_yield() or worker.is_waited_for())
        )

    def offer_news(self) -> None:
        """Mails, web hooks and signs of life that are due."""
        self.worker(NEWS).offer("spread", self.spread)

    def offer_look(self) -> None:
        """What no round can tell of; reports that are due; and jobs, once there are any."""
        self.worker(NUMBERS).offer("look", self._look)
        if self._slots is None or self._daily.is_wanted(self.settings):
            self.worker(JOBS).offer("jobs", self._see_to_jobs)

    def offer_reports(self) -> None:
        """The reports that are due today; they are queued, and carried by others."""
        if self._daily.is_wanted(self.settings):
            self.worker(JOBS).offer("reports", self._queue_reports)

    def offer_pruning(self) -> None:
        """What is older than it is kept, once a day; nobody waits for it."""
        if self._keeping.is_due(self.settings):
            self.worker(KEEPING).offer("prune", self.prune)

    def end_slots(self, within_s: float) -> bool:
        """Hand back the jobs in hand; whether all of it ended in time."""
        return self._slots is None or self._slots.stop(within_s)

    # tasks, in the threads of the workers ---------------------------------------------------------

    def _collect(self, of: DutySite, stop_token: StopToken) -> None:
        if (now := self._as_configured(of)) is None:
            return
        try:
            self._act(now.rounds.collect, now, stop_token, tell=self._sign)
        finally:
            self.offer_news()

    def _as_configured(self, of: DutySite) -> DutySite | None:
        """The site by the config of now: it may have been read anew while a task waited."""
        return next((one for one in self.sites() if one.name == of.name), None)

    def _do_daily(
        self, of: DutySite, must_yield: Callable[[], bool], stop_token: StopToken
    ) -> None:
        for task in of.rounds.daily:
            key, now = (of.name, task.name), self._as_configured(of)
            if now is None or self.clock.ticks() < self._not_before.get(key, 0.0):
                continue
            if not task.is_due(now.site, self.settings.daemon, self.clock.now()):
                continue
            self._not_before[key] = self.clock.ticks() + RETRY_S
            if self._act(task, now, stop_token, must_yield) == 0:
                self._not_before.pop(key, None)  # a reload may have forgotten it meanwhile

    def _act(
        self,
        task: SiteTask[Any],
        of: DutySite,
        stop_token: StopToken,
        must_yield: Callable[[], bool] = lambda: False,
        tell: Callable[[Settings, str, str], None] = lambda settings, name, sign: None,
    ) -> int:
        worker = self.worker(of.name)

        def watch(step: Step) -> None:
            worker.step = step
            stop_token.check()

        terms, now = self.settings.daemon, self.clock.now()
        with heartbeat.beating(self.settings, of.name, tell) as ended:
            code = task.act(TaskTurn(of.site, terms, now, stop_token, ended, watch, must_yield))
        self._collect_garbage(of.name, task.name)
        self.codes.add(code)
        return code

    def _collect_garbage(self, *done: str) -> None:
        """Look for what rounds have put off (seldom_searched): 3 KB of each would stay for ever.

        What is left of the first of its kind is the program's own, and is not looked through again:
        that took longer than an idle round itself.  Of the others every tenth looks for all.
        """
        self._acts += 1
        is_first = done not in self._done
        if is_first or self._acts % SEARCH_EVERY == 0:
            gc.collect()
        if is_first:
            self._done.add(done)
            gc.freeze()

    def _sign(self, settings: Settings, name: str, sign: str) -> None:
        """Sent by the worker for news: a slow address keeps no round waiting."""
        if settings.log.heartbeat_url:
            self._signs.append((name, sign))
            self.offer_news()

    def spread(self, stop_token: StopToken) -> None:
        """Send what is to be told."""
        while self._signs:
            stop_token.check()
            heartbeat.beat(self.settings, *self._signs.popleft())
        stop_token.check()
        self._look_at_log()
        notify.spread(self.settings, partial(ledgers_of, self.duties))
        notify.close_program_incident(self.settings, "task_failed", PLACES[NEWS])

    def _look(self, stop_token: StopToken) -> None:
        """What the first look by a config finds, such as another DELETE_MODE, is told at once."""
        is_new, self._is_new = self._is_new, False
        self.look_around(stop_token)
        if is_new:
            self.offer_news()

    def look_around(self, stop_token: StopToken) -> None:
        """Rounds that do not come, disks that fill up; and the numbers for monitoring."""
        for of in self.sites():
            stop_token.check()
            try:
                with contained(of.name):
                    of.rounds.look_ahead(of.site)
            except (StorageError, ProgramFault) as error:
                # its own round tells of it; the others have their turn
                with logs.at(site=of.name):
                    log.debug("%s", error)
        write_metrics(self.duties, self.settings)
        for kind in ("task_failed", StorageError.incident, DiskFull.incident):
            notify.close_program_incident(self.settings, kind, PLACES[NUMBERS])

    def _see_to_jobs(self, stop_token: StopToken) -> None:
        try:
            self._daily.look(self.settings, self.clock.now(), stop_token.check)
        finally:  # jobs that are there are carried whatever keeps further ones out
            if self._slots is None:
                self._slots = slots.start_slots(self.settings, self.duties)
        notify.close_program_incident(self.settings, "task_failed", PLACES[JOBS])

    def _queue_reports(self, stop_token: StopToken) -> None:
        self._daily.look(self.settings, self.clock.now(), stop_token.check)
        notify.close_program_incident(self.settings, "task_failed", PLACES[JOBS])

    def prune(self, stop_token: StopToken, most: int | None = None) -> None:
        """Forget what is older than it is kept, a piece at a time."""

        def rest() -> None:
            stop_token.check()
            self.stopping.wait(REST_S)

        self._keeping.prune(self.settings, self.duties, rest, most)
        notify.close_program_incident(self.settings, "task_failed", PLACES[KEEPING])

    def prune_once(self) -> None:
        """As much of it as who does not stay has the time for."""
        if not self._keeping.is_due(self.settings):
            return
        try:
            self.prune(StopToken(self.stopping), MOST_PIECES)
        except (RecordsError, StorageError, ConfigError) as error:
            self._failed(KEEPING, "prune", error)

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
        if name in (NUMBERS, JOBS, KEEPING):
            kind = error.incident or "task_failed"
            notify.program_incident(self.settings, kind, PLACES[name], str(error))

    def broken(self, what: threading.ExceptHookArgs) -> None:
        """A fault of the program ended a worker's thread; its message could quote an answer."""
        name = what.thread.name.removeprefix(THREAD) if what.thread else ""
        told = f"{name}: a fault of the program: {what.exc_type.__name__}"
        fault = what.exc_value or what.exc_type()
        log.critical("%s", told, exc_info=(what.exc_type, fault, what.exc_traceback))
        self.codes.add(PROGRAM_FAULT)
        place = PLACES.get(name) or heartbeat.incident_scale(name)
        notify.program_incident(self.settings, "task_failed", place, told, logged=True)
