"""News from decision to delivery, on ports: spooled first, entered as told, then sent in order.

A kill between two of these steps doubles at most the message in hand, and loses none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from mtdata.alerts.marker import Marker
from mtdata.alerts.message import Message, message
from mtdata.alerts.notice import AlertIntervals, News, Notice, due
from mtdata.alerts.outbox import Outbox, is_due, pause_s
from mtdata.alerts.telling import NotificationState
from mtdata.core.checks import PROGRAM
from mtdata.core.clock import SystemClock
from mtdata.core.errors import PostError, PostPutOff, StorageError

log = logging.getLogger(__name__)
MAIL, ESCALATION, OWNERS = "mail", "escalation", "owner"
STUCK = "news_stuck"
REFUSED_TRIES = 30
"""A message that is refused so often, for more than a day, is given up: others wait behind it."""
PUT_OFF_TRIES = 120
"""So often, for five days, it is tried for some who are put off while the others have it."""
PASS_S = 60.0
"""After so long in one pass a destination's other messages wait for the next."""
STALE = timedelta(days=2)


class Notices:
    """`books` are the ledgers' rooms `telling` by site, `posts` the destinations by name.

    `stuck` is told of each destination that was tried what is wrong with it, '' for nothing.
    `marker` keeps the time when something was told that nothing here could enter.
    """

    def __init__(
        self,
        books: Mapping[str, NotificationState],
        outbox: Outbox,
        posts: Mapping[str, Post],
        clock: SystemClock,
        stuck: Callable[[str, str], None],
        marker: Marker,
    ) -> None:
        self._books, self._outbox, self._posts = books, outbox, posts
        self._clock, self._stuck, self._marker = clock, stuck, marker

    def decide(self, intervals: AlertIntervals, host: str) -> None:
        """Spool what is due and enter it as told."""
        now = self._clock.now()
        news = [one for book in self._books for one in self._read(book, intervals)]
        for notice in due(news, now, intervals):
            messages = [
                message(part, name, host, now)
                for name in self._posts
                if (part := _part_for(name, notice)).items
            ]
            unspooled = self._spool(messages)
            if unspooled and self._marker.is_recent(now, intervals.digest):
                log.error("neither outbox nor ledger took the last news; these wait")
            elif self._send_unspooled(messages, unspooled):
                self._enter(notice, messages, at_once=bool(unspooled))

    def _read(self, book: str, intervals: AlertIntervals) -> list[News]:
        telling = self._books[book]
        try:
            telling.forget(self._clock.now() - STALE - 2 * intervals.digest)
        except StorageError as error:
            log.error("%s: what is long over cannot be entered as such: %s", book, error)
        try:
            return telling.news(book)
        except StorageError as error:
            log.error("%s: its incidents cannot be told: %s", book, error)
            return []

    def _spool(self, messages: Sequence[Message]) -> list[Message]:
        """Keep the messages until they are delivered; returns those that no disk takes."""
        unspooled = []
        for one in messages:
            try:
                self._outbox.put(one)
            except StorageError as error:
                log.error("%s; the message is sent at once instead", error)
                unspooled.append(one)
        return unspooled

    def _send_unspooled(self, messages: Sequence[Message], unspooled: Sequence[Message]) -> bool:
        """Send at once what was not spooled; whether anybody will know, or nobody is to."""
        sent = [self._is_sent(one) for one in unspooled]
        return len(unspooled) < len(messages) or any(sent) or not messages

    def _is_sent(self, one: Message) -> bool:
        if one.key in self._outbox.handed:
            return True
        fault = self._deliver(one)
        return fault is None or fault.is_partial

    def _enter(self, notice: Notice, messages: Sequence[Message], *, at_once: bool) -> None:
        """Enter in each ledger what was told; where it cannot be, the outbox remembers it."""
        for book in {one.book for one in notice.settled}:
            mine = [one for one in notice.settled if one.book == book]
            numbers = [one.incident.number for one in mine]
            first = [one.incident.number for one in mine if _is_told_now(one, notice)]
            over = [one.incident.number for one in mine if not one.is_open]
            late = notice.sort == "escalated"
            try:
                self._books[book].enter(
                    self._clock.now(),
                    told=() if late else first,
                    over=() if late else over,
                    escalated=numbers if late else (),
                )
            except StorageError as error:
                log.error("%s: that this was told cannot be entered: %s", book, error)
                for kept in messages:
                    self._outbox.remember(kept.key)
                if at_once:
                    self._marker.touch(self._clock.now())

    def send(self) -> None:
        """Deliver what waits and is due, for each destination in order."""
        for name, files in self._outbox.waiting().items():
            if name in self._posts:
                self._send_to(files)
                continue
            log.warning(
                "%d messages wait for %s, which is not configured: dropped", len(files), name
            )
            for file in files:
                self._remove(file)

    def _send_to(self, files: Sequence[str]) -> None:
        until = self._clock.ticks() + PASS_S
        for file in files:
            one = self._read_spooled(file)
            if one is None:
                continue
            if self._clock.ticks() > until:
                return
            is_done = is_due(one, self._clock.now()) and self._try_spooled(file, one)
            if not is_done and not one.to:  # who was put off holds up nobody else
                return

    def _try_spooled(self, file: str, one: Message) -> bool:
        """One try, entered before it is made: a kill within it leads to a pause, not to a storm."""
        tried = one.tried(self._clock.now() + timedelta(seconds=pause_s(one.tries)))
        self._rewrite(file, tried)
        fault = self._deliver(one)
        if isinstance(fault, PostPutOff):
            tried = tried.left_for(fault.left)
            self._rewrite(file, tried)
        if fault and not _is_given_up(fault, tried):
            return fault.is_partial
        if fault:
            log.error("a message is given up after %d tries: %s", tried.tries, one.subject)
        self._remove(file)
        return True

    def _read_spooled(self, file: str) -> Message | None:
        """None as well for one that cannot be read: it stays, and holds up no other."""
        try:
            return self._outbox.read(file)
        except StorageError as error:
            log.error("a message that waits cannot be read; the others go on: %s", error)
            return None

    def _remove(self, file: str) -> None:
        try:
            self._outbox.remove(file)
        except StorageError as error:
            log.error("%s; this program alone knows that this message is done", error)

    def _rewrite(self, file: str, one: Message) -> None:
        try:
            self._outbox.rewrite(file, one)
        except StorageError as error:
            log.error("%s; this program alone knows how often it was tried, and for whom", error)

    def _deliver(self, one: Message) -> PostError | None:
        try:
            odd = self._posts[one.destination].deliver(one)
        except PostError as error:
            if error.is_partial:
                log.info("told some of %s: %s", one.destination, one.subject)
            if one.destination != OWNERS or error.again:
                self._stuck(one.destination, str(error))
            else:  # one person's address is no trouble of the program
                log.warning("%s", error)
            return error
        log.info("told %s: %s", one.destination, one.subject)
        self._stuck(one.destination, odd)
        return None


