"""One report of CAKE on its way: swept into a spool, written, brought to its place, or dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from mtdata.cake import account as cake_account
from mtdata.cake import window as windows
from mtdata.cake.accounts import account_named
from mtdata.cake.cells import moment
from mtdata.cake.client.client import ReportPage
from mtdata.cake.client.reading import Row
from mtdata.cake.columns import DATES, KEYS, as_text
from mtdata.cake.spool import EVERY, MOST_ID, Spool
from mtdata.cake.spool import SpoolRow as Spooled
from mtdata.cake.sweep import probe, sweep
from mtdata.cake.window import Window, WindowSize
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import AnswerBroken, NotYet, WindowTooLarge
from mtdata.core.limiter import Turns
from mtdata.core.output import FileFacts
from mtdata.jobs.kind import Work

MOST_S = 86_400.0
PATIENCE_S = 60.0
"""So long a slot waits at the wish of an instance; beyond that the job does, without one."""
_CURRENCIES: dict[tuple[str, str], dict[str, str]] = {}
"""What each account's currencies are called, asked for once in the life of a child."""
_SIZES: dict[tuple[str, str, str], WindowSize] = {}
"""How long windows are by now, of each account and report: a part goes on where the last ended."""


def spools_of(work: Work, part: str) -> Leftovers:
    """The files in which a part of this job spools."""
    return Leftovers(work.settings.home / "state" / "spool", f"{work.job}-{part}")


