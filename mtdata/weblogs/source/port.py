"""What every source of web logs promises; it reaches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogObject:
    """One object as it was listed: `size` in bytes, `modified` aware, UTC.

    `etag` is the store's word for these very bytes, without quotes; of a folder's file
    SIZE-MTIME_NS.
    """

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime


class RawLog(Protocol):
    """The bytes of one object as they are stored, `size` of them."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, length: int) -> bytes:
        """The next bytes, at most so many; none only at the end.

        LogReplaced once the object is another one, LogSourceError when it cannot be read.
        """
        ...

    def read_at(self, start: int, length: int) -> bytes:
        """So many bytes from there on, fewer only at the end; raises as `read`."""
        ...


class LogSource(Protocol):
    """A bucket of logs, `place` for people; every call ends in time."""

    place: str

    def listing(self, prefix: str = "") -> Iterator[LogObject]:
        """Every object whose key begins so, in the order of keys as bytes of UTF-8.

        LogSourceError when it cannot be listed to its end; LogSourceRefused when it is not there.
        """
        ...

    def open(self, listed: LogObject) -> AbstractContextManager[RawLog]:
        """The object's bytes.  LogReplaced when it is gone or no longer the one that was listed."""
        ...

    def is_there(self, listed: LogObject) -> bool:
        """Whether the object stands there as it was listed."""
        ...

    def remove(self, listed: LogObject) -> None:
        """Remove the object if it is still the one that was listed, else raise LogReplaced.

        LogSourceRefused where the source cannot promise that.
        """
        ...

    def tag(self, listed: LogObject, name: str, value: str) -> None:
        """Put a tag beside the others of the object, if it is still the one that was listed.

        Raises LogReplaced when it is not, LogSourceRefused where there are no tags.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
