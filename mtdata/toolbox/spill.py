"""The folder for what a database cannot keep in memory: answers, so nothing of it may be left.

It goes with the database.  What a killed process left is cleared by whoever opens one next.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import MTDataError
from mtdata.core.lock import PoolLock

PREFIX, CONTENT = "mtdata-spill-", "spill"
YOUNG_S = 60
"""A folder that is no older may be without its lock yet."""


@contextmanager
def spill_folder() -> Iterator[Path]:
    """A folder of our own, which nobody else reads (0700) and which is locked while it is there."""
    clear_abandoned(Path(gettempdir()))
    with TemporaryDirectory(prefix=PREFIX) as folder, PoolLock(Path(folder)).hold():
        yield Path(folder) / CONTENT


def clear_abandoned(parent: Path) -> None:
    """Remove such folders of our user whose process is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(MTDataError, OSError):  # it is at work, or another has cleared it
            if not _may_be_abandoned(folder):
                continue
            with PoolLock(folder).hold():
                FolderDisk(folder).clear(CONTENT)
            FolderDisk(parent).clear(folder.name)


def _may_be_abandoned(folder: Path) -> bool:
    """A folder of ours, not new, and no link: all may write to such a place."""
    found = os.stat(folder, follow_symlinks=False)
    age_s = SystemClock().now().timestamp() - found.st_mtime
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and age_s > YOUNG_S
