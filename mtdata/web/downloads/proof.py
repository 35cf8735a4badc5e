"""Files of this machine that are proven to be what a job made, by their SHA-256; it sends nothing.

A path is walked without following a link: none stood in it when the job wrote there.  What was
proven is sent from the same descriptor, and no byte after something was changed.
"""

from __future__ import annotations

import logging
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePath
from threading import Lock
from typing import BinaryIO, NamedTuple

from mtdata.core.clock import SystemClock
from mtdata.core.errors import StorageError
from mtdata.jobs.records.models import Artifact

log = logging.getLogger(__name__)
CHANGED = "the file was changed since the job made it"
GONE = "the file is not there any more, or cannot be read"
PIECE, MOST_KNOWN = 1 << 20, 4096
SETTLED_S = 2.0
"""Where a file was changed more lately, its times may not show a change that comes yet."""
_SEARCH = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# NONBLOCK: a pipe that stands there in its place must not hold us up
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Lost(StorageError):
    """What the job made is not there any more as it was made."""

    again = False


class InodeFacts(NamedTuple):
    """What is other when a file is another one, or was changed."""

    device: int
    inode: int
    size: int
    changed_ns: int
    touched_ns: int


_KNOWN: OrderedDict[InodeFacts, str] = OrderedDict()
_ASKING = Lock()


def facts_of(file: BinaryIO) -> InodeFacts:
    """Of an open file, as they are now."""
    of = os.fstat(file.fileno())
    return InodeFacts(of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns)


def opened(artifact: Artifact) -> BinaryIO:
    """A file of this machine, open.  Lost when it is gone, or its length was changed."""
    try:
        file = os.fdopen(_walked(artifact.place), "rb")
    except (OSError, ValueError) as error:
        raise Lost(GONE) from error
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode) or artifact.size not in (None, facts.st_size):
        file.close()
        raise Lost(CHANGED)
    return file


def _walked(place: str) -> int:
    """The descriptor of a file by an absolute path.  OSError where there is none, or a link."""
    path = PurePath(place)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError("no absolute path")
    folder = os.open(path.anchor, _SEARCH)
    try:
        for name in path.parts[1:-1]:
            inner = os.open(name, _SEARCH, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(path.name, _READ, dir_fd=folder)
    finally:
        os.close(folder)


def pieces_of(file: BinaryIO, most: int = PIECE) -> Iterator[bytes]:
    """The bytes from where it stands.  Lost when it cannot be read."""
    try:
        while piece := file.read(most):
            yield piece
    except OSError as error:
        raise Lost(GONE) from error


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of the whole file; remembered for as long as nothing of it changes.

    Lost where the file is another now.
    """
    facts = facts_of(file)
    with _ASKING:
        if facts in _KNOWN:
            _KNOWN.move_to_end(facts)
            return _KNOWN[facts]
    digest = sha256()
    file.seek(0)
    for piece in pieces_of(file):
        digest.update(piece)
    file.seek(0)
    if facts_of(file) != facts:
        raise Lost(CHANGED)
    _remember(facts, digest.hexdigest())
    return digest.hexdigest()


def _remember(facts: InodeFacts, digest: str) -> None:
    last = max(facts.changed_ns, facts.touched_ns) / 1e9
    if SystemClock().now().timestamp() - last <= SETTLED_S:
        return
    with _ASKING:
        _KNOWN[facts] = digest
        while len(_KNOWN) > MOST_KNOWN:
            _KNOWN.popitem(last=False)


class ProvenFile:
    """A file whose bytes are those that the job entered; it ends where somebody changes it."""

    def __init__(self, artifact: Artifact) -> None:
        """Lost when they are not.  Where no digest was entered the length alone is known."""
        self._file = opened(artifact)
        try:
            self._facts = facts_of(self._file)
            if artifact.sha256 and digest_of(self._file) != artifact.sha256:
                raise Lost(CHANGED)
        except BaseException:
            self._file.close()
            raise
        self.size = self._facts.size
        self._told = artifact.name

    def read(self, most: int = -1) -> bytes:
        """OSError in the place of bytes that may be others than those that were proven."""
        content = self._file.read(most)
        if facts_of(self._file) != self._facts:
            log.error("%s was cut off on its way: %s", self._told, CHANGED)
            raise OSError(CHANGED)
        return content

    def seek(self, to: int, of: int = 0) -> int:
        """Move to a place, as `io` has it."""
        return self._file.seek(to, of)

    def tell(self) -> int:
        """The place in the file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """True: it is a file on a disk."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
