"""Who is told what is wrong: mail, web hooks, heartbeat, built from the config.

Nothing here fails or holds up what calls it for a fault of a mail server, a web hook or a disk.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from mtdata.alerts.dispatch import ESCALATION, MAIL, STUCK, Notices
from mtdata.alerts.incident import KINDS, Incident
from mtdata.alerts.marker import Marker
from mtdata.alerts.message import message, trial
from mtdata.alerts.notice import PROGRAM, Item, News, Notice, Pace
from mtdata.alerts.outbox import Outbox
from mtdata.alerts.posting import heart_beat, posts_of
from mtdata.alerts.telling import Telling
from mtdata.config import Settings
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, MTDataError, PostError, Stopped, StorageError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.study.ledger import Ledger
from mtdata.study.operations.known_pool import has_ledger
from mtdata.study.ports import Post
from mtdata.study.status.report import LEVELS, Report

log = logging.getLogger(__name__)
_outboxes: dict[Path, Outbox] = {}
_markers: dict[Path, Marker] = {}
"""One for each home, for as long as the process: what it could not write down it still knows."""


def spread(settings: Settings) -> None:
    """Decide what is due of every pool and the program, and send it; what cannot go out waits.

    Does nothing where neither MAIL nor WEBHOOKS is configured, or while another program does it.
    """
    posts = posts_of(settings)
    try:
        _forget_others(settings, posts)
        if not posts:
            return
        with ExitStack() as held:
            _lock(settings, held)
            _spread(settings, posts)
    except BusyError:
        log.debug("another program spreads the news")
    except StorageError as error:
        log.error("news cannot be told: %s", error)


def _spread(settings: Settings, posts: dict[str, Post]) -> None:
    def stuck(destination: str, wrong: str) -> None:
        if wrong:
            program_incident(settings, STUCK, destination, wrong)
        else:
            close_program_incident(settings, STUCK, destination)

    folder = _state(settings) / "outbox"
    outbox = _outboxes.setdefault(folder, Outbox(FolderDisk(folder)))
    terms, escalates = settings.log, ESCALATION in posts or len(posts) > (MAIL in posts)
    pace = Pace(
        timedelta(hours=terms.digest_h), timedelta(hours=terms.escalate_h) if escalates else None
    )
    marker = _marker(settings)
    marker.prepare()
    with _books(settings) as books:
        notices = Notices(books, outbox, posts, SystemClock(), stuck, marker)
        notices.decide(pace, socket.gethostname())
    notices.send()


def _forget_others(settings: Settings, posts: dict[str, Post]) -> None:
    """What was stuck and is no longer configured is no trouble any more."""
    for one in program_incidents(settings):
        if one.kind == STUCK and one.scale not in posts:
            close_program_incident(settings, STUCK, one.scale)


def _lock(settings: Settings, held: ExitStack) -> None:
    """Be the only one; where the disk does not even take a lock, two may tell the same."""
    try:
        held.enter_context(PoolLock(_state(settings) / "outbox").hold())
    except StorageError as error:
        log.error("the outbox cannot be locked: %s", error)


@contextmanager
def _books(settings: Settings) -> Iterator[dict[str, Telling]]:
    """The ledgers that are there: each pool's, and the program's own."""
    paths = {site.name: site.path / Ledger.NAME for site in settings.sites if has_ledger(site)}
    if _has_ledger(settings):
        paths[PROGRAM] = _ledger(settings)
    with ExitStack() as opened:
        books = {}
        for name, path in paths.items():
            try:
                books[name] = opened.enter_context(closing(Ledger(path))).telling
            except StorageError as error:
                log.error("%s: its incidents cannot be told: %s", name, error)
        yield books


def _state(settings: Settings) -> Path:
    return settings.home / "state"


def _ledger(settings: Settings) -> Path:
    return _state(settings) / Ledger.NAME


def _has_ledger(settings: Settings) -> bool:
    """Whether the program has one; one that is hidden from us can neither be read nor written."""
    with suppress(PermissionError):
        return _ledger(settings).is_file()
    return False


def beat(settings: Settings, site_name: str, sign: str) -> None:
    """Tell the heartbeat service that a round begins ("start") or how it ended.

    `sign` is "start", "success" or "fail".
    """
    try:
        heart_beat(settings, site_name, sign)
    except PostError as error:
        log.warning("%s", error)


@contextmanager
def beating(
    settings: Settings, site_name: str, tell: Callable[[Settings, str, str], None] = beat
) -> Iterator[list[Report]]:
    """The heartbeat around a round, which lays its report into the list; `tell` sends each sign.

    What the pool's own ledger could not take is entered in the program's.
    """
    ended: list[Report] = []
    tell(settings, site_name, "start")
    try:
        yield ended
    except (BusyError, UsageError, Stopped):  # it was none, or the next one goes on with it
        raise
    except MTDataError as error:
        _note_round(settings, site_name, [(error.incident or "task_failed", "", str(error))])
        tell(settings, site_name, "fail")
        raise
    _note_round(settings, site_name, [one for report in ended for one in report.unentered])
    well = all(report.exit in (0, 1) for report in ended)
    tell(settings, site_name, "success" if well else "fail")


def place_of(site_name: str) -> str:
    """What stands for the scale in an incident of the program's that concerns one pool."""
    return f"pool {site_name}"


