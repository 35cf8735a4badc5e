"""The daemon: hands each site's desk what is due, tells systemd, and ends when it is asked to."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from mtdata import app, checkup, news
from mtdata.adapters.clock import SystemClock
from mtdata.adapters.lock import PoolLock
from mtdata.adapters.notifier import Notifier
from mtdata.bulletin import exit_code
from mtdata.config import Settings, SiteConfig
from mtdata.desk import Desk
from mtdata.domain import schedule
from mtdata.duties import COLLECT, DAILY, Duty, Turn
from mtdata.errors import BusyError, ConfigError, MTDataError, Stopped
from mtdata.pulse import Pulse
from mtdata.timetable import Timetable

log = logging.getLogger(__name__)
TICK_S = 0.5
LOOK_S = 60
"""How often it is looked whether a daily duty, mail or numbers are due."""
RETRY_S = 3600.0
"""A daily duty that failed is tried again after this time."""
NEWS, NUMBERS = "news", "numbers"
SIGNS = 1000
"""So many signs of life wait at most for a slow HEARTBEAT_URL."""


class Daemon:
    """Everything of one config folder, until it is asked to end."""

    def __init__(
        self,
        load: Callable[[], Settings],
        clock: SystemClock | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._load, self._wait = load, wait
        self._clock = clock or SystemClock()
        self._settings = load()
        self._stopping = threading.Event()
        self._asked = ""
        self._desks: dict[str, Desk] = {}
        for name in (NEWS, NUMBERS):  # they are asked for from the threads of others
            self._desk(name)
        self._table = Timetable(self._clock)
        self._systemd = Notifier()
        self._not_before: dict[tuple[str, str], float] = {}
        self._signs: deque[tuple[str, str]] = deque(maxlen=SIGNS)
        self._seen: dict[str, tuple[int, float]] = {}
        self.codes: set[int] = set()

    # asked from outside ---------------------------------------------------------------------------

    def ask_to_stop(self, *_: object) -> None:
        """For a signal: it only leaves word, since a lock might be taken at that moment."""
        self._asked = "stop"

    def ask_to_reload(self, *_: object) -> None:
        """For a signal: the config is read anew at the next tick."""
        self._asked = self._asked or "reload"

    # the loop -------------------------------------------------------------------------------------

    def run(self) -> int:
        """Go on until asked to stop; the exit code.  BusyError when another daemon is at work."""
        with PoolLock(self._settings.home / "state").hold():
            threading.excepthook = self._broken
            self._check_itself()
            self._plan()
            self._systemd.ready()
            while self._asked != "stop":
                if self._asked == "reload":
                    self._asked = ""
                    self._reload()
                if self._table.has_jumped():
                    self._plan()
                self._table.run_pending()
                self._show()
                self._wait(TICK_S)
            return self._end()

    def once(self) -> int:
        """Do what is due now, and end; the exit code of all of it."""
        with PoolLock(self._settings.home / "state").hold():
            threading.excepthook = self._broken
            until = self._clock.ticks()
            for site in self._ready():
                if COLLECT.is_due(site, self._settings.daemon, self._clock.now()):
                    self._offer(site)
                late = partial(self._is_over, until + site.every_s / 2)
                self._desk(site.name).offer("daily", partial(self._daily, site, late))
            try:
                self._wait_for_all()
            except Stopped:
                self._end()
                raise
            self._look_around(Pulse())
            self._spread(Pulse())
            return exit_code(self.codes)

    def _wait_for_all(self) -> None:
        """The sites first: they hand on news."""
        for desk in sorted(self._desks.values(), key=lambda desk: desk.name == NEWS):
            while not desk.join(LOOK_S):
                log.debug("%s: %s goes on", desk.name, desk.in_hand)

    def _is_over(self, until: float) -> bool:
        return self._clock.ticks() >= until

    def _end(self) -> int:
        self._systemd.stopping()
        self._stopping.set()
        until = self._clock.ticks() + self._settings.daemon.stop_s
        stuck = [
            desk.name
            for desk in self._desks.values()
            if not desk.join(max(0.0, until - self._clock.ticks()))
        ]
        self._systemd.close()
        if stuck:
            log.error("%s did not end within STOP_S; the next start mends it", ", ".join(stuck))
            _end_at_once()
        log.info("the daemon ends")
        return 0

    # what is due ----------------------------------------------------------------------------------

    def _ready(self) -> list[SiteConfig]:
        return [site for site in self._settings.sites if site.ready]

    def _desk(self, name: str) -> Desk:
        if name not in self._desks:
            self._desks[name] = Desk(name, self._stopping, partial(self._failed, name))
        return self._desks[name]

    def _plan(self) -> None:
        """Make the timetable anew; what is overdue by the ledgers comes at once."""
        self._table.clear()
        sites = self._ready()
        for place, site in enumerate(sites):
            spread = schedule.offset(place, len(sites), site.every_s)
            wait_s = self._until_due(site) + spread
            self._table.every(int(site.every_s), partial(self._offer, site), wait_s)
            self._table.every(LOOK_S, partial(self._offer_daily, site), spread)
        self._table.every(LOOK_S, self._offer_news, LOOK_S)
        self._table.every(LOOK_S, lambda: self._desk(NUMBERS).offer("look", self._look_around))

    def _until_due(self, site: SiteConfig) -> float:
        try:
            last = COLLECT.last(site)
        except MTDataError:
            return 0.0  # the round will tell what is wrong
        now = self._clock.now()
        if last is None or last > now:
            return 0.0
        return max(0.0, site.every_s - (now - last).total_seconds())

    def _offer(self, site: SiteConfig) -> None:
        desk = self._desk(site.name)
        if not desk.offer(COLLECT.name, partial(self._collect, site)):
            log.info("%s: a round still goes on; this one is skipped", site.name)

    def _offer_daily(self, site: SiteConfig) -> None:
        desk = self._desk(site.name)
        desk.offer("daily", partial(self._daily, site, desk.is_waited_for))

    def _offer_news(self) -> None:
        self._desk(NEWS).offer("spread", self._spread)

    # tasks, in the threads of the desks -----------------------------------------------------------

    def _collect(self, site: SiteConfig, pulse: Pulse) -> None:
        self._sign(site, "start")
        good = False
        try:
            good = self._act(COLLECT, site, pulse) == 0
        finally:
            if not self._stopping.is_set():
                self._sign(site, "success" if good else "fail")

    def _daily(self, site: SiteConfig, must_yield: Callable[[], bool], pulse: Pulse) -> None:
        for duty in DAILY:
            key = (site.name, duty.name)
            if self._clock.ticks() < self._not_before.get(key, 0.0):
                continue
            if not duty.is_due(site, self._settings.daemon, self._clock.now()):
                continue
            self._not_before[key] = self._clock.ticks() + RETRY_S
            if self._act(duty, site, pulse, must_yield) == 0:
                del self._not_before[key]

    def _act(
        self,
        duty: Duty,
        site: SiteConfig,
        pulse: Pulse,
        must_yield: Callable[[], bool] = lambda: False,
    ) -> int:
        desk = self._desk(site.name)

        def watch(step: str) -> None:
            desk.step = step
            pulse.beat()

        terms, now = self._settings.daemon, self._clock.now()
        code = duty.act(Turn(site, terms, now, pulse, watch, must_yield))
        self.codes.add(code)
        news.close_program_incident(self._settings, site.name)
        return code

    def _sign(self, site: SiteConfig, sign: str) -> None:
        if self._settings.log.heartbeat_url:
            self._signs.append((site.name, sign))
            self._offer_news()

    def _spread(self, pulse: Pulse) -> None:
        while self._signs:
            pulse.beat()
            news.beat(self._settings, *self._signs.popleft())
        pulse.beat()
        news.spread(self._settings)

    def _look_around(self, pulse: Pulse) -> None:
        """What no round can tell of: rounds that do not come, disks that fill up."""
        for site in self._ready():
            pulse.beat()
            app.look_ahead(site)
        app.write_metrics(self._settings)

    # faults ---------------------------------------------------------------------------------------

    def _failed(self, name: str, task: str, error: MTDataError) -> None:
        """An error that no round entered: the pool cannot be opened, or somebody has it."""
        self.codes.add(error.exit_code)
        if isinstance(error, BusyError):
            log.info("%s: %s", name, error)
            return
        log.critical("%s: %s: %s", name, task, error)
        kind = error.incident or "task_failed"
        news.program_incident(self._settings, kind, name, str(error))

    def _broken(self, what: threading.ExceptHookArgs) -> None:
        """A fault of the program ended a desk's thread; its message could quote an answer."""
        places = "".join(traceback.format_tb(what.exc_traceback))
        name = what.thread.name if what.thread else "a thread"
        told = f"{name}: a fault of the program: {what.exc_type.__name__}"
        log.critical("%s\n%s", told, places)
        self.codes.add(70)
        news.program_incident(self._settings, "task_failed", "", told)

    # config and systemd ---------------------------------------------------------------------------

    def _check_itself(self) -> None:
        for site in self._ready():
            for finding in checkup.check_here(site):
                if finding.verdict == "bad":
                    log.error("%s: %s: %s", site.name, finding.what, finding.told)

    def _reload(self) -> None:
        """Take the config as it is now; a faulty one is told, and the old one holds."""
        self._systemd.reloading()
        try:
            self._settings = self._load()
        except ConfigError as error:
            log.error("the config was not taken, the old one holds: %s", error)
            news.program_incident(self._settings, "config_refused", "", str(error))
        else:
            log.info("the config was read anew")
            news.close_program_incident(self._settings, "", "config_refused")
            self._not_before.clear()
            self._plan()
        self._systemd.ready()

    def _show(self) -> None:
        """A sign of life, unless a task has been without one for too long; what is in hand."""
        now, stuck = self._clock.ticks(), []
        for name, desk in self._desks.items():
            beats = desk.beats()
            if beats is None or self._seen.get(name, (-1, 0.0))[0] != beats:
                self._seen[name] = (-1 if beats is None else beats, now)
            elif now - self._seen[name][1] > self._settings.daemon.stall_s:
                stuck.append(name)
        if not stuck:
            self._systemd.alive()
        busy = [f"{n}: {d.in_hand} {d.step}".strip() for n, d in self._desks.items() if d.in_hand]
        self._systemd.status("; ".join(busy) or "waiting")


def _end_at_once() -> NoReturn:
    logging.shutdown()
    os._exit(Stopped.exit_code)
