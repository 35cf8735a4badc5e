"""Slots that look into the records themselves, a thread each; by themselves the embedded engine.

Of a broker they know nothing: with the engine `celery` one rings them, and they look less often.
"""

from __future__ import annotations

import logging
import site
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from uuid import UUID

from mtdata import logs
from mtdata.alerts import notify
from mtdata.alerts.program_fault import ProgramFault, contained
from mtdata.config import Settings
from mtdata.core.backoff import Backoff
from mtdata.core.clock import SystemClock
from mtdata.core.errors import MTDataError, RecordsError
from mtdata.jobs import job_news
from mtdata.jobs.empty_look import EmptyLook
from mtdata.jobs.kind import Kinds
from mtdata.jobs.memory import UNMEASURED, is_measured
from mtdata.jobs.pruning import DailyPruning
from mtdata.jobs.records import reaper, runners, setting
from mtdata.jobs.supervisor import Supervisor, SupervisorOptions
from mtdata.jobs.wakeup import Wakeup

log = logging.getLogger(__name__)
LOOK_S = 0.5
"""So often an idle slot looks whether there is something to carry."""
TABLE = "mtdata.duties"
"""The module whose KINDS the child carries; it lies above, so it is named and not imported."""
AWAY, STOOD_S = "records away: ", 5.0
"""An outage that comes back sooner is the same one: told with it, so that none fills the log."""
RESTS = Backoff(LOOK_S, 60.0)
"""How long a slot rests that could not carry, for another reason than the records."""
PLACE = "carrying jobs"
"""What stands for the scale in incidents of that."""
NEWS_S = 2.0
"""So long is waited in the end for news in hand; what is not sent waits in the outbox."""
STOPPING_S = 3600.0
"""A job that is not stopped by then has Failed: it never stays Stopping."""


def flags_of_child() -> tuple[str, ...]:
    """How the interpreter of a child is begun, so that it imports from where its runner does.

    No code of a PYTHONPATH; packages of the user alone where this program may be one of them, or
    the child would lack it, and whatever is installed for it.
    """
    return ("-E", "-P") if site.ENABLE_USER_SITE else ("-I",)


def options_of(settings: Settings, words: tuple[str, ...] = ()) -> SupervisorOptions:
    """The options of programme.config; `words` begin another child than the usual one."""
    own = (sys.executable, *flags_of_child(), "-m", "mtdata.jobs.child", TABLE)
    return SupervisorOptions((*(words or own), str(settings.folder)), settings.programme)


class OutageNotice:
    """Logs that the records cannot be used, and once that they can, whoever notices it.

    Only who has written to them knows that: a database that is read-only answers well.
    """

    lasts, _again_at = False, 0.0

    def tell(self, error: RecordsError) -> None:
        """Note a fault of the records; the log counts how often each reason comes."""
        if not self.lasts and SystemClock().ticks() - self._again_at > STOOD_S:
            logs.over(AWAY)  # this is another outage
        self.lasts = True
        log.warning(
            "%s; this runner goes on when it does", error, extra=logs.alike(f"{AWAY}{error}")
        )

    def over(self) -> None:
        """Note that the records work again."""
        if self.lasts:
            self.lasts, self._again_at = False, SystemClock().ticks()
            told = "the database of the records does what it is asked again"
            log.warning(told, extra=logs.alike(f"{AWAY}no more"))


