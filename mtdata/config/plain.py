"""A config file's bytes: of a regular file, without waiting; links may lead to it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain(file: Path) -> bytes:
    """The whole file; OSError, also for a pipe or a device: they could keep us waiting for ever."""
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as opened:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        return opened.read()
