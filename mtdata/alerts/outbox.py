"""Messages that wait, one durable file each, in order; it delivers nothing and holds no secret."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from datetime import datetime

from mtdata.alerts.message import Message, MessageNewer
from mtdata.core.backoff import Backoff
from mtdata.core.errors import StorageError
from mtdata.core.ports import Disk

log = logging.getLogger(__name__)
MOST = 400
"""Files at most; beyond that the oldest of an ended job, else of digests, else of all gives way."""
MOST_BYTES = 16 << 20
"""No message is so long."""
PAUSES = Backoff(60.0, 3600.0, spread=0.0)
"""Exact: one program sends, and of two messages the older one should be due first."""
HANDED = "handed.json"
REMEMBERED = 200
_NAME = re.compile(r"(\d{10,})\.([a-z0-9-]+)\.([a-z]+)\.([0-9a-f]{32})\.json")


class Outbox:
    """`<number>.<destination>.<sort>.<key>.json`: the number keeps the order, the key the news one.

    `handed` remembers messages whose telling could not be entered in a ledger, so that a full disk
    there makes no flood here.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._handed: list[str] | None = None
        self._unwritten: dict[str, Message] = {}  # what the disk did not take, by its file's name
        self._done: set[str] = set()  # files that no disk let go: they are not sent again

    def put(self, message: Message) -> None:
        """Keep a message until it is delivered; one that waits already is not kept twice."""
        waiting = self._names()
        if message.key in self.handed or any(name[4] == message.key for name in waiting):
            return
        if len(waiting) >= MOST:
            self._give_way(waiting)
        number = int(waiting[-1][1]) + 1 if waiting else 1
        destination = message.destination.replace(" ", "-")
        name = f"{number:010d}.{destination}.{message.sort}.{message.key}.json"
        self._disk.replace(name, message.to_bytes())

    def waiting(self) -> dict[str, list[str]]:
        """File names by destination, each in its order."""
        found: dict[str, list[str]] = {}
        for name in self._names():
            if name[0] in self._done:
                with suppress(StorageError):  # it was said when it failed first
                    self.remove(name[0])
                continue
            found.setdefault(name[2].replace("-", " "), []).append(name[0])
        return found

    def read(self, name: str) -> Message | None:
        """The message of a file; None for one that somebody damaged: it is taken away.

        One of a newer program stays, and waits for that program: None as well.
        """
        if name in self._unwritten:
            return self._unwritten[name]
        try:
            return Message.from_bytes(self._content(name))
        except MessageNewer:
            log.warning("%s in the outbox is of a newer program, and waits for that", name)
            return None
        except ValueError:
            log.error("%s in the outbox is no message; it is dropped", name)
            self._disk.remove(name)
            return None

    def rewrite(self, name: str, message: Message) -> None:
        """Enter how often it was tried, and who is left; what no disk takes is known here."""
        self._unwritten[name] = message
        self._disk.replace(name, message.to_bytes())
        del self._unwritten[name]

    def remove(self, name: str) -> None:
        """It was delivered, or is given up; a file that no disk lets go waits no more here."""
        self._unwritten.pop(name, None)
        self._done.add(name)
        self._disk.remove(name)
        self._done.discard(name)

    @property
    def handed(self) -> list[str]:
        """Keys of messages that were taken care of though no ledger knows it."""
        if self._handed is None:
            self._handed = self._read_handed()
        return self._handed

    def remember(self, key: str) -> None:
        """Take a message by its key for sent, durably where the disk lets us."""
        if key in self.handed:
            return
        self._handed = [*self.handed, key][-REMEMBERED:]
        try:
            self._disk.replace(HANDED, json.dumps(self._handed).encode())
        except StorageError as error:
            log.error("what was sent cannot be remembered: %s", error)

    def _read_handed(self) -> list[str]:
        try:
            size = self._disk.size(HANDED)
            held = json.loads(self._disk.read(HANDED, 0, size)) if size else []
        except (StorageError, ValueError, RecursionError):
            return []
        return [str(key) for key in held][-REMEMBERED:] if isinstance(held, list) else []

    def newer(self) -> list[str]:
        """Files that a newer program left, which this one cannot deliver."""
        return [name[0] for name in self._names() if self._is_newer(name[0])]

    def _is_newer(self, name: str) -> bool:
        try:
            Message.from_bytes(self._content(name))
        except ValueError as error:
            return isinstance(error, MessageNewer)
        return False

    def _content(self, name: str) -> bytes:
        size = self._disk.size(name) or 0
        if size > MOST_BYTES:  # nothing of ours: memory is not risked for it
            raise ValueError("no message")
        return self._disk.read(name, 0, size)

    def _names(self) -> list[re.Match[str]]:
        found = (_NAME.fullmatch(name) for name in self._disk.names(""))
        return [match for match in found if match]

    def _give_way(self, waiting: list[re.Match[str]]) -> None:
        spare = (name for sort in ("job", "lasting") for name in waiting if name[3] == sort)
        oldest = next(spare, waiting[0])
        log.error("too many messages wait; dropped %s (%s to %s)", oldest[0], oldest[3], oldest[2])
        self._disk.remove(oldest[0])


def pause_s(tries: int) -> float:
    """Seconds until the next try: a minute, doubling, at most an hour."""
    return PAUSES.pause_s(tries + 1)


def is_due(message: Message, now: datetime) -> bool:
    """Whether the next try may be made; a clock that was put back makes no longer pause."""
    if message.next_at is None:
        return True
    return not 0 < (message.next_at - now).total_seconds() <= 3700
