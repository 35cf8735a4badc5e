"""One report of CAKE on its way: swept into a spool, written, brought to its place, or dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path

from mtdata.cake import account as cake_account
from mtdata.cake import window as windows
from mtdata.cake.accounts import account_named, settled_at
from mtdata.cake.cells import moment
from mtdata.cake.client.client import ReportPage
from mtdata.cake.client.reading import Row
from mtdata.cake.client.shapes import LearnedShapes
from mtdata.cake.columns import DATES, KEYS, as_text
from mtdata.cake.spool import EVERY, MOST_ID, Spool, SpoolTorn, remove_spool
from mtdata.cake.spool import SpoolRow as Spooled
from mtdata.cake.sweep import probe, sweep, unshifted
from mtdata.cake.window import Window, WindowSize
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import AnswerBroken, NotYet, WindowTooLarge
from mtdata.core.limiter import Turns
from mtdata.jobs.delivery import OutputDelivery
from mtdata.jobs.kind import Work
from mtdata.jobs.spooling import spool_file

MOST_S = 86_400.0
PATIENCE_S = 60.0
"""So long a slot waits at the wish of an instance; beyond that the job does, without one."""
_ID = attrgetter("id")
_CURRENCIES: dict[tuple[str, str], dict[str, str]] = {}
"""What each account's currencies are called, asked for once in the life of a child."""
_SIZES: dict[tuple[str, str, str], WindowSize] = {}
"""How long windows are by now, of each account and report: a part goes on where the last ended."""
_SHAPES: dict[tuple[str, str, str], LearnedShapes] = {}
"""The tags of its rows, of each account and report: no part begins by learning them anew."""


def spool_path(work: Work, part: str) -> Path:
    """The file in which a part of this job spools."""
    return spool_file(work, f"{part}.sqlite3")


def remove_leftovers(path: Path) -> None:
    """Leave nothing of a spool, nor of the file that was being written from it."""
    remove_spool(path)
    for name in (f"{path.stem}.part", f".{path.stem}.part.staged"):
        FolderDisk(path.parent).remove(name)


def turns_of(settings: Settings, account: CakeConfig) -> Turns:
    """Turns of this machine, and of all that share the records where machines can share them."""
    own = cake_account.cake_limiter(settings.home, account, patience_s=PATIENCE_S)
    if not settings.database.is_shared:
        return own
    from mtdata.jobs.records.turns import SharedTurns

    name, rate = account.admin_domain, account.rate
    return SharedTurns(own, name, rate=rate, at_once=account.concurrency)