class JobRunner:
    """Carries so many jobs at a time in threads, with a sweeper that finds the lost ones."""

    engine, look_s = "embedded", LOOK_S

    def __init__(
        self,
        settings: Settings,
        kinds: Kinds,
        options: SupervisorOptions | None = None,
        count: int = 0,
        spread: Callable[[Settings], None] = lambda settings: None,
    ) -> None:
        """`spread` sends what is to be told, where nobody else (the daemon) does."""
        self._settings, self._kinds, self._spread = settings, kinds, spread
        self._options = options or options_of(settings)
        self._count = count or max(1, settings.programme.slots)
        self._leaving, self._wakeup = threading.Event(), Wakeup()
        self._threads: list[threading.Thread] = []
        # of its own: a slow mail server holds up no job, and nobody waits for it in the end
        self._news = threading.Thread(target=self._tell, name="news", daemon=True)
        self._runner: UUID | None = None
        self._absence = OutageNotice()
        self._pruning = DailyPruning(settings, kinds)

    def start(self) -> None:
        """Open the records and begin to look.  RecordsError when they cannot be reached."""
        setting.open_migrated(self._settings.database)
        self._runner = runners.register(self.engine, self._count)
        reaper.reap(STOPPING_S)
        if not is_measured():
            log.warning("%s", UNMEASURED)
        self._begin("sweeper", self._sweep)
        self._news.start()
        for number in range(1, self._count + 1):
            self._begin(f"slot-{number}", self._serve)

    def _begin(self, name: str, act: object) -> None:
        thread = threading.Thread(target=act, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def call(self, job: str, count: int) -> None:
        """Further runners could carry that job now: wake those that sleep."""
        self._wakeup.wake()

    def stop(self, within_s: float) -> bool:
        """Hand back what is in hand and end; whether all of it ended in time."""
        clock = SystemClock()
        until = clock.ticks() + within_s
        self._leaving.set()
        self._wakeup.wake()
        for thread in self._threads:
            thread.join(max(0.0, until - clock.ticks()))
        if self._news.ident:
            self._news.join(NEWS_S)
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended and self._runner is not None:
            try:
                runners.mark_ended(self._runner)
            except RecordsError as error:
                log.warning("%s", error)
        return ended

    def is_well(self) -> bool:
        """Whether every thread is still there."""
        return all(thread.is_alive() for thread in self._threads)

    def is_settled(self) -> bool:
        """Whether it is at work by now: its records have answered, and who rings it is known."""
        return self._runner is not None

    def status(self) -> str:
        """What it does, in one line for whoever looks at the service."""
        if self._absence.lasts:
            return "the database of the records is away, and is asked again"
        return "looks for jobs"

    def drain(self) -> int:
        """Carry in this thread until nothing is left that may be carried; how often it did."""
        setting.open_migrated(self._settings.database)
        self._runner = runners.register(self.engine, 1)
        reaper.reap(STOPPING_S)
        count, supervisor = 0, self._supervisor()
        with closing(supervisor):
            while supervisor.work():
                count += 1
        self._tell_of_ends()
        self._pruning.run()
        runners.mark_ended(self._runner)
        return count

    def carry(self, job: str) -> None:
        """Begin to carry that job and no other, in a thread, beside whoever else carries it."""
        self._runner = runners.register(self.engine, 1)
        reaper.reap(STOPPING_S)
        self._begin("slot-1", partial(self._carry, job))

    def _carry(self, job: str) -> None:
        supervisor, faults = self._supervisor(), 0
        while not self._leaving.is_set():
            try:
                with contained(PLACE):
                    if supervisor.work(job):
                        faults = 0
                        continue
                    reaper.reap(STOPPING_S)
                    reaper.take_from_dead(job, self._settings.programme.heartbeat_s)
                    faults = 0
            except MTDataError as error:
                faults += 1
                self._note(error)
            self._leaving.wait(max(LOOK_S, RESTS.pause_s(faults)))
        supervisor.close()
        setting.close_records()

    def _note(self, error: MTDataError) -> None:
        """Tell why a slot could not carry; it rests and goes on."""
        if isinstance(error, RecordsError):
            self._absence.tell(error)
            return
        log.warning("%s; this slot goes on in a while", error, extra=logs.alike(str(error)))
        if isinstance(error, ProgramFault):
            notify.program_incident(
                self._settings, error.incident, PLACE, f"{error}\n{error.places}", logged=True
            )

    def _supervisor(self) -> Supervisor:
        return Supervisor(
            self._entered(),
            self._options,
            self._kinds,
            self._leaving,
            self.call,
            self._absence.tell,
        )

    def _entered(self) -> UUID:
        if self._runner is None:
            raise AssertionError("the slots were not started")
        return self._runner

    def _serve(self) -> None:
        supervisor, ticks, faults = self._supervisor(), SystemClock().ticks, 0
        last = EmptyLook(self._kinds.keys())
        while not self._leaving.is_set():
            count, began = self._wakeup.count, ticks()
            try:
                with contained(PLACE):
                    if not last.holds():
                        if supervisor.work():
                            self._absence.over()
                            faults = 0
                            continue
                        last.found_nothing()
                    supervisor.prepare()
                    pause_s, faults = self._pause_s(ticks() - began), 0
            except RecordsError as error:
                self._note(error)
                pause_s = LOOK_S
            except MTDataError as error:
                faults += 1
                self._note(error)
                pause_s = RESTS.pause_s(faults)
            self._wakeup.sleep(count, pause_s)
        supervisor.close()
        setting.close_records()

    def _pause_s(self, looked_s: float) -> float:
        """How long a slot may sleep that found nothing when it looked so many seconds ago."""
        return self.look_s

    def _sweep(self) -> None:
        runner = self._entered()
        while not self._leaving.wait(self._settings.programme.sweep_s):
            try:
                with contained(PLACE):
                    runners.mark_seen(runner)
                    self._absence.over()
                    if reaper.reap(STOPPING_S):
                        self._wakeup.wake()
            except MTDataError as error:
                self._note(error)
        setting.close_records()

    def _tell(self) -> None:
        while not self._leaving.wait(self._settings.programme.sweep_s):
            self._tell_of_ends()
        setting.close_records()

    def _tell_of_ends(self) -> None:
        try:
            job_news.tell_of_ends(self._settings, self._kinds)
            self._pruning.step()
        except RecordsError as error:
            self._absence.tell(error)
        self._spread(self._settings)
