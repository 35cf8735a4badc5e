"""Where each part of a backup goes: into a new home, or where a config says; it writes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mtdata.config import Settings
from mtdata.core.backups.manifest import KINDS, BackupManifest, BackupPart
from mtdata.core.errors import UsageError

WHOLE = ("state", "pool")
"""Parts that are renamed as a whole, into a place where nothing is; of others each file alone."""


class RestoreTarget(NamedTuple):
    """A part of a backup, and the folder that it is to become."""

    part: BackupPart
    folder: Path

    @property
    def is_whole(self) -> bool:
        """Whether the folder is renamed as one."""
        return self.part.kind in WHOLE

    @property
    def beside(self) -> Path:
        """The folder in which it is put together."""
        return self.folder.parent / self.staged

    @property
    def staged(self) -> str:
        """The name of that folder, which lies beside."""
        return f".{self.folder.name}.restoring"


def targets_in(manifest: BackupManifest, home: Path, names: Sequence[str]) -> list[RestoreTarget]:
    """Where each part goes in a new home; a pool that lay elsewhere goes to `pool-NAME` there."""
    targets = []
    for part in _wanted(manifest, names):
        place = part.place
        if os.path.isabs(place) or place == ".":
            place = f"pool-{part.name}" if part.kind == "pool" else part.kind
        targets.append(RestoreTarget(part, home / place))
    return targets


def targets_of(
    manifest: BackupManifest, settings: Settings, names: Sequence[str]
) -> list[RestoreTarget]:
    """Where each part goes by a config that is there, which stays: pools to their PATH.

    UsageError for a pool whose site the config does not have.
    """
    targets = []
    for part in _wanted(manifest, names):
        folder = settings.home / part.place
        if part.kind == "pool":
            folder = settings.site(part.name).path
        elif part.kind == "config":
            continue
        elif part.kind == "records":
            folder = Path(settings.database.name).parent
        targets.append(RestoreTarget(part, folder))
    return targets


def _wanted(manifest: BackupManifest, names: Sequence[str]) -> list[BackupPart]:
    """The parts that are to be restored; with names the pools of those sites alone."""
    pools = {part.name for part in manifest.parts if part.kind == "pool"}
    if lacking := sorted(set(names) - pools):
        known = ", ".join(sorted(pools)) or "none"
        raise UsageError(f"the backup has no pool of {', '.join(lacking)}; it has: {known}")
    parts = [p for p in manifest.parts if not names or (p.kind == "pool" and p.name in names)]
    return sorted(parts, key=lambda part: KINDS.index(part.kind))