class ReportPart:
    """An account's report, asked for and delivered for one part of a job."""

    def __init__(self, work: Work, name: str) -> None:
        self._work, self._name = work, name
        self.account: CakeConfig = account_named(work.settings, work.parameters["account"])
        turns = turns_of(work.settings, self.account)
        shapes = _SHAPES.setdefault(self._key, {})
        self._client = cake_account.cake_client(self.account, turns, work.stop_token.check, shapes)
        self._output = cake_account.cake_output(self.account)
        self._delivery = OutputDelivery(work, self._output)
        self._columns = cake_account.cake_columns(self.account, name, {})
        self._made_by = cake_account.rows_made_by(self.account, name)
        self._calls, self._faults = 0, 0  # counted so far
        self._open = ExitStack()
        self._open.callback(self._client.close)
        self._open.callback(self._output.close)

    def __enter__(self) -> ReportPart:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._count()
        if kind is None and self._columns.odd:
            cells = ", ".join(f"{name}: {count}" for name, count in self._columns.odd.items())
            told = f"cells that cannot be read stand as they came, or are empty ({cells})"
            self._work.say("WARNING", told)
        self._open.close()

    def _count(self) -> None:
        calls, faults = self._client.calls, self._client.faults
        self._work.count(calls - self._calls, faults - self._faults)
        self._calls, self._faults = calls, faults

    def _tell(self, rows: int, step: str = "", pending: int = 0) -> None:
        """Say how far it is; what is `pending` is void when its window has to be halved.

        Before a `step`, which is a whole window, this try has got no further than the one before.
        """
        self._count()
        sure = rows if step else 0
        self._work.progress(sure, step=step, pending=rows - sure + pending)

    def spool(self, part: str, *, anew: bool = False) -> Spool:
        """The spool of a part; it goes on where an earlier attempt on this machine was cut off."""
        path = spool_path(self._work, part)
        if not anew and (fault := self._unfit(path)):
            self._work.say("WARNING", f"{part}: {fault}; its rows are asked for again")
            anew = True
        if anew:
            remove_leftovers(path)
        return Spool(path)

    def _unfit(self, path: Path) -> str:
        """Why nothing can be added to what an earlier attempt left; '' where it can."""
        if not path.exists():
            return ""
        try:
            with Spool(path) as spool:
                mark = spool.mark()
        except SpoolTorn:
            return "what an earlier attempt left of it is damaged"
        if not mark or json.loads(mark).get("of") == self._made_by:
            return ""
        return "export.config was changed since an earlier attempt began it"

    def wait_for(self, window: Window) -> None:
        """NotYet while new rows are to be expected in the window; nothing was begun then."""
        left_s = (settled_at(self.account, window) - SystemClock().now()).total_seconds()
        if left_s > 0:
            what = "day" if window.length >= windows.DAY else "hour"
            raise NotYet(f"CAKE has not settled the {what} (SETTLE)", left_s, untouched=True)

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
        rows, whole = len(spool), ""
        for step in sweep(stretch, size, self._ask, self.account.row_cap):
            if step.page is not None:
                self._tell(rows, whole, pending=self._take(spool, step.page))
                continue
            size = _SIZES[self._key] = step.size
            lengths = {"now": size.now.total_seconds(), "most": size.most.total_seconds()}
            mark = {"at": step.window.end.isoformat(), "waits": size.waits, **lengths}
            spool.end(json.dumps({**mark, "of": self._made_by}))
            rows, whole = len(spool), step.window.clock
            self._tell(rows, whole)
        return size

    def _take(self, spool: Spool, page: ReportPage[Spooled]) -> int:
        """How many rows of its window came, with this page."""
        if page.start == 1:
            spool.begin()
        page.rows.sort(key=_ID)  # the newest come first, and a table grows best at its end
        spool.put(page.rows)
        came = page.start - 1 + len(page.rows)
        page.rows.clear()  # or they would stay until the next page has come
        return came

    def _ask(self, window: Window) -> Iterator[ReportPage[Spooled]]:
        ask: Callable[..., Iterator[ReportPage[Spooled]]] = getattr(self._client, self._name)
        return unshifted(ask(window, self._spooled), str(window), _ID)

    def fill_changes(self, spool: Spool, days: Window) -> None:
        """Take every event that is new or changed since the first of these days.

        Where more changed than CAKE gives at once, all events of these days are taken instead.
        """
        self._meet()
        try:
            pages = self._client.changes(days.start, self._spooled)
            for page in unshifted(pages, f"changes since {days.start.date()}", _ID):
                self._tell(0, pending=self._take(spool, page))
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
        at, version = as_text(row.get(DATES[self._name], "")), as_text(row.get("last_updated", ""))
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
        written = spool_path(self._work, self._work.part).with_suffix(".part")
        facts = spool.write(written, self._columns.head(), ids)
        stands = self._output.size(name)
        if not facts.rows and stands is not None and stands > facts.size:
            told = f"{name}: no row came, so the file of {stands:,} bytes that stands there stays"
            self._work.say("WARNING", told)
        else:
            self._delivery.put(name, written, facts, stands)
        FolderDisk(written.parent).remove(written.name)
        self._work.progress(facts.rows, facts.rows)

    def drop(self, names: Iterable[str], parts: Sequence[str], *, finished: bool) -> None:
        """Leave nothing of parts; `finished`: nor the files, unless they are another job's too."""
        for part in parts:
            remove_leftovers(spool_path(self._work, part))
        self._delivery.take_back(*names, finished=finished)