class Leftovers:
    """A spool's files, whether it is open, closed, or was left by a killed child."""

    def __init__(self, folder: Path, stem: str) -> None:
        self.path = folder / f"{stem}.sqlite3"

    def remove(self) -> None:
        """Leave none of them."""
        disk = FolderDisk(self.path.parent)
        for ending in (".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".sqlite3-journal", ".part"):
            disk.remove(self.path.stem + ending)
        disk.remove(f".{self.path.stem}.part.staged")


def turns_of(settings: Settings, account: CakeConfig) -> Turns:
    """Turns of this machine, and of all that share the records where machines can share them."""
    own = cake_account.cake_limiter(settings.home, account, patience_s=PATIENCE_S)
    if not settings.database.is_shared:
        return own
    from mtdata.jobs.records.turns import SharedTurns

    name, rate = account.admin_domain, account.rate
    return SharedTurns(own, name, rate=rate, at_once=account.concurrency)


def sweep_up(work: Work) -> None:
    """Remove what jobs left in the spool that have ended, or are known no more."""
    from mtdata.jobs.records.queries import under_way

    folder = work.settings.home / "state" / "spool"
    if not folder.is_dir():
        return
    disk, living = FolderDisk(folder), under_way()
    for name in disk.names(""):
        if name.lstrip(".")[:36] not in living:
            disk.remove(name)


class ReportPart:
    """An account's report, asked for and delivered for one part of a job."""

    def __init__(self, work: Work, name: str) -> None:
        self._work, self._name = work, name
        self.account: CakeConfig = account_named(work.settings, work.parameters["account"])
        turns = turns_of(work.settings, self.account)
        self._client = cake_account.cake_client(self.account, turns, work.stop_token.check)
        self._output = cake_account.cake_output(self.account)
        self._columns = cake_account.cake_columns(self.account, name, {})
        self._open = ExitStack()
        self._open.callback(self._client.close)
        self._open.callback(self._output.close)

    def __enter__(self) -> ReportPart:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._columns.odd:
            cells = ", ".join(f"{name}: {count}" for name, count in self._columns.odd.items())
            told = f"cells that cannot be read stand as they came, or are empty ({cells})"
            self._work.say("WARNING", told)
        self._open.close()

    def spool(self, part: str, *, anew: bool = False) -> Spool:
        """The spool of a part; it goes on where an earlier attempt on this machine was cut off."""
        left = spools_of(self._work, part)
        if anew:
            left.remove()
        return Spool(left.path)

    def wait_for(self, window: Window) -> None:
        """NotYet while new rows are to be expected in the window; nothing was begun then."""
        settle = timedelta(seconds=self.account.settle_s)
        settled = windows.settled_at(window, self.account.timezone, settle)
        left_s = (settled - SystemClock().now()).total_seconds()
        if left_s > 0:
            raise NotYet(f"{window} has all its rows then (SETTLE)", left_s, untouched=True)

    # Rows come

    def fill(self, spool: Spool, stretch: Window) -> None:
        """Take every row of a stretch of the wall clock that is not in the spool yet."""
        self._meet()
        at, size = self._mark(spool, stretch)
        changes = windows.turns(stretch, self.account.timezone)
        for piece in windows.without_gaps(stretch, changes):
            if at < piece.end:
                size = self._sweep(spool, Window(max(at, piece.start), piece.end), size)
        for gap in windows.never(stretch, changes):
            probe(gap, self._ask)

    def _mark(self, spool: Spool, stretch: Window) -> tuple[datetime, WindowSize]:
        size = cake_account.first_window_size(self.account, self._name)
        if not spool.mark():
            return stretch.start, _SIZES.get(self._key, size)
        known = json.loads(spool.mark())
        now = timedelta(seconds=known["now"])
        most = min(size.most, timedelta(seconds=known.get("most", MOST_S)))
        at = datetime.fromisoformat(known["at"])
        return at, size._replace(now=now, most=most, waits=known["waits"])

    @property
    def _key(self) -> tuple[str, str, str]:
        return self.account.server, self.account.name, self._name

    def _sweep(self, spool: Spool, stretch: Window, size: WindowSize) -> WindowSize:
        rows = len(spool)
        for step in sweep(stretch, size, self._ask, self.account.row_cap):
            if step.page is not None:
                self._take(spool, step.page)
                continue
            size = _SIZES[self._key] = step.size
            lengths = {"now": size.now.total_seconds(), "most": size.most.total_seconds()}
            mark = {"at": step.window.end.isoformat(), "waits": size.waits, **lengths}
            spool.end(json.dumps(mark))
            rows = len(spool)
            self._work.progress(rows, step=str(step.window))
        return size

    def _take(self, spool: Spool, page: ReportPage[Spooled]) -> None:
        if page.start == 1:
            spool.begin()
        spool.put(page.rows)
        page.rows.clear()  # or they would stay until the next page has come

    def _ask(self, window: Window) -> Iterator[ReportPage[Spooled]]:
        ask: Callable[..., Iterator[ReportPage[Spooled]]] = getattr(self._client, self._name)
        return ask(window, self._spooled)

    def fill_changes(self, spool: Spool, days: Window) -> None:
        """Take every event that is new or changed since the first of these days.

        Where more changed than CAKE gives at once, all events of these days are taken instead.
        """
        self._meet()
        try:
            for page in self._client.changes(days.start, self._spooled):
                self._take(spool, page)
            spool.end(json.dumps({"at": days.end.isoformat(), "now": 1.0, "most": 1.0, "waits": 0}))
        except WindowTooLarge as fault:
            self._work.say("WARNING", f"{fault}; every event of these days is taken instead")
            self._sweep(spool, days, cake_account.first_window_size(self.account, self._name))

    def _meet(self) -> None:
        """Ask for the currencies, which also shows that this is an instance of CAKE at all."""
        account = self.account
        of = (account.server, account.name)
        if of not in _CURRENCIES:
            _CURRENCIES[of] = self._client.currencies()
        self._columns = cake_account.cake_columns(account, self._name, _CURRENCIES[of])

    def _spooled(self, row: Row) -> Spooled:
        try:
            id = int(row[KEYS[self._name]])
        except (KeyError, ValueError):
            raise AnswerBroken("a row has no id") from None
        if abs(id) > MOST_ID:
            raise AnswerBroken("a row's id is no 64-bit number")
        at, version = (as_text(row.get(of, "")) for of in (DATES[self._name], "last_updated"))
        return Spooled(id, at, version, self._columns.line(row))

    def stamps(self, spool: Spool) -> Iterator[tuple[int, datetime]]:
        """Id and wall-clock time of every row."""
        for id, at in spool.stamps():
            found = moment(at)
            if found is not None:
                yield id, found

    # A file goes out

    def deliver(self, spool: Spool, name: str, ids: tuple[int, int] = EVERY) -> None:
        """Bring the rows to their place as a whole file, and enter it.

        No rows at all never take the place of a file that has some.
        """
        left = spools_of(self._work, self._work.part)
        written = left.path.with_suffix(".part")
        facts = spool.write(written, self._columns.head(), ids)
        stands = self._output.size(name)
        if not facts.rows and stands is not None and stands > facts.size:
            told = f"{name}: no row came, so the file of {stands:,} bytes that stands there stays"
            self._work.say("WARNING", told)
        else:
            self._put(name, written, facts, stands)
        FolderDisk(written.parent).remove(written.name)
        self._work.progress(facts.rows, facts.rows)

    def _put(self, name: str, written: Path, facts: FileFacts, stands: int | None) -> None:
        tag = f"{self._work.job[:8]}-{self._work.attempt}"
        staged = self._output.stage(name, written, facts, tag)
        with self._work.fenced() as part:  # a stop finds the file, should we be killed behind it
            part.checkpoint = {"sha256": facts.sha256}
            part.save(update_fields=["checkpoint"])
        with self._work.fenced():
            place = self._output.publish(staged)
        if stands is not None:
            told = f"{name}: whole, it took the place of one of {stands:,} bytes"
            self._work.say("INFO", told)
        self._work.add_artifact(name, place, rows=facts.rows, size=facts.size, sha256=facts.sha256)

    def drop(self, name: str, part: str, *, finished: bool) -> None:
        """Leave nothing of a part; `finished`: nor the file, unless it is another job's as well."""
        from mtdata.jobs.records import queries

        spools_of(self._work, part).remove()
        self._output.drop(name)
        if not finished:
            return
        known = self._output.sha256(name)
        if known not in queries.digests_of(self._work.job):
            if known:
                self._work.say("WARNING", f"{name} stays: it is not what this job put there")
            return
        if other := queries.other_maker_of(f"{self._output.place}/{name}", known, self._work.job):
            self._work.say("INFO", f"{name} stays: {other} made the same file")
            return
        self._output.remove(name)
        self._work.say("INFO", f"{name} is removed")
