"""Who is told what is wrong: mail, web hooks, heartbeat, built from the config.

Nothing here fails or holds up what calls it for a fault of a mail server, a web hook or a disk.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mtdata.alerts.dispatch import ESCALATION, MAIL, OWNERS, STUCK, Notices, Post
from mtdata.alerts.incident import Incident, is_closed_by_hand
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.incidents import PROGRAM_LEDGER, Incidents
from mtdata.alerts.ledgers import IncidentLedgers, open_incidents
from mtdata.alerts.levels import level_of
from mtdata.alerts.marker import Marker
from mtdata.alerts.message import Message, message
from mtdata.alerts.messengers import messengers_of
from mtdata.alerts.notice import AlertIntervals, Item, News, Notice
from mtdata.alerts.outbox import MOST, Outbox
from mtdata.alerts.telling import NotificationState
from mtdata.config import Settings
from mtdata.core.checks import PROGRAM
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, PostError, StorageError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.core.sqlite import LedgerDatabase

log = logging.getLogger(__name__)
HOOK = "hook "
"""How the names of web hooks as destinations begin; a number follows."""
STATE = "state"
"""The folder of the program's own ledger and outbox, in its home."""
Pools = Callable[[Settings], IncidentLedgers]
"""The ledgers of sites."""
_outboxes: dict[Path, Outbox] = {}
_markers: dict[Path, Marker] = {}
"""One for each home, for as long as the process: what it could not write down it still knows."""


def posts_of(settings: Settings) -> dict[str, Post]:
    """The destinations, by the names under which messages wait for them."""
    posts = _hook_posts(settings) if settings.log.webhooks else {}
    posts |= messengers_of(settings.log)
    if mail := settings.log.mail:
        from mtdata.alerts.mail import MailPost  # where nobody is mailed it is not loaded

        posts[MAIL] = MailPost(mail, mail.to, settings.log.ca)
        if mail.escalate_to:
            posts[ESCALATION] = MailPost(mail, mail.escalate_to, settings.log.ca)
    return posts


def _hook_posts(settings: Settings) -> dict[str, Post]:
    from mtdata.alerts.hooks import HookPost, Manner  # with requests

    manner = Manner(settings.log.ca, settings.log.agent)
    keys = [one.get_secret_value() for one in settings.log.webhook_secrets]
    return {
        f"{HOOK}{number}": HookPost(number, url.get_secret_value(), manner=manner, secrets=keys)
        for number, url in enumerate(settings.log.webhooks, 1)
    }


def spread(settings: Settings, pools: Pools) -> None:
    """Decide what is due of every pool and the program, and send it; what cannot go out waits.

    Does nothing where no destination is configured, or while another program does it.
    """
    posts = posts_of(settings)
    if mail := settings.log.mail:
        from mtdata.alerts.mail import OwnerPost

        posts[OWNERS] = OwnerPost(mail, settings.log.ca)
    try:
        _forget_others(settings, posts)
        if not posts:
            return
        with ExitStack() as held:
            _lock(settings, held)
            _spread(settings, posts, pools)
    except BusyError:
        log.debug("another program spreads the news")
    except StorageError as error:
        log.error("news cannot be told: %s", error)


def _spread(settings: Settings, posts: dict[str, Post], pools: Pools) -> None:
    def stuck(destination: str, wrong: str) -> None:
        if wrong:
            program_incident(settings, STUCK, destination, wrong)
        else:
            close_program_incident(settings, STUCK, destination)

    outbox = _outbox(settings)
    terms, escalates = settings.log, bool(posts.keys() - {MAIL, OWNERS})
    intervals = AlertIntervals(
        timedelta(hours=terms.digest_h), timedelta(hours=terms.escalate_h) if escalates else None
    )
    marker = _marker(settings)
    marker.prepare()
    with _books(settings, pools) as books:
        notices = Notices(books, outbox, posts, SystemClock(), stuck, marker)
        notices.decide(intervals, socket.gethostname())
    notices.send()


def spool(settings: Settings, messages: Sequence[Message]) -> bool:
    """Have these wait for the next `spread`; False, and nothing changed, where that cannot be now.

    What waits already is not doubled.  StorageError where the disk takes none.
    """
    try:
        with ExitStack() as held:
            _lock(settings, held)
            outbox = _outbox(settings)
            # half is left to troubles: a night of ended jobs pushes none of them out
            if sum(map(len, outbox.waiting().values())) + len(messages) > MOST // 2:
                return False
            for one in messages:
                outbox.put(one)
    except BusyError:
        return False
    return True


def _outbox(settings: Settings) -> Outbox:
    folder = _state(settings) / "outbox"
    return _outboxes.setdefault(folder, Outbox(FolderDisk(folder)))


def _forget_others(settings: Settings, posts: dict[str, Post]) -> None:
    """What was stuck and is no longer configured is no trouble any more."""
    for one in program_incidents(settings):
        if one.kind == STUCK and one.scale not in posts:
            close_program_incident(settings, STUCK, one.scale)


