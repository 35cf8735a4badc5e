"""Shuts out who guesses passwords: counts tries in the database, never by a name in clear.

A try is counted before its password is looked at, so that many at once are counted as well.  It is
taken back when it opened, and when nobody could be asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NoReturn

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from mtdata.core.errors import RecordsError
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.jobs.records.faults import RecordsBusy
from mtdata.web.access import throttle
from mtdata.web.access.relay import hide_password, seat_of
from mtdata.web.access.throttle import Count, LoginTurn
from mtdata.web.forwarded import share_of
from mtdata.web.models import Tries

SEATS = threading.BoundedSemaphore(2)
"""So many threads may wait for the turn of a name; whoever comes on top is told when to come."""
COUNTING, PATIENCE_S = threading.BoundedSemaphore(3), 0.5
"""So many threads may count a try at once: where somebody holds the records, counting waits for
them as long as one waits for a lock, and the other threads are for who is in."""
KNOWN = timedelta(days=90)
SWEEP_S = 60.0
_swept_at = [float("-inf")]


class Try(NamedTuple):
    """One try under way: the keys of its counts, and when its password may be looked at.

    `place` is '' where no instance is asked; who `is_known` has logged in so before.
    """

    pair: str
    address: str
    name: str
    place: str
    turn: LoginTurn
    now: datetime
    is_known: bool = False

    @property
    def wait_s(self) -> float:
        """Seconds until the password may be looked at."""
        return max(0.0, (self.turn.at - self.now).total_seconds())

    @property
    def shared(self) -> tuple[str, ...]:
        """The keys of its counts but for the pair's."""
        return tuple(key for key in (self.address, self.name, self.place) if key)


def _key(*words: str) -> str:
    return salted_hmac("mtdata.web.tries", "\0".join(words), algorithm="sha256").hexdigest()


def keys_of(name: str, address: str, place: str = "") -> tuple[str, str, str, str]:
    """Under what the pair, the address, the name and the instance are counted."""
    who, where = throttle.folded_name(name), share_of(address)
    at = _key("place", throttle.folded_name(place)) if place else ""
    return _key("pair", who, where), _key("address", where), _key("name", who), at


def begin(
    name: str, address: str, most_wait: timedelta = throttle.LONGEST_WAIT, place: str = ""
) -> Try:
    """Count a try, unless it is refused; nothing is asked before its turn.

    RecordsBusy, and nothing is counted, while others wait to count theirs.
    """
    keys = keys_of(name, address, place)

    def move() -> Try:
        at = now()
        known = {one.key: one for one in Tries.objects.filter(key__in=keys)}
        found = _judged(keys, known, at, most_wait)
        if found.turn.refused:  # nothing is written for whoever knocks on
            return found
        rows = [Tries(key=key, failures=0, last_at=at) for key in sorted(filter(None, keys))]
        Tries.objects.bulk_create(rows, ignore_conflicts=True)
        rows = list(Tries.objects.select_for_update().filter(key__in=keys))
        known = {one.key: one for one in rows}
        found = _judged(keys, known, at, most_wait)
        if not found.turn.refused:
            later = dict(zip(keys[1:], found.turn.next, strict=True))
            for row in rows:
                row.failures, row.last_at = _count(row).within(at) + 1, at
                row.next_at = later.get(row.key) or row.next_at
            Tries.objects.bulk_update(rows, ["failures", "last_at", "next_at"])
        return found

    with _counting():
        _sweep()
        return whole(move, patient=False)


@contextmanager
def _counting() -> Iterator[None]:
    if not COUNTING.acquire(timeout=PATIENCE_S):
        raise RecordsBusy("the records are held by others; nobody waits longer to log in")
    try:
        yield
    finally:
        COUNTING.release()


def _judged(
    keys: tuple[str, str, str, str], known: dict[str, Tries], at: datetime, most_wait: timedelta
) -> Try:
    counts = [_count(known[key]) if key in known else Count() for key in keys]
    pair, address, name, place = counts
    turn = throttle.login_turn(at, pair, address, name, most_wait, place if keys[3] else None)
    return Try(*keys, turn, at, is_known=pair.known_at is not None)