def _note_round(settings: Settings, site_name: str, told: list[tuple[str, str, str]]) -> None:
    """Open what a round could not enter in its pool, and close what an earlier one could not."""
    pool = place_of(site_name)
    entered = {(kind, f"{pool} {scale}".strip()): detail for kind, scale, detail in told}
    for (kind, place), detail in entered.items():
        program_incident(settings, kind, place, detail)
    for one in program_incidents(settings):
        if f"{one.scale} ".startswith(f"{pool} ") and (one.kind, one.scale) not in entered:
            close_program_incident(settings, one.kind, one.scale)


def program_incident(
    settings: Settings, kind: str, scale: str, detail: str, *, logged: bool = False
) -> None:
    """Open or count an incident of the program's own.

    There is a line in the log, unless one was `logged`; a quiet one if it just lasts and is not
    critical.
    """
    level = logging.DEBUG if logged else LEVELS.get(KINDS[kind].level, logging.INFO)
    where = f"{PROGRAM} {scale}".strip()
    try:
        with closing(Ledger(_ledger(settings))) as ledger:
            new = ledger.diary.raise_incident(kind, scale, detail, SystemClock().now())
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
            marker.touch(now)
        except PostError as error:
            log.error("%s", error)
            if error.is_partial:  # the others would get it again
                marker.touch(now)


def _marker(settings: Settings) -> Marker:
    folder = _state(settings)
    return _markers.setdefault(folder, Marker(FolderDisk(folder), "told_at_once"))


def close_program_incident(settings: Settings, kind: str, scale: str) -> None:
    """Close it if it is open, also of a kind that stays in a pool; nothing is made for it."""
    if not _has_ledger(settings):
        return
    try:
        with closing(Ledger(_ledger(settings))) as ledger:
            if kind in (one.kind for one in ledger.diary.open_incidents(scale)):
                ledger.diary.close_as_mended(kind, scale, SystemClock().now())
                log.info("%s: incident closed: %s", f"{PROGRAM} {scale}".strip(), kind)
    except StorageError as error:
        log.error("%s: the incident could not be closed: %s", PROGRAM, error)


def program_incidents(settings: Settings, *, closed_too: bool = False) -> list[Incident]:
    """The program's own incidents that are open, or the newest of all; none if unreadable."""
    if not _has_ledger(settings):
        return []
    try:
        with closing(Ledger(_ledger(settings))) as ledger:
            return ledger.diary.incidents() if closed_too else ledger.diary.open_incidents()
    except StorageError as error:
        log.error("%s: its incidents cannot be read: %s", PROGRAM, error)
        return []


def closed_incidents(settings: Settings, book: str, before: int, most: int) -> list[Incident]:
    """Closed ones of a site or of the program with a lower number, the newest first."""
    path = _ledger(settings) if book == PROGRAM else settings.site(book).path / Ledger.NAME
    if not path.is_file():
        return []
    with closing(Ledger(path)) as ledger:
        return ledger.diary.closed(before, most)


class Tried(NamedTuple):
    """What became of a test message; `fault` is None when it was taken, `odd` what was odd then."""

    destination: str
    fault: MTDataError | None = None
    odd: str = ""


def try_out(settings: Settings) -> list[Tried]:
    """Send a test to every destination at once, past the outbox."""
    return [_tried(name, post) for name, post in posts_of(settings).items()]


def _tried(name: str, post: Post) -> Tried:
    try:
        return Tried(name, odd=post.deliver(trial(name, socket.gethostname(), SystemClock().now())))
    except PostError as error:
        return Tried(name, error)
