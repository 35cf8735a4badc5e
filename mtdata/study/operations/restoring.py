"""A backup put back: every file beside its place, proven by its digest, then renamed as a whole.

Nothing that is there is written over.  A pool that was put back deletes nothing on its site before
`verify` has read all of it; what the site still has, the next listing says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from mtdata.core import owner
from mtdata.core.backups.manifest import BackedUpFile
from mtdata.core.backups.place import BackupPlace, FinishedBackup
from mtdata.core.backups.sending import RESTORED, Advance, kept_files
from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.errors import DamageError, StorageError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.core.output import digest_of
from mtdata.core.pool_files import LOCK
from mtdata.core.reach import DiskFull
from mtdata.core.words import size
from mtdata.study.operations.restore_targets import RestoreTarget
from mtdata.study.operations.restored_pool import mark_restored
from mtdata.study.operations.verify import Bar

MarkState = Callable[[Path, str, datetime], None]
TOLD = "put back from the backup {} of {}"
BUSY = "another restore is at work there; this one did nothing"
STANDS = (
    "{} is there already, and nothing is ever written over. Nothing was restored. Move it away, or "
    "name an empty folder: mtdata restore {} DIR"
)
MOUNTED = (
    "{} is where a disk is mounted, and a folder gets its name there in one move: write a folder "
    "below it into PATH, and move the pool's files later if you like. Nothing was restored"
)


class Restore:
    """One backup on its way back; called again after a cut it goes on."""

    def __init__(
        self, place: BackupPlace, chosen: FinishedBackup, now: datetime, mark_state: MarkState
    ) -> None:
        """`mark_state` enters in other ledgers of the state what a restore means to them."""
        self._place, self._chosen, self._now = place, chosen, now
        self._mark_state = mark_state
        self._advance: Advance = lambda count: None

    def refuse(self, targets: Sequence[RestoreTarget]) -> list[RestoreTarget]:
        """The targets that are still to be done; nothing is written.

        UsageError where something is in the way of one, or all were restored before; OwnerError
        for folders of another user; DiskFull where they do not fit.
        """
        for target in targets:
            owner.refuse(target.folder)
            if os.path.ismount(target.folder) and target.is_whole:
                raise UsageError(MOUNTED.format(target.folder))
        left = [one for one in targets if not self._is_restored(one)]
        if not left:
            raise UsageError(f"{self._chosen.backup} was restored there before; nothing was done")
        for target in left:
            if obstacle := _obstacle(target):
                raise UsageError(STANDS.format(obstacle, self._place.place))
        _refuse_full(left)
        return left

    def lacking(self, targets: Sequence[RestoreTarget]) -> list[str]:
        """Paths of files whose bytes the place of the backup does not have."""
        return [
            f"{target.part.title}: {file.path}"
            for target in targets
            for file in target.part.files
            if not self._place.has(file)
        ]

    def play(self, targets: Sequence[RestoreTarget], bar: Bar) -> None:
        """Put all files beside their places and prove them; then give the folders their names.

        BackupFault for a backup that is damaged, StorageError and DamageError for the disk here,
        BusyError while another restore is at work: then nothing has its name.
        """
        with ExitStack() as held:
            for target in targets:
                held.enter_context(PoolLock(target.beside, BUSY).hold())
            with bar(sum(target.part.size for target in targets)) as advance:
                self._advance = advance
                for target in targets:
                    self._stage(target)
            for target in targets:
                self._mark(target)
            for target in targets:
                _publish(target)

    def _mark(self, target: RestoreTarget) -> None:
        told = TOLD.format(self._chosen.backup, self._chosen.made_at)
        if target.part.kind == "pool":
            mark_restored(target.beside, told, self._now)
        elif target.part.kind == "state":
            self._mark_state(target.beside, told, self._now)

    # before anything has its name -----------------------------------------------------------------

    def _stage(self, target: RestoreTarget) -> None:
        disk = FolderDisk(target.beside)
        _clear(disk, {LOCK, *(file.path for file in target.part.files)})
        for file in target.part.files:
            self._file(disk, file)
        if target.is_whole:
            disk.replace(RESTORED, self._sign())

    def _file(self, disk: FolderDisk, file: BackedUpFile) -> None:
        """One file, written, read back and matched; what a cut run proved is read once more."""
        if disk.size(file.path) != file.size or digest_of(disk.stream(file.path)) != file.sha256:
            staged = disk.stage(file.path, self._place.pieces(file))
            if digest_of(disk.stream(staged)) != file.sha256:
                raise DamageError(f"{disk.root / file.path}: read back other bytes than written")
            disk.publish(staged, file.path)
        self._advance(file.size)

    def _sign(self) -> bytes:
        shown = {"backup": self._chosen.backup, "manifest": self._chosen.manifest}
        return f"{json.dumps(shown)}\n".encode()

    def _is_restored(self, target: RestoreTarget) -> bool:
        """Whether this very restore, cut off later, gave it its name already."""
        disk = FolderDisk(target.folder)
        if target.is_whole:
            there = disk.size(RESTORED)
            return there is not None and disk.read(RESTORED, 0, there) == self._sign()
        return all(_is_same(disk, file) for file in target.part.files)


def _clear(disk: FolderDisk, wanted: set[str]) -> None:
    """Take away what another restore left there.  StorageError for links: those are nobody's."""
    files, odd = kept_files(disk.root, everything=True)
    if odd:
        raise StorageError(f"{disk.root}: {odd[0]}. See who put it there, and remove that folder")
    for path in files:
        if path not in wanted:
            disk.remove(path)


def _is_same(disk: FolderDisk, file: BackedUpFile) -> bool:
    same = disk.size(file.path) == file.size
    return same and digest_of(disk.stream(file.path)) == file.sha256


def _obstacle(target: RestoreTarget) -> str:
    """What stands where it is to go, '' for nothing."""
    folder = target.folder
    if os.path.islink(target.beside):
        return str(target.beside)
    if not os.path.lexists(folder):
        return ""
    if not folder.is_dir() or (target.is_whole and os.listdir(folder)):
        return str(folder)
    if target.is_whole:
        return ""
    disk = FolderDisk(folder)
    files = (one for one in target.part.files if disk.size(one.path) is not None)
    return next((str(folder / one.path) for one in files if not _is_same(disk, one)), "")


def _refuse_full(targets: Sequence[RestoreTarget]) -> None:
    """DiskFull where what is to come needs more room than there is, a disk at a time."""
    needed: dict[int, tuple[Path, int]] = {}
    for target in targets:
        folder = next(one for one in target.folder.parents if one.is_dir())
        _, before = needed.get(device := os.stat(folder).st_dev, (folder, 0))
        disk = FolderDisk(target.beside)
        there = sum(disk.size(file.path) or 0 for file in target.part.files)
        needed[device] = folder, before + max(0, target.part.size - there)
    for folder, wanted in needed.values():
        free = FolderDisk(folder).room().bytes
        if free < wanted:
            told = f"{folder}: the backup needs {size(wanted)}, and {size(free)} are free there"
            raise DiskFull(f"{told}. Nothing was restored")


def _publish(target: RestoreTarget) -> None:
    above = FolderDisk(target.folder.parent)
    if target.is_whole:
        above.publish(target.staged, target.folder.name)
        return
    make_folder(target.folder)
    for file in target.part.files:
        above.publish(f"{target.staged}/{file.path}", f"{target.folder.name}/{file.path}")
    above.clear(target.staged)  # with its lock
