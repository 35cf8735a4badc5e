"""An instance of CAKE on this machine, true to its wire; it never leaves 127.0.0.1.

What it re-creates, refusals and oddities included, stands in the facts on CAKE.  Its rows are
worked out from their numbers: 500,000 clicks a day take no room.  Used by `mtdata demo cake` and by
tests.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mtdata.demo.cake.calls import Asked, Misread, read, understood
from mtdata.demo.cake.faults import KINDS, TIMEOUT, CakeExchange, CakeFault, CakeFaults, fault_of
from mtdata.demo.cake.forms import JSON, Form
from mtdata.demo.cake.reports import DUPLICATE, PLAIN, TEST, Found, Reports
from mtdata.demo.wire import HTML, Call, StandIn, TLSFiles, WireAnswer, whole

KEY = "dNJFmId9rI"
MOST_CALLS = 100_000
MOST_ROWS = 100_000
CURRENCIES = ((1, "$", "US Dollar", "USD"), (2, "€", "Euro", "EUR"), (3, "£", "Pound", "GBP"))
LISTINGS = {
    "Clicks": "clicks",
    "EventConversions": "event_conversions",
    "EventConversionChanges": "event_conversions",
    "Currencies": "currencies",
}
FILTERS = (
    "affiliate_id advertiser_id offer_id campaign_id creative_id price_format_id event_id "
    "source_affiliate_id brand_advertiser_id site_offer_id"
).split()


class Asking(NamedTuple):
    """A call that came, without its key and password, and the status that it got."""

    operation: str
    version: int
    dialect: str
    given: dict[str, str]
    status: int


class CakeSite(StandIn):
    """The API at `domain` while the `with` lasts; all methods are thread-safe.

    `row_cap`: nothing comes behind that row.  `slow_above`: a window with more rows is a time-out.
    `arriving`: so many clicks come into the window with each call for a page of it.  `at_once`:
    more reports than that at a time are a time-out.  `json_for`: operations that speak JSON, None =
    all.
    """

    def __init__(
        self,
        *,
        zone: str = "Europe/Berlin",
        server_zone: str | None = None,
        clicks_a_day: int = 500_000,
        events_a_day: int = 5_000,
        seed: int = 1,
        dirty: bool = True,
        port: int = 0,
        tls: TLSFiles | None = None,
    ) -> None:
        super().__init__(port=port, keep_alive_requests=1000, tls=tls)
        self.zone: tzinfo = ZoneInfo(zone)
        self.reports = Reports(
            self.zone,
            ZoneInfo(server_zone or zone),
            clicks_a_day=clicks_a_day,
            events_a_day=events_a_day,
            seed=seed,
            dirty=dirty,
        )
        self.keys = {KEY}
        self.users = {"cake@example.com": ("p&ss wörd", KEY)}
        self.row_cap = MOST_ROWS
        self.slow_above: int | None = None
        self.arriving = 0
        self.at_once: int | None = None
        self.json_for: set[str] | None = None
        self._lock = threading.Lock()
        self._busy = 0
        self._calls: deque[Asking] = deque(maxlen=MOST_CALLS)
        self._faults = CakeFaults(KINDS)

    @property
    def domain(self) -> str:
        """The host and port that ADMIN_DOMAIN names."""
        return f"127.0.0.1:{self._port}"

    @property
    def calls(self) -> list[Asking]:
        """The last 100,000 calls, the oldest first."""
        with self._lock:
            return list(self._calls)

    def fault(
        self,
        kind: str,
        *,
        operation: str | None = None,
        every: int = 1,
        times: int | None = None,
        **detail: Any,
    ) -> None:
        """Switch a fault of cake_faults.KINDS on, for every so-many-th call of an operation."""
        self._faults.add(CakeFault(kind, operation, every, times, detail))

    def heal(self, kind: str | None = None) -> None:
        """Switch off all faults, or those of one kind."""
        self._faults.heal(kind)

    # Answers

    def _answer(self, call: Call) -> WireAnswer:
        asked = understood(call)
        if asked is None:
            return whole(b"<html><body>The resource cannot be found.</body></html>", HTML, 404)
        form = Form(
            asked.dialect, asked.operation, asked.version, LISTINGS.get(asked.operation, "")
        )
        exchange = CakeExchange(
            lambda: self._served(asked, form), self._closing.wait, asked.operation, form
        )
        answer = self._faults.answer(exchange)
        kept = {k: v for k, v in asked.given.items() if k not in ("api_key", "password")}
        with self._lock:
            self._calls.append(Asking(*asked[:3], kept, answer.status))
        return answer

    def _served(self, asked: Asked, form: Form) -> WireAnswer:
        speaks = self.json_for is None or asked.operation in self.json_for
        if asked.dialect == JSON and not speaks:
            return fault_of(form, "Request format is unrecognized.")
        try:
            values = read(asked)
        except Misread as fault:
            return fault_of(form, str(fault))
        if "api_key" in values and values["api_key"] not in self.keys:
            return whole(form.refused("Invalid API Key"), form.kind)
        if any(values.get(name, 0) < 0 for name in FILTERS):
            return whole(form.refused("Restricted"), form.kind)
        if any(values.get(name, 0) > 0 for name in FILTERS):
            return whole(form.refused("This stand-in filters by no id"), form.kind)
        serve = {
            "Clicks": self._clicks,
            "EventConversions": self._events,
            "EventConversionChanges": self._changes,
            "Currencies": self._currencies,
            "GetAPIKey": self._key_of,
            "Login": self._login,
        }[asked.operation]
        return serve(values, form)

    def _key_of(self, values: dict[str, Any], form: Form) -> WireAnswer:
        password, key = self.users.get(values["username"], ("", ""))
        matches = bool(password) and values["password"] == password
        return whole(form.text(key if matches else ""), form.kind)

    def _login(self, values: dict[str, Any], form: Form) -> WireAnswer:
        known = self.users.get(values["username"])
        if known is None or known[0] != values["password"]:
            return whole(form.refused("Invalid username and/or password"), form.kind)
        return whole(form.logged_in(known[1]), form.kind)

    def _currencies(self, values: dict[str, Any], form: Form) -> WireAnswer:
        rows = [_currency(form.dialect, *currency) for currency in CURRENCIES]
        return whole(b"".join(form.report(len(rows), rows)), form.kind)

    def _clicks(self, values: dict[str, Any], form: Form) -> WireAnswer:
        start, end = values["start_date"], values["end_date"]
        sorts = [PLAIN]
        sorts += [TEST] if values["include_tests"] else []
        sorts += [DUPLICATE] if values["include_duplicates"] else []
        count = self.reports.click_count(start, end, sorts)
        if self.slow_above is not None and count > self.slow_above:
            return fault_of(form, TIMEOUT)
        skip, limit = self._row_range(values)
        found = self.reports.newest_clicks(start, end, sorts, skip, limit)
        click, dialect = self.reports.click, form.dialect
        if self.arriving:
            found = iter(list(found))
            self.reports.arrive(start, self.arriving)
        return self._streamed(form, count, (click(one, dialect) for one in found))

    def _events(self, values: dict[str, Any], form: Form) -> WireAnswer:
        sorts = [PLAIN] if values["test_filter"] == "non_tests" else [PLAIN, TEST]
        found = self.reports.events_within(values["start_date"], values["end_date"], sorts)
        return self._sorted(values, form, found)

    def _changes(self, values: dict[str, Any], form: Form) -> WireAnswer:
        sorts = [PLAIN, TEST] if values["include_tests"] else [PLAIN]
        new = values["include_new_event_conversions"]
        return self._sorted(
            values, form, self.reports.events_changed(values["changes_since"], sorts, new=new)
        )

    def _sorted(self, values: dict[str, Any], form: Form, found: list[Found]) -> WireAnswer:
        if self.slow_above is not None and len(found) > self.slow_above:
            return fault_of(form, TIMEOUT)
        by_date = values["sort_field"] == "event_conversion_date"
        found.sort(
            key=lambda one: (one.born.wall_ms if by_date else 0, one.born.id),
            reverse=values["sort_descending"],
        )
        skip, limit = self._row_range(values)
        event, dialect = self.reports.event, form.dialect
        page = found[skip : skip + limit]
        return self._streamed(form, len(found), (event(one, dialect) for one in page))

    def _row_range(self, values: dict[str, Any]) -> tuple[int, int]:
        """Rows to leave out, and how many may come: row 0 is row 1, and behind the cap is nothing.

        A limit of 0 means all, as far as the cap.
        """
        skip = max(values["start_at_row"], 1) - 1
        limit = values["row_limit"] or self.row_cap
        return skip, max(0, min(limit, self.row_cap - skip))

    def _streamed(self, form: Form, count: int, rows: Iterable[bytes]) -> WireAnswer:
        with self._lock:
            if self.at_once is not None and self._busy >= self.at_once:
                return fault_of(form, TIMEOUT)
            self._busy += 1
        pieces = self._until_done(form.report(count, rows))
        return replace(whole(b"", form.kind), pieces=pieces, length=None)

    def _until_done(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        finally:
            with self._lock:
                self._busy -= 1

    # What tests look at

    def clicks_of(self, start: datetime, end: datetime, *sorts: str) -> list[dict[str, str]]:
        """The clicks of a window as a client should read them, the newest first."""
        found = self.reports.newest_clicks(start, end, list(sorts or (PLAIN,)), 0, 10**9)
        return [self.reports.click_row(one) for one in found]

    def events_of(self, start: datetime, end: datetime, *sorts: str) -> list[dict[str, str]]:
        """The events of a window as a client should read them, by id."""
        found = self.reports.events_within(start, end, list(sorts or (PLAIN,)))
        found.sort(key=lambda one: one.born.id)
        return [self.reports.event_row(one) for one in found]


def _currency(dialect: str, id: int, symbol: str, name: str, abbr: str) -> bytes:
    if dialect == JSON:
        told = f'"currency_id":{id},"currency_symbol":"{symbol}","currency_name":"{name}"'
        return f'{{{told},"currency_abbr":"{abbr}"}}'.encode()
    told = f"<currency_id>{id}</currency_id><currency_symbol>{symbol}</currency_symbol>"
    names = f"<currency_name>{name}</currency_name><currency_abbr>{abbr}</currency_abbr>"
    return f"<currency>{told}{names}</currency>".encode()