def _is_given_up(fault: PostError, tried: Message) -> bool:
    is_refused = not fault.again and tried.tries >= REFUSED_TRIES
    return is_refused or (bool(tried.to) and tried.tries >= PUT_OFF_TRIES)


def _part_for(destination: str, notice: Notice) -> Notice:
    """What of a notice a destination gets: nobody is mailed that he cannot be mailed."""
    if destination == OWNERS:  # who ordered a job is told of that job alone
        return notice._replace(items=())
    if destination in (MAIL, ESCALATION) and (destination == ESCALATION) != (
        notice.sort == "escalated"
    ):
        return notice._replace(items=())
    own = (PROGRAM, STUCK, destination)
    return notice._replace(
        items=tuple(item for item in notice.items if item.news.damping_key != own),
        settled=tuple(one for one in notice.settled if one.damping_key != own),
    )


def _is_told_now(one: News, notice: Notice) -> bool:
    return notice.sort == "lasting" or one.told.opened_at is None


class Post(Protocol):
    """One destination of news: people's mail, or a web hook.  No message shows a secret."""

    def deliver(self, message: Message) -> str:
        """Hand it over once, whole, within bounds of time; returns what was odd, '' for nothing.

        PostError: not now, and perhaps it was taken all the same; PostRefused: not like this.
        PostPutOff: some addresses of several are to get it later; a message that has them as its
        `to` goes to them alone.
        """
        ...