def _count(row: Tries) -> Count:
    return Count(row.failures, row.last_at, row.next_at, row.known_at)


def take_back(of: Try) -> None:
    """Undo the count of a try that was no failure after all."""
    counted = Tries.objects.filter(key__in=(of.pair, *of.shared), failures__gt=0)
    whole(lambda: counted.update(failures=F("failures") - 1), patient=False)


def put_off(request: HttpRequest, seconds: float) -> NoReturn:
    """Nobody is asked now: the try counts for nothing, and comes again after so many seconds.

    PermissionDenied, always.
    """
    found: Try = request.log_in_try
    take_back(found)
    turn = LoginTurn(found.now + timedelta(seconds=seconds), refused=True)
    request.log_in_try = found._replace(turn=turn)
    raise PermissionDenied("too many at once")


def opened(of: Try) -> None:
    """Note that the password was right: earlier failures of that pair do not count any more."""

    def move() -> None:
        others = Tries.objects.filter(key__in=of.shared, failures__gt=0)
        others.update(failures=F("failures") - 1)
        Tries.objects.filter(key=of.pair).update(failures=0, known_at=now())

    whole(move, patient=False)


def is_shut(of: Try) -> bool:
    """Whether the next try of that name from that address is refused."""
    with asking():
        row = Tries.objects.filter(key=of.pair).first()
    return row is not None and _count(row).within(of.now) >= throttle.OF_PAIR


def _sweep() -> None:
    """Forget what counts for nothing any more; once in a minute."""
    if time.monotonic() - _swept_at[0] < SWEEP_S:
        return
    _swept_at[0] = time.monotonic()

    def move() -> None:
        at = now()
        strange = Q(known_at=None) | Q(known_at__lt=at - KNOWN)
        Tries.objects.filter(strange, last_at__lt=at - throttle.WINDOW).delete()

    whole(move, patient=False)


def address_in(request: HttpRequest) -> str:
    """The address from which a request comes."""
    return str(request.META.get("REMOTE_ADDR", ""))


class ThrottleBackend(BaseBackend):
    """The first of all: lets nobody in, and sees to it that the others are not asked too often."""

    @hide_password
    def authenticate(
        self, request: HttpRequest | None, username: Any = None, password: Any = None, **more: Any
    ) -> None:
        """PermissionDenied, and nobody is asked, where it is refused; else when its turn comes."""
        if request is None or username is None:
            return
        place = str(more.get("admin_domain", ""))
        # who is asked for at an instance does not wait, and takes no seat for it
        with nullcontext(False) if place else seat_of(SEATS) as has_seat:
            most_wait = throttle.LONGEST_WAIT if has_seat else timedelta()
            found = begin(str(username), address_in(request), most_wait, place)
            request.log_in_try = found
            if found.turn.refused:
                raise PermissionDenied("too many wrong passwords")
            if found.wait_s:
                time.sleep(found.wait_s)
        if len(str(username)) > throttle.MOST_NAME:
            raise PermissionDenied("nobody has a name of that length")


class LockoutMiddleware:
    """Around every request: whoever is shut out is told so; a try that came to nothing is none."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, or a 429 with the time to wait."""
        response = self._answer(request)
        found: Try | None = getattr(request, "log_in_try", None)
        if found is None:
            return response
        if found.turn.refused:
            return refusal(request, found.wait_s)
        ended = getattr(request, "log_in_ended", None)
        if ended == "shut":
            return refusal(request, throttle.WINDOW.total_seconds())
        if ended is None:  # nobody could be asked
            with suppress(RecordsError):
                take_back(found)
        return response


def refusal(request: HttpRequest, wait_s: float) -> HttpResponse:
    """A 429 that says when to come again."""
    seconds = max(1, round(wait_s + 0.5))
    known = {"seconds": seconds, "minutes": -(-seconds // 60)}
    response = render(request, "web/locked.html", known, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
