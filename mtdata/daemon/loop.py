"""The daemon: has done what is due, tells systemd how it is, and ends when it is asked to."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from mtdata import __version__, logs
from mtdata.alerts import notify
from mtdata.alerts.program_fault import contained
from mtdata.config import Settings
from mtdata.config.changes import changes
from mtdata.core import schedule
from mtdata.core.clock import SystemClock
from mtdata.core.errors import ConfigError, MTDataError, Stopped
from mtdata.core.exit_codes import exit_code
from mtdata.core.lock import PoolLock
from mtdata.core.past import past
from mtdata.core.stop import StopToken, WakeableSleep
from mtdata.core.systemd import Notifier
from mtdata.daemon.tasks import NEWS, DaemonTasks, DutySite
from mtdata.daemon.timetable import TickingClock, Timetable
from mtdata.duties import DUTIES
from mtdata.jobs.duty import Duties

log = logging.getLogger(__name__)
TICK_S, REST_S = 0.5, 10.0
"""So often it is looked what is in hand, and so long is slept at most where nothing is."""
BUSY = "another daemon (or `daemon --once`) is at work with this config; nothing was done."
LOOK_S = 60
"""How often it is looked whether a daily task, mail or numbers are due."""


class Daemon:
    """Everything of one config folder, until it is asked to end."""

    def __init__(
        self,
        load: Callable[[], Settings],
        clock: TickingClock | None = None,
        wait: Callable[[float], None] | None = None,
        systemd: Notifier | None = None,
        duties: Duties = DUTIES,
    ) -> None:
        """`wait` sleeps in the place of the loop: for a clock that is moved."""
        self._load, self._sleep = load, WakeableSleep()
        self._wait = wait or self._sleep.sleep
        self._clock = clock or SystemClock()
        self._tasks = DaemonTasks(load(), self._clock, duties)
        self._asked = ""
        self._table = Timetable(self._clock)
        self._systemd = systemd or Notifier()
        self._seen: dict[str, tuple[int | None, float]] = {}
        self._lock = PoolLock(self._tasks.settings.home / "state", BUSY)

    # asked from outside ---------------------------------------------------------------------------

    def ask_to_stop(self, *_: object) -> None:
        """For a signal: it only leaves word, since a lock might be taken at that moment."""
        self._asked = "stop"
        self._sleep.wake()

    def ask_to_reload(self, *_: object) -> None:
        """For a signal: the config is read anew before anything else is begun."""
        self._asked = self._asked or "reload"
        self._sleep.wake()

    # the two ways to work -------------------------------------------------------------------------

    def run(self) -> int:
        """Go on until asked to stop; the exit code.  BusyError when another daemon is at work."""
        with self._lock.hold():
            threading.excepthook = self._tasks.broken
            log.info("%s", _first_words(self._tasks.settings, self._tasks.duties))
            self._check_itself()
            self._plan()
            self._systemd.ready()
            while self._asked != "stop":
                self._tick()
                self._wait(self._rest_s())
            return self._end()

    def once(self) -> int:
        """Do what is due now, and end; the exit code of all of it."""
        tasks, begun = self._tasks, self._clock.ticks()
        with self._lock.hold():
            threading.excepthook = tasks.broken
            for site in tasks.sites():
                if self._is_due(site):
                    tasks.offer_round(site)
                tasks.offer_daily(site, partial(self._is_over, begun + site.every_s / 2))
            tasks.offer_reports()
            try:
                self._wait_for_all()
            except Stopped:
                self._end()
                raise
            tasks.look_around(StopToken())
            tasks.prune_once()
            tasks.spread(StopToken())
            return exit_code(tasks.codes)

    def _is_due(self, site: DutySite) -> bool:
        try:
            with contained(site.name):
                now, terms = self._clock.now(), self._tasks.settings.daemon
                return site.rounds.collect.is_due(site.site, terms, now)
        except MTDataError:
            return True  # the round will tell what is wrong, and the other sites have their turn

    def _is_over(self, until: float) -> bool:
        return self._clock.ticks() >= until

    def _wait_for_all(self) -> None:
        """The sites first: they hand on news."""
        for worker in sorted(self._tasks.workers.values(), key=lambda worker: worker.name == NEWS):
            while not worker.join(LOOK_S):
                log.debug("%s: %s goes on", worker.name, worker.in_hand)

    def _tick(self) -> None:
        if self._asked == "reload":
            self._asked = ""
            self._reload()
        if self._table.has_jumped():
            self._plan()
        self._table.run_pending()
        self._show()

    def _rest_s(self) -> float:
        """How long nothing can be due, and nothing changes that anybody is told of."""
        if any(worker.is_busy() for worker in self._tasks.workers.values()):
            return TICK_S
        return min(REST_S, max(TICK_S, self._table.next_in_s()))

    def _end(self) -> int:
        self._systemd.stopping()
        self._tasks.stopping.set()
        until = self._clock.ticks() + self._tasks.settings.daemon.stop_s
        stuck = [
            worker.name
            for worker in self._tasks.workers.values()
            if not worker.join(max(0.0, until - self._clock.ticks()))
        ]
        if not self._tasks.end_slots(max(0.0, until - self._clock.ticks())):
            stuck.append("a job")
        self._systemd.close()
        if stuck:
            log.error("%s did not end within STOP_S; the next start mends it", ", ".join(stuck))
            _end_at_once()
        log.info("the daemon ends")
        return 0

    # what is due ----------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Make the timetable anew; what is overdue by the ledgers comes at once."""
        self._table.clear()
        sites = self._tasks.sites()
        for place, site in enumerate(sites):
            self._tasks.worker(site.name)
            spread = schedule.offset(place, len(sites), site.every_s)
            wait_s = self._until_due(site) + spread
            self._table.every(site.every_s, partial(self._tasks.offer_round, site), wait_s)
            self._table.every(LOOK_S, partial(self._tasks.offer_daily, site), spread)
        self._table.every(LOOK_S, self._tasks.offer_news, LOOK_S)
        self._table.every(LOOK_S, self._tasks.offer_look)
        self._table.every(LOOK_S, self._tasks.offer_pruning, LOOK_S)

    def _until_due(self, site: DutySite) -> float:
        try:
            with contained(site.name):
                last = site.rounds.collect.last(site.site)
        except MTDataError:
            return 0.0  # the round will tell what is wrong
        now = self._clock.now()
        counted = past(last, now)
        if counted is None:
            return 0.0
        return max(0.0, site.every_s - (now - counted).total_seconds())

    # config and systemd ---------------------------------------------------------------------------

    def _check_itself(self) -> None:
        for site in self._tasks.sites():
            for finding in site.rounds.check_here(site.site):
                if finding.verdict == "bad":
                    with logs.at(site=site.name):
                        log.error("%s: %s", finding.what, finding.told)

    def _reload(self) -> None:
        """Take the config as it is now; a faulty one is told, and the old one holds."""
        self._systemd.reloading()
        before = self._tasks.settings
        try:
            self._tasks.take(self._load())
        except ConfigError as error:
            notify.program_incident(before, "config_refused", "", str(error))
        else:
            told = changes(before, self._tasks.settings)
            log.info("the config was read anew: %s", "; ".join(told) or "nothing changed")
            notify.close_program_incident(self._tasks.settings, "config_refused", "")
            self._plan()
        self._systemd.ready()

    def _show(self) -> None:
        """A sign of life, unless a task has been without one for too long; what is in hand."""
        stall_s = self._tasks.settings.daemon.stall_s
        stuck = [name for name in self._tasks.workers if self._is_stuck(name, stall_s)]
        if not stuck:
            self._systemd.alive()
        at_work = [worker for worker in self._tasks.workers.values() if worker.in_hand]
        busy = [f"{worker.name}: {worker.in_hand} {worker.step}".strip() for worker in at_work]
        self._systemd.status("; ".join(busy) or "waiting")

    def _is_stuck(self, name: str, stall_s: float) -> bool:
        beats, now = self._tasks.workers[name].beats(), self._clock.ticks()
        if beats is None or self._seen.get(name, (None, now))[0] != beats:
            self._seen[name] = beats, now
        return now - self._seen[name][1] > stall_s


def _first_words(settings: Settings, duties: Duties) -> str:
    """What an auditor looks for: which program, by which config, and the terms of each site."""
    rounds = [duty.rounds() for duty in duties if duty.rounds]
    sites = [told for one in rounds for told in one.site_terms(settings)]
    begins = f"the daemon begins: mtdata {__version__}, config {settings.folder}"
    return f"{begins}; sites: {', '.join(sites) or 'none'}"


def _end_at_once() -> NoReturn:
    logs.REPEATS.finish()
    logging.shutdown()
    os._exit(Stopped.exit_code)
