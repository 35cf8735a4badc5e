"""Files that jobs write on this machine before they go out: state/spool, each named by its job."""

from __future__ import annotations

import os
from pathlib import Path

from mtdata.core.disk import FolderDisk
from mtdata.jobs.kind import Work


def spool_file(work: Work, name: str) -> Path:
    """The file of that name that a job spools in; no other job's has its path."""
    return Path(work.settings.home / "state" / "spool" / f"{work.job}-{name}")


def sweep_up(work: Work) -> None:
    """Remove what jobs left in the spool that have ended, or are known no more."""
    from mtdata.jobs.records.queries import under_way

    folder = work.settings.home / "state" / "spool"
    if not folder.is_dir():
        return
    disk, living = FolderDisk(folder), under_way()
    for name in os.listdir(folder):
        if name.lstrip(".")[:36] not in living:
            disk.clear(name) if (folder / name).is_dir() else disk.remove(name)
