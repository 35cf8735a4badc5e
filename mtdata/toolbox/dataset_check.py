"""Whether a dataset is as it was written, by its manifest; it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtdata.core.border import Border
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import DamageError, StorageError, UsageError
from mtdata.core.output.port import digest_of

MANIFEST = "manifest.json"
LARGEST = 64 << 20
"""No manifest is so long."""


def check_dataset(folder: Path) -> int:
    """How many files it has, each as it was written.

    UsageError (64) where there is no dataset; DamageError (74) names every file that is gone, is
    another one by now, or was put there since.
    """
    disk = FolderDisk(folder)
    if disk.size(MANIFEST) is None:
        raise UsageError(f"{folder}: is no dataset of `mtdata freeze`: it has no {MANIFEST}")
    with Border(DamageError, f"{folder / MANIFEST}: cannot be read"):
        listed = json.loads(disk.read(MANIFEST, 0, LARGEST))["files"]
        known = {str(one["path"]): (one["bytes"], one["sha256"]) for one in listed}
    faults = [*_changed(disk, known), *_unknown(folder, known)]
    if faults:
        raise DamageError("\n".join(f"{folder}: {fault}" for fault in faults))
    return len(known)


def _changed(disk: FolderDisk, known: dict[str, Any]) -> Iterator[str]:
    for path, (length, digest) in known.items():
        try:
            size = disk.size(path)
            if size is None:
                yield f"{path} is gone"
            elif size != length or digest_of(disk.stream(path)) != digest:
                yield f"{path} holds other bytes than were written"
        except StorageError as error:
            yield str(error)


def _unknown(folder: Path, known: dict[str, Any]) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if path not in known and path != MANIFEST and not file.is_dir():
            yield f"{path} was put there since"
