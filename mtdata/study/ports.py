"""Every promise that the program asks of the world, on one page; nothing here is carried out.

A port is a noun; an adapter says how (`mtdata/alerts`, `mtdata/study/collectors`).  Every method
raises only errors of mtdata/core/errors.py.  A fake and the real adapter pass the same contract suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mtdata.alerts.message import Message
from mtdata.study.model.forecast import Room
from mtdata.study.model.receipt import Answer
from mtdata.study.model.row import Opened

Work = TypeVar("Work")
__all__ = ["Cipher", "Clock", "Disk", "Lock", "Opened", "Post", "Replica", "Site"]


class Site(Protocol):
    """A study website.  SiteError and SiteRefused stop the site, PackageError the scale."""

    def listing(self) -> list[Mapping[str, Any]]:
        """The oneShot package as sent: [{"name", "size", "deleteable"}, ...], names unchecked."""
        ...

    def fetch(self, scale: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of one scale's package as they come; ends only when they are all there.

        A body that is short, too large (MAX_RESPONSE_MB) or no JSON is a PackageError.
        """
        ...

    def delete(self, scale: str, ids: Sequence[int]) -> Iterator[Answer]:
        """Ask once for each id over kept-alive connections, a few at a time; one answer each.

        Never raises for what the site or the network does: that is FAILED or REFUSED.  After a
        REFUSED the ids not asked yet come back REFUSED with the same reason, unasked.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Disk(Protocol):
    """One pool's folder; paths are relative to it.  Errors: StorageError with the path."""

    def size(self, path: str) -> int | None:
        """Bytes of the file, None when there is none."""
        ...

    def read(self, path: str, start: int, length: int) -> bytes:
        """That many bytes from there; fewer at the end of the file."""
        ...

    def stream(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of at most 1 MiB."""
        ...

    def write(self, path: str, start: int, content: bytes) -> None:
        """Put `content` at `start`, end the file behind it, and return when all of it is durable.

        A new file is durable by name as well.
        """
        ...

    def stage(self, path: str, pieces: Iterable[bytes]) -> str:
        """Write a file to be published as `path`, durable but for the name that is returned."""
        ...

    def publish(self, staged: str, path: str) -> None:
        """Give a staged file its name in one move, durably; what had the name before is gone."""
        ...

    def confirm(self, path: str) -> None:
        """Make durable what stands there now, bytes and name; a killed process may not have."""
        ...

    def replace(self, path: str, content: bytes) -> None:
        """Stage and publish small content."""
        ...

    def receive(self, path: str, pieces: Iterable[bytes]) -> int:
        """Write what may be asked for again (not yet durable) and return its length."""
        ...

    def remove(self, path: str) -> None:
        """Take a file away, durably; one that is not there is no error."""
        ...

    def names(self, folder: str) -> list[str]:
        """File names in the folder, sorted; none when there is no folder."""
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each of these names; far quicker than one by one."""
        ...

    def room(self) -> Room:
        """What is free for whoever writes here."""
        ...


class Cipher(Protocol):
    """The private keys of a site at work.  What it cannot open is StillSealed, never guessed.

    It alone says what may stand in a sealed place: a text that a key opened, nothing else.
    """

    def fingerprint(self) -> str:
        """Changes when held values are worth another try: other keys, other settings."""
        ...

    def key_names(self) -> list[str]:
        """File names of the keys in use."""
        ...

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Open each batch, in order, reading ahead a bounded number of batches.

        The values are whatever JSON can hold but null; each is a text again, or StillSealed.
        """
        ...

    def close(self) -> None:
        """End the worker processes."""
        ...


class Replica(Protocol):
    """A second place for raw ranges; it is asked from several threads, and never to remove any.

    ReplicaError: not now; ReplicaRefused: not before somebody mends it.  No message shows a secret.
    """

    @property
    def place(self) -> str:
        """Where it is, in one line; the ledger knows it by this."""
        ...

    def meet(self, *, first: bool) -> None:
        """Be the place that was used before; `first` = nothing of ours lies there yet."""
        ...

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Store the bytes durably under that name, whole or not at all; safe to do again.

        What stood there before is replaced.  ReplicaWrong when the SHA-256 that the replica
        worked out is another.
        """
        ...

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        """Whether exactly these bytes stand there now, by the replica's own SHA-256 or its bytes.

        False when there is no such copy or it is another; a list of names is no proof.
        """
        ...

    def read(self, name: str, length: int) -> bytes | None:
        """What stands there, as it is, at most one byte more than `length`; None for nothing."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Post(Protocol):
    """One destination of news: people's mail, or a web hook.  No message shows a secret."""

    def deliver(self, message: Message) -> str:
        """Hand it over once, whole, within bounds of time; returns what was odd, '' for nothing.

        PostError: not now, and perhaps it was taken all the same; PostRefused: not like this.
        PostPutOff: some addresses of several are to get it later; a message that has them as its
        `to` goes to them alone.
        """
        ...


class Held(Protocol):
    """A lock in hand."""

    def prove(self) -> None:
        """BusyError when somebody else may hold it by now."""
        ...


class Lock(Protocol):
    """One round at a time for a pool; dies with its holder."""

    def hold(self) -> AbstractContextManager[Held]:
        """Raises BusyError at once when somebody else holds it."""
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        ...

    def local(self, moment: datetime) -> datetime:
        """The same moment in the zone in which the site's days and file names are told."""
        ...
