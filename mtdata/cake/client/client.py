"""Asks an instance of CAKE for its reports, page by page, and counts what comes; it keeps nothing.

A page is given whole or not at all: until its last row is read it may be asked for again.  A page
that begins at row 1 begins its window anew, and what was given of that window before is void.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain, count
from typing import Generic, NamedTuple, TypeVar

from mtdata.cake.client import wire
from mtdata.cake.client.line import CakeConnection
from mtdata.cake.client.reading import WEB_PAGE, Head, Reader, Row, is_web_page
from mtdata.cake.client.reading_json import JsonRows
from mtdata.cake.client.reading_quick import QuickRows
from mtdata.cake.client.shapes import LearnedShapes, Shapes
from mtdata.cake.client.verdict import (
    MOST_OF_A_FAULT,
    WHITELIST,
    Restricted,
    Throttled,
    TooMany,
    key_of,
    of_head,
    of_status,
    pause_s,
    wish_of,
)
from mtdata.cake.client.wire import Question
from mtdata.cake.window import Window
from mtdata.config.export import CakeConfig
from mtdata.core.errors import (
    AnswerBroken,
    ExportError,
    ExportRefused,
    ExportSlow,
    NotYet,
    WindowTooLarge,
)
from mtdata.core.http import beginning
from mtdata.core.limiter import Turns

TRIES = 8
TRIES_AT_FIRST = 3  # while nothing shows that this is an instance of CAKE at all
TRIES_RESTRICTED = 4
TRIES_SLOW = 2  # of what cannot be halved
READINGS = 3
"""So often a window is read while its rows keep changing, or fewer come than were told."""
MOST_UNPAGED = 10_000  # currencies
MOST_A_ROW, LEAST_OF_A_PAGE = 64 * 1024, 64 * 2**20
"""Bytes that the rows of a page may have on an average, and what any page may have."""
FIRST_S = 60.0
"""So long an answer is waited for that holds no report, whatever TIMEOUT says."""

Made = TypeVar("Made")


class ReportPage(NamedTuple, Generic[Made]):
    """Rows from `start` on (1 = the window begins anew) of `row_count` in all."""

    start: int
    rows: list[Made]
    row_count: int


class Client:
    """One account; used by one thread at a time, and its limiter is shared by all."""

    def __init__(
        self,
        account: CakeConfig,
        limiter: Turns,
        beat: Callable[[], None] = lambda: None,
        *,
        backoff_s: float = 1.0,
        patience_s: float = math.inf,
        shapes: LearnedShapes | None = None,
    ) -> None:
        """`beat` is called at every step and piece, and may raise to end the work.

        An instance that wishes peace for longer than `patience_s` is NotYet.  `shapes`, for speed
        alone, are what earlier clients of the account have learned.
        """
        self._account, self._limiter, self._beat = account, limiter, beat
        self._backoff_s, self._patience_s = backoff_s, patience_s
        self._line = CakeConnection(account)
        self._answered = False
        self.calls, self.faults = 0, 0
        self._shapes: LearnedShapes = {} if shapes is None else shapes

    def clicks(self, window: Window, make: Callable[[Row], Made]) -> Iterator[ReportPage[Made]]:
        """Every click of the window, newest first, as `make` makes it of a row.

        WindowTooLarge when half the window should be asked for: too many rows, too slow, or fewer
        rows than the instance says that there are.
        """
        return self._pages(partial(wire.clicks, self._account, window), make, str(window))

    def conversions(
        self, window: Window, make: Callable[[Row], Made]
    ) -> Iterator[ReportPage[Made]]:
        """Every event of the window, by id; errors are those of `clicks`."""
        ask = partial(wire.conversions, self._account, window)
        return self._pages(ask, make, str(window))

    def changes(self, since: datetime, make: Callable[[Row], Made]) -> Iterator[ReportPage[Made]]:
        """Every event that is new or changed since a moment of the instance's wall clock.

        What changes meanwhile is added, never taken away: a row may come twice, none is left out.
        """
        ask = partial(wire.changes, self._account, since)
        return self._pages(ask, make, f"changes since {since:%Y-%m-%dT%H:%M:%S}", grows=True)

    def currencies(self, tries: int = TRIES) -> dict[str, str]:
        """The abbreviation of each currency by its id, which is this instance's own.

        Who does not give these few within a minute gives no report either.  `tries`: at most.
        """
        _, rows = self._insisted(wire.currencies(), lambda row: row, most=tries)
        return {
            row["currency_id"]: row.get("currency_abbr", "") for row in rows if "currency_id" in row
        }

    def api_key(self, user: str, password: str) -> str:
        """The key of a user of the instance, asked for once: somebody waits for the answer.

        LogInRefused when the instance does not accept the log-in.
        """
        head, _ = self._once(wire.api_key(user, password), lambda row: row)
        return key_of(head, self._line.host)

    def close(self) -> None:
        """Give the connection back."""
        self._line.close()

    # Pages

    def _pages(
        self,
        ask: Callable[[int], Question],
        make: Callable[[Row], Made],
        what: str,
        *,
        grows: bool = False,
    ) -> Iterator[ReportPage[Made]]:
        fault = ""
        for _ in range(READINGS):
            try:
                yield from self._read_through(ask, make, what, grows=grows)
                return
            except _Differs as error:
                fault = str(error)
        raise WindowTooLarge(f"{what}: {fault}, {READINGS} times in a row")

    def _read_through(
        self, ask: Callable[[int], Question], make: Callable[[Row], Made], what: str, *, grows: bool
    ) -> Iterator[ReportPage[Made]]:
        """One reading of a window.  _Differs when its pages do not fit together."""
        start, total, size = 1, -1, self._account.rows_a_page
        while start == 1 or start <= total:
            head, rows = self._answer_to(ask(start), make, what)
            told = head.row_count or 0
            if total >= 0 and (told < total or (told > total and not grows)):
                raise _Differs(f"row_count went from {total} to {told} between two pages")
            total = told
            expected = min(size, total - start + 1)
            if len(rows) != expected:
                raise _Differs(
                    f"row_count says {total}, and from row {start} on {len(rows)} rows came "
                    f"instead of {expected}"
                )
            yield ReportPage(start, rows, total)
            start += size

    # One call

    def _answer_to(
        self, question: Question, make: Callable[[Row], Made], what: str
    ) -> tuple[Head, list[Made]]:
        """An answer to a call about a window.  What is too slow is a window too large."""
        try:
            return self._insisted(question, make, tries_slow=1)
        except ExportSlow as fault:
            if not self._answered:
                raise  # it never answered at all: no window is short enough for that
            raise WindowTooLarge(f"{what}: {fault}", slow=True) from None
        except TooMany as fault:
            cap = self._account.row_cap
            raise WindowTooLarge(
                f"{what}: there are {fault.rows:,} rows, and CAKE gives none behind {cap:,}",
                rows=fault.rows,
            ) from None

    def _insisted(
        self,
        question: Question,
        make: Callable[[Row], Made],
        *,
        tries_slow: int = TRIES_SLOW,
        most: int = TRIES,
    ) -> tuple[Head, list[Made]]:
        """An answer, asked for again after faults that pass."""
        for attempt in count(1):
            try:
                return self._once(question, make)
            except (ExportRefused, TooMany) as fault:
                self.faults += isinstance(fault, ExportRefused)
                raise
            except ExportError as fault:
                self.faults += 1
                tries = {ExportSlow: tries_slow, Restricted: TRIES_RESTRICTED, Throttled: TRIES}
                usual = TRIES if self._answered else TRIES_AT_FIRST
                if attempt < min(most, tries.get(type(fault), usual)):
                    self._rest(attempt, fault)
                elif isinstance(fault, ExportSlow) and not self._answered:
                    advice = f"{fault}, and it never answered before. {WHITELIST}"
                    raise ExportSlow(advice) from None
                else:
                    raise
        raise AssertionError  # pragma: no cover - count() has no end

    def _rest(self, attempt: int, fault: ExportError) -> None:
        """Wait before another try, out of step with others.

        An instance that wants peace gets it from everybody: the account waits as a whole.
        """
        wait_s = pause_s(fault, attempt, self._backoff_s)
        if isinstance(fault, Throttled):
            self._limiter.hold_off(wait_s)
            if fault.wait_s > self._patience_s:
                raise NotYet(str(fault), fault.wait_s)
            return
        while wait_s > 0:
            self._beat()
            time.sleep(min(wait_s, 1.0))
            wait_s -= 1.0

    def _once(self, question: Question, make: Callable[[Row], Made]) -> tuple[Head, list[Made]]:
        kind, body = wire.body(question, self._account)
        most_s = math.inf if "row_limit" in question.parameters else FIRST_S
        host, self.calls = self._line.host, self.calls + 1
        with (
            self._limiter.turn(self._beat),
            self._line.ask(question.path, kind, body, most_s) as answer,
        ):
            if answer.status_code != 200:
                start = b"".join(beginning(self._line.pieces(answer), MOST_OF_A_FAULT))
                wish_s = wish_of(answer.headers.get("Retry-After"), answer.headers.get("Date"))
                raise of_status(answer.status_code, wish_s, start, host)
            reader = self._reader(question)
            made = self._read(question, reader, self._line.pieces(answer), make)
        fault = of_head(reader.head, question.listing, host)
        if fault is not None:
            raise fault
        self._answered = True
        return reader.head, made

    def _reader(self, question: Question) -> Reader:
        zone = self._account.server_timezone or self._account.timezone
        if self._account.dialect == "json":
            return JsonRows(question.listing, zone)
        row = question.listing.row
        return QuickRows(question.listing, self._shapes.setdefault(row, Shapes(row)))

    def _read(
        self,
        question: Question,
        reader: Reader,
        pieces: Iterator[bytes],
        make: Callable[[Row], Made],
    ) -> list[Made]:
        made: list[Made] = []
        most = int(question.parameters.get("row_limit", MOST_UNPAGED))
        cap = self._account.row_cap if "row_limit" in question.parameters else MOST_UNPAGED
        left = max(LEAST_OF_A_PAGE, most * MOST_A_ROW)
        try:
            for piece in chain(pieces, (None,)):
                self._beat()
                left -= len(piece or b"")
                if left < 0 or (not made and piece and is_web_page(piece)):
                    raise AnswerBroken(WEB_PAGE if left >= 0 else "it is longer than any report")
                if piece != b"":
                    made += map(make, reader.close() if piece is None else reader.feed(piece))
                if (reader.head.row_count or 0) > cap:
                    raise TooMany(reader.head.row_count or 0)
                if len(made) > most:
                    raise AnswerBroken(f"more rows came than the {most:,} that were asked for")
        except AnswerBroken as fault:
            raise AnswerBroken(f"{self._line.host}: {fault}") from None
        return made


class _Differs(Exception):
    """The pages of one reading do not fit together."""
