"""What can go wrong on the stand-in for Matomo, each kind one function and one line of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mtdata.demo.faults import Exchange, FaultList, drip, drop, hang, redirect
from mtdata.demo.weblogs.nginx import RESET, nginx_page
from mtdata.demo.weblogs.tracking import (
    EMPTY_500,
    GIF,
    NOT_A_TRACKER,
    NOTHING,
    BulkOutcome,
    counts_answer,
)
from mtdata.demo.wire import DROPPED, HTML, WireAnswer, whole

WARNING = (
    b'<br />\n<b>Warning</b>:  Undefined array key "idsite" in '
    b"<b>/var/www/matomo/core/Tracker/Request.php</b> on line <b>123</b><br />\n"
)
GONE_AWAY = b"Error:SQLSTATE[HY000]: General error: 2006 MySQL server has gone away"


@dataclass(frozen=True)
class MatomoExchange(Exchange):
    """A request on its way through the faults.

    `target` is bulk, single or api, `method` of the API what is called, `entries` the parameters of
    each hit, `names_invalid` whether its answer lists the invalid ones.  `track(indices)` stores
    hits as if nothing were wrong, `reply(outcome)` words what became of them.
    """

    target: str
    method: str
    entries: Sequence[Mapping[str, Any]]
    names_invalid: bool
    track: Callable[[Iterable[int]], BulkOutcome]
    reply: Callable[[BulkOutcome], WireAnswer]

    @property
    def urls(self) -> list[str]:
        """The URL of each hit, '' where it has none."""
        return [str(entry.get("url", "")) for entry in self.entries]

    def track_share(self, stored: str) -> None:
        """Store all hits, none, or half of them ("part")."""
        count = {"all": len(self.entries), "part": len(self.entries) // 2, "none": 0}[stored]
        self.track(range(count))

    def target_index(self, index: int | None) -> int:
        """The hit that is meant: the one in the middle, if none is named."""
        return len(self.entries) // 2 if index is None else index

    def others(self, index: int | None) -> list[int]:
        """Every hit but that one."""
        return [i for i in range(len(self.entries)) if i != self.target_index(index)]


def _late(exchange: MatomoExchange, *, seconds: float) -> WireAnswer:
    """Stored at once, and answered so much later."""
    answer = exchange.serve()
    exchange.pause(seconds)
    return answer


def _slow(exchange: MatomoExchange, *, seconds: float) -> WireAnswer:
    """Stored and answered so much later, whether the client is still there or not."""
    exchange.pause(seconds)
    return exchange.serve()


def _reset(exchange: MatomoExchange, *, after: bool = True) -> WireAnswer:
    if after:
        exchange.serve()
    return RESET


def _rollback(exchange: MatomoExchange, *, tracked: int = 1) -> WireAnswer:
    """A deadlock (1213): some were tracked, it says, and all is taken back."""
    return counts_answer(BulkOutcome(tracked), names_invalid=exchange.names_invalid, status=500)


def _lock_wait(
    exchange: MatomoExchange, *, index: int | None = None, stored: bool = True
) -> WireAnswer:
    """A lock was waited for too long (1205): a hit is in neither count, stored or not."""
    outcome = exchange.track(exchange.others(index))
    if stored:
        exchange.track([exchange.target_index(index)])
    return exchange.reply(outcome)


def _zero(exchange: MatomoExchange, *, stored: str = "none") -> WireAnswer:
    exchange.track_share(stored)
    return counts_answer(NOTHING)


def _all_invalid(exchange: MatomoExchange) -> WireAnswer:
    """As for a token that only secure requests may bring: nobody says which are invalid."""
    return counts_answer(BulkOutcome(0, list(range(len(exchange.entries)))))


def _invalid_hit(exchange: MatomoExchange, *, index: int | None = None) -> WireAnswer:
    """One good hit is taken for invalid, the rest is stored."""
    outcome = exchange.track(exchange.others(index))
    outcome.invalid = sorted([*outcome.invalid, exchange.target_index(index)])
    return exchange.reply(outcome)


def _uncounted(
    exchange: MatomoExchange, *, index: int | None = None, whole_batch: bool = False
) -> WireAnswer:
    """One hit, or the whole batch, is counted as tracked and is not stored."""
    outcome = exchange.track([] if whole_batch else exchange.others(index))
    outcome.tracked += len(exchange.entries) if whole_batch else 1
    return exchange.reply(outcome)


def _status(
    exchange: MatomoExchange,
    *,
    code: int,
    body: bytes | None = None,
    media: str = HTML,
    stored: str = "none",
) -> WireAnswer:
    """Any status with any body, nginx's page if none is given."""
    exchange.track_share(stored)
    return nginx_page(code) if body is None else whole(body, media, code)


