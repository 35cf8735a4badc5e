"""What every duty asks of this machine: disk, lock, clock; nothing here is carried out.

A port is a noun; an adapter says how.  Every method raises only errors of mtdata/core/errors.py.  A
fake and the real adapter pass the same contract suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol


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

    def draft(self, path: str, pieces: Iterable[bytes]) -> str:
        """Write a file for `publish_all`; neither its bytes nor the name returned are durable."""
        ...

    def publish_all(self, drafts: Mapping[str, str]) -> None:
        """Give drafts their names (by draft), all durable when it returns; else some, or none.

        None has its name before its bytes are durable.
        """
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
        """A moment in the zone in which the site's days and file names are told."""
        ...


LEAST_ROOM = 512 * 1024**2
"""Bytes; where less is free a disk is full before long."""


class Room(NamedTuple):
    """What is free on a disk for who writes there; `files` None where they are not counted."""

    bytes: int
    files: int | None = None