def _lock(settings: Settings, held: ExitStack) -> None:
    """Hold the lock of the outbox; where the disk takes none, two may send one message."""
    try:
        held.enter_context(PoolLock(_state(settings) / "outbox").hold())
    except StorageError as error:
        log.error("the outbox cannot be locked: %s", error)


@contextmanager
def _books(settings: Settings, pools: Pools) -> Iterator[dict[str, NotificationState]]:
    """The ledgers that are there: each pool's, and the program's own."""
    with ExitStack() as held:
        books = {}
        for name, of in {**pools(settings), PROGRAM: ProgramLedger(settings)}.items():
            try:
                if of.is_there() and (ledger := of.open()):
                    books[name] = NotificationState(held.enter_context(closing(ledger)))
            except StorageError as error:
                log.error("%s: its incidents cannot be told: %s", name, error)
        yield books


def _state(settings: Settings) -> Path:
    return settings.home / STATE


def _ledger(settings: Settings) -> Path:
    return _state(settings) / LEDGER_FILE


def _opened(settings: Settings) -> LedgerDatabase:
    return LedgerDatabase(_ledger(settings), PROGRAM_LEDGER)


def _has_ledger(settings: Settings) -> bool:
    """Whether the program has one; one that is hidden from us can neither be read nor written."""
    return os.path.isfile(os.path.join(settings.home, STATE, LEDGER_FILE))


@dataclass(frozen=True, slots=True)
class ProgramLedger:
    """The ledger of the program's own incidents; they close when their cause is over."""

    settings: Settings

    def is_there(self) -> bool:
        """Port: IncidentLedger.is_there."""
        return _has_ledger(self.settings)

    def open(self) -> LedgerDatabase | None:
        """Port: IncidentLedger.open."""
        return _opened(self.settings) if self.is_there() else None

    def refuse_closing(self, number: int) -> None:
        """Port: IncidentLedger.refuse_closing."""
        known = {one.number: one.kind for one in open_incidents(self) or []}
        if not is_closed_by_hand(PROGRAM, known.get(number, "")):
            raise UsageError("an incident of the program closes when its cause is over")


def program_incident(
    settings: Settings, kind: str, scale: str, detail: str, *, logged: bool = False
) -> None:
    """Open or count an incident of the program's own.

    There is a line in the log, unless one was `logged`; a quiet one if it just lasts and is not
    critical.
    """
    level = logging.DEBUG if logged else level_of(kind)
    where = f"{PROGRAM} {scale}".strip()
    try:
        with closing(_opened(settings)) as ledger:
            new = Incidents(ledger).raise_incident(kind, scale, detail, SystemClock().now())
            if not new and level < logging.CRITICAL:
                level = logging.DEBUG
    except StorageError as error:
        log.error("%s: the incident could not be entered: %s", where, error)
        if kind != STUCK:
            _tell_at_once(settings, kind, scale, detail)
    log.log(level, "%s: %s: %s", where, KINDS[kind].title, detail)


def _tell_at_once(settings: Settings, kind: str, scale: str, detail: str) -> None:
    """Tell what no ledger takes, once in DIGEST_H: the disk is full, and nobody would know."""
    now, marker = SystemClock().now(), _marker(settings)
    if marker.is_recent(now, timedelta(hours=settings.log.digest_h)):
        return
    one = News(PROGRAM, Incident(0, kind, scale, detail, 1, now, now, None))
    notice = Notice("opened", (Item(one),), (one,))
    for name, post in posts_of(settings).items():
        if name == ESCALATION:
            continue
        try:
            post.deliver(message(notice, name, socket.gethostname(), now))
        except PostError as error:
            log.error("%s", error)
            if not error.is_partial:  # else the others would get it again
                continue
        marker.touch(now)


def _marker(settings: Settings) -> Marker:
    folder = _state(settings)
    return _markers.setdefault(folder, Marker(FolderDisk(folder), "told_at_once"))


def close_program_incident(settings: Settings, kind: str, scale: str) -> None:
    """Close it if it is open, also of a kind that stays in a pool; nothing is made for it."""
    if not _has_ledger(settings):
        return
    try:
        with closing(_opened(settings)) as ledger:
            if kind in (one.kind for one in Incidents(ledger).open_incidents(scale)):
                Incidents(ledger).close_as_mended(kind, scale, SystemClock().now())
                log.info("%s: incident closed: %s", f"{PROGRAM} {scale}".strip(), kind)
    except StorageError as error:
        log.error("%s: the incident could not be closed: %s", PROGRAM, error)


def program_incidents(settings: Settings) -> list[Incident]:
    """The program's own incidents that are open; none if unreadable."""
    try:
        return open_incidents(ProgramLedger(settings)) or []
    except StorageError as error:
        log.error("%s: its incidents cannot be read: %s", PROGRAM, error)
        return []