def _warning(exchange: MatomoExchange) -> WireAnswer:
    """PHP prints a warning before the JSON."""
    answer = exchange.serve()
    body = WARNING + answer.body()
    return replace(answer, pieces=(body,), length=len(body))


def _gif(exchange: MatomoExchange, *, stored: str = "all") -> WireAnswer:
    return _status(exchange, code=200, body=GIF, media="image/gif", stored=stored)


def _gone_away(exchange: MatomoExchange, *, stored: str = "none") -> WireAnswer:
    """The database went while the hits were stored."""
    return _status(exchange, code=200, body=GONE_AWAY, stored=stored)


def _truncated(exchange: MatomoExchange, *, share: float = 0.5, ends: bool = False) -> WireAnswer:
    """That share of the answer; with `ends` its length is right, as if that were all."""
    answer = exchange.serve()
    body = answer.body()
    kept = body[: int(len(body) * share)]
    return replace(answer, pieces=(kept,), length=len(kept if ends else body), breaks=not ends)


def _bad_chunk(exchange: MatomoExchange, *, body: bytes = b"zz\r\n{not a chunk\r\n") -> WireAnswer:
    """The hits are stored, and the answer claims to be chunked and is not."""
    answer = exchange.serve()
    headers = (*answer.headers, ("Transfer-Encoding", "chunked"))
    return replace(answer, pieces=(body,), length=len(body), headers=headers, breaks=True)


def _closed_early(exchange: MatomoExchange, *, resets: bool = False) -> WireAnswer:
    """The connection ends before the body was read."""
    return RESET if resets else DROPPED


KINDS: dict[str, Callable[..., WireAnswer]] = {
    "late": _late,
    "slow": _slow,
    "drop": drop,
    "reset": _reset,
    "hang": hang,
    "drip": drip,
    "closed_early": _closed_early,
    "redirect": redirect,
    "rollback": _rollback,
    "lock_wait": _lock_wait,
    "zero": _zero,
    "all_invalid": _all_invalid,
    "invalid_hit": _invalid_hit,
    "uncounted": _uncounted,
    "not_bulk": lambda exchange: whole(NOT_A_TRACKER, HTML, 400),
    "status": _status,
    "empty_500": lambda _: EMPTY_500,
    "error": lambda exchange: counts_answer(NOTHING, status=500),
    "warning": _warning,
    "gif": _gif,
    "gone_away": _gone_away,
    "truncated": _truncated,
    "bad_chunk": _bad_chunk,
}
"""Every kind of fault; a new one is one line here."""
EARLY = frozenset({"closed_early"})
"""These strike before the body is there."""
NEEDING_HITS = frozenset({"lock_wait", "invalid_hit", "uncounted"})
"""These strike a hit, and so no request without any."""


@dataclass(eq=False)
class MatomoFault:
    """A fault that is switched on.

    It may strike requests of its `target` for which `when` holds: the `nth` of them alone, or every
    `every`-th, `times` in all.
    """

    kind: str
    target: str
    when: Callable[[MatomoExchange], bool] | None
    nth: int | None
    every: int
    times: int | None
    detail: dict[str, Any] = field(default_factory=dict)
    seen: int = 0

    def claims(self, exchange: MatomoExchange, *, early: bool) -> bool:
        """Whether this request is struck; it counts."""
        if (self.kind in EARLY) != early or self.target != exchange.target or self.times == 0:
            return False
        if self.kind in NEEDING_HITS and not exchange.entries:
            return False
        if self.when is not None and not self.when(exchange):
            return False
        self.seen += 1
        if self.seen != self.nth if self.nth is not None else self.seen % self.every:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class MatomoFaults(FaultList[MatomoFault]):
    """The faults that are switched on; thread-safe.  The newest that strikes answers."""

    def answer(self, exchange: MatomoExchange) -> WireAnswer:
        """The true answer, or what a fault makes of it."""
        return self._struck(exchange, early=False) or exchange.serve()

    def early_answer(self, exchange: MatomoExchange) -> WireAnswer | None:
        """What a fault makes of a request whose body is not there yet, None if none strikes."""
        return self._struck(exchange, early=True)

    def _struck(self, exchange: MatomoExchange, *, early: bool) -> WireAnswer | None:
        with self._lock:
            striking = [fault for fault in self._on if fault.claims(exchange, early=early)]
        if not striking:
            return None
        return KINDS[striking[-1].kind](exchange, **striking[-1].detail)
