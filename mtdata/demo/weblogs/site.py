"""A Matomo on this machine, true to its wire; it never leaves 127.0.0.1.

What it re-creates, refusals and oddities included, stands in the facts on Matomo; where those are
measured on a real one they go before its code.  Used by `mtdata demo weblogs` and by tests, which
turn its switches (`settings`), switch faults on, and look at what was stored (`store`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from mtdata.demo.weblogs import faults
from mtdata.demo.weblogs.accounts import MatomoAccounts
from mtdata.demo.weblogs.archives import ArchiveRun, MatomoArchives
from mtdata.demo.weblogs.console import ARCHIVE_PATH, write_console
from mtdata.demo.weblogs.faults import MatomoExchange, MatomoFault, MatomoFaults
from mtdata.demo.weblogs.hits import HitReader
from mtdata.demo.weblogs.nginx import NginxConversation, declared_length, nginx_page
from mtdata.demo.weblogs.reports import MatomoReports, call_parameters
from mtdata.demo.weblogs.settings import MatomoSettings, MatomoWebsite
from mtdata.demo.weblogs.store import HitStore
from mtdata.demo.weblogs.tracking import BulkRequest, MatomoTracker, no_request
from mtdata.demo.wire import Call, StandIn, TLSFiles, WireAnswer, compact, whole

TRACKER_PATHS = ("/matomo.php", "/piwik.php")
API_PATHS = ("/", "/index.php")
MOST_CALLS = 100_000


@dataclass(frozen=True)
class MatomoCall:
    """A request that came, and the status that it got; 0 = the connection ended.

    `target` is bulk, single, api or other, `method` what was called of the API, `hits` how many
    came.
    """

    target: str
    method: str
    hits: int
    status: int


class MatomoSite(StandIn):
    """The tracker and the API at `url` while the `with` lasts; all methods are thread-safe.

    `cores` do the work of `settings.hits_per_s` together, so that one client gets its share alone.
    `now` is the server's clock (aware, UTC).  `most_hits` and `log` are those of HitStore.
    """

    def __init__(
        self,
        *websites: MatomoWebsite,
        port: int = 0,
        cores: int = 2,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_hits: int | None = None,
        log: Path | None = None,
        keep_alive_requests: int = 1000,
        tls: TLSFiles | None = None,
    ) -> None:
        super().__init__(
            port=port,
            keep_alive_requests=keep_alive_requests,
            tls=tls,
            conversation=partial(NginxConversation, early=self._early),
        )
        self.settings = MatomoSettings()
        if websites:
            self.settings.websites = {website.idsite: website for website in websites}
        self.accounts = MatomoAccounts(self.settings, now)
        self.store = HitStore(self.settings, now, most=most_hits, log=log)
        self._archives = MatomoArchives(self.settings, self.store, now)
        self._api = MatomoReports(self.settings, self.accounts, self._archives)
        reader = HitReader(self.settings, now)
        self._tracker = MatomoTracker(self.settings, self.accounts, reader, self.store, self._work)
        self._cores, self._free_cores = cores, threading.Semaphore(cores)
        self._faults = MatomoFaults(faults.KINDS)
        self._calls: deque[MatomoCall] = deque(maxlen=MOST_CALLS)
        self._lock = threading.Lock()
        self._count = 0

    # What tests turn and look at

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def calls(self) -> list[MatomoCall]:
        """The last 100,000 requests, in the order of their answers."""
        with self._lock:
            return list(self._calls)

    def fault(
        self,
        kind: str,
        *,
        target: str = "bulk",
        when: Callable[[MatomoExchange], bool] | None = None,
        nth: int | None = None,
        every: int = 1,
        times: int | None = None,
        **detail: Any,
    ) -> None:
        """Switch a fault of faults.KINDS on, for requests of a target (bulk, single, api).

        It strikes where `when` holds: the `nth` from now alone, or every so-many-th, `times` in
        all.  ValueError for an unknown kind, TypeError for a detail that the kind does not take.
        """
        self._faults.add(MatomoFault(kind, target, when, nth, every, times, detail))

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or those of one kind."""
        self._faults.heal(kind)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """While this lasts, nobody listens: connections are refused."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def archive(self) -> ArchiveRun:
        """Run core:archive."""
        return self._archives.run()

    def write_console(self, folder: Path) -> Path:
        """Write a `console` that runs core:archive here; its path."""
        return write_console(folder, self.url)

    # Answers

    def _early(self, call: Call) -> WireAnswer | None:
        """What is said before the body is read, None to go on."""
        try:
            if declared_length(call) > self.settings.max_body:
                return self._noted(call, "other", nginx_page(413))
        except ValueError:
            return self._noted(call, "other", nginx_page(400))
        target = "bulk" if call.path in TRACKER_PATHS else "api"
        exchange = self._exchange(lambda: nginx_page(500), target)
        answer = self._faults.early_answer(exchange)
        return None if answer is None else self._noted(call, target, answer)

    def _answer(self, call: Call) -> WireAnswer:
        if len(call.body) > self.settings.max_body:
            return self._noted(call, "other", nginx_page(413))
        self._closing.wait(self.settings.latency_s)
        if call.path in TRACKER_PATHS:
            return self._tracked(call)
        if call.path in API_PATHS:
            method = call_parameters(call).get("method", "")
            exchange = self._exchange(lambda: self._api.answer(call), "api", method)
            return self._noted(call, "api", self._faults.answer(exchange), method)
        if (call.method, call.path) == ("POST", ARCHIVE_PATH):
            return whole(compact(self._archives.run()._asdict()))
        return self._noted(call, "other", nginx_page(404))

    def _tracked(self, call: Call) -> WireAnswer:
        if call.method == "OPTIONS":
            return self._noted(call, "other", WireAnswer(204))
        with self._lock:
            self._count += 1
            number = self._count
        tracker, target = self._tracker, "bulk"
        request = tracker.read_bulk(call, number)
        serve: Callable[[BulkRequest], WireAnswer] = tracker.answer_bulk
        if request is None:
            request, target = tracker.read_single(call, number), "single"
            serve = tracker.answer_single
        if request is None:
            return self._noted(call, "other", no_request(call))
        exchange = self._exchange(partial(serve, request), target, request=request)
        answer = self._faults.answer(exchange)
        return self._noted(call, target, answer, hits=len(request.entries))

    def _exchange(
        self,
        serve: Callable[[], WireAnswer],
        target: str,
        method: str = "",
        request: BulkRequest | None = None,
    ) -> MatomoExchange:
        bulk = request or BulkRequest()

        return MatomoExchange(
            serve,
            self._closing.wait,
            target,
            method,
            bulk.entries,
            bulk.names_invalid,
            partial(self._tracker.track, bulk),
            partial(self._tracker.reply, bulk),
        )

    def _noted(
        self, call: Call, target: str, answer: WireAnswer, method: str = "", hits: int = 0
    ) -> WireAnswer:
        with self._lock:
            self._calls.append(MatomoCall(target, method, hits, answer.status))
        return answer

    def _work(self, hits: int) -> bool:
        """Take the time that so many hits take on one core; True = the server stopped meanwhile."""
        rate = self.settings.hits_per_s
        if not rate:
            return False
        with self._free_cores:
            return self._closing.wait(hits * self._cores / rate)
