"""Whether the pool at PATH is the one that was known, and whether it is this site's.

A disk that is not mounted leaves nothing, or an empty folder, where the pool was: a pool begun
there would take rows off the site and be hidden once the disk is back.  So a pool bears its
identity, the state folder remembers it, and what does not fit is refused before anything is made.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import ConfigError, DamageError, MTDataError, Reach, StorageError
from mtdata.core.pool_files import MARKER, RAW
from mtdata.core.ports import Disk
from mtdata.core.reach import is_folder
from mtdata.study.files.identity import (
    Identity,
    Remembered,
    differs,
    identity_of,
    new_identity,
    remember,
    remembered,
    write_identity,
)
from mtdata.study.ledger import Ledger

log = logging.getLogger(__name__)
MEANT = "If what lies there now is meant: mtdata pool {} --accept"
NOTHING = "Nothing was made, collected or deleted."
YET = Remembered("", 0, 0)
"""A pool that a person wants begun there."""


class PoolTaken(ConfigError):
    """The pool belongs to a site of another NAME or SERVER; nothing was done (78)."""

    stops = Reach.SITE
    incident = "pool_taken"


class PoolAway(StorageError):
    """Where a pool was known to be there is none, another one, or an older copy of it (74)."""

    incident = "pool_away"


class KnownPool:
    """The pool of one site: what lies at PATH, held against what was known of it."""

    def __init__(self, site: SiteConfig) -> None:
        self._site, self._path = site, str(site.path)
        self._state = FolderDisk(site.state) if site.state else None
        self._counted = False

    def remembered(self) -> dict[str, Remembered]:
        """What is known of this site's pools, by path."""
        return remembered(self._state, self._site.name) if self._state else {}

    def is_remembered(self) -> bool:
        """Whether there was a pool at PATH."""
        return self.remembered().get(self._path, YET).sign != ""

    def identity(self) -> Identity | None:
        """What the pool that lies there says of itself; StorageError where that is hidden."""
        return identity_of(FolderDisk(self._site.path)) if is_folder(self._site.path) else None

    def fault(self) -> MTDataError | None:
        """Why nothing may be done with what lies there; None when it may.

        A read that the disk refuses is met by the round as well, which enters it as damage; `keep`
        lets no delete go out then.
        """
        try:
            identity = self.identity()
            return self.why_taken(identity) or self._away(identity)
        except DamageError:
            return None

    def refuse(self) -> None:
        """PoolTaken or PoolAway, before anything is made."""
        if (fault := self.fault()) is not None:
            raise fault

    def why_taken(self, identity: Identity | None) -> PoolTaken | None:
        """Whether the pool is another site's."""
        site = self._site
        other = identity and differs(identity, site.name, site.server)
        if not other:
            return None
        return PoolTaken(
            f"{self._path}: this pool has {other}. {NOTHING} Two sites in one pool would mix their "
            "rows: give each a PATH of its own. If it is the same study, which moved or was "
            f"renamed: mtdata pool {site.name} --accept"
        )

    def _away(self, identity: Identity | None) -> PoolAway | None:
        known = self.remembered()
        here = known.get(self._path)
        if here is None:
            return self._elsewhere(known, identity)
        if not here.sign:
            return None
        if not has_ledger(self._site) and not has_raw(self._site):
            told = f"there was a pool, and there is none now{self._disks(here)}"
        elif identity is None:
            told = (
                f"the pool has lost its file {MARKER}: it is a copy from before there was one, or "
                "one that left hidden files out. Is it the newest?"
            )
        elif identity.sign != here.sign:
            told = f"another pool of this site lies there{self._disks(here)}"
        elif identity.age < here.age:
            told = self._older(identity, here)
        else:
            return None
        return self._refusal(told)

    def _elsewhere(
        self, known: dict[str, Remembered], identity: Identity | None
    ) -> PoolAway | None:
        """PATH is one at which this site had no pool yet."""
        signs = {one.sign: (path, one) for path, one in known.items() if one.sign}
        if not signs:
            return None
        if identity and identity.sign in signs:  # it was moved
            _, before = signs[identity.sign]
            older = identity.age < before.age
            return self._refusal(self._older(identity, before)) if older else None
        if has_ledger(self._site) or has_raw(self._site):
            return None
        paths = ", ".join(path for path, _ in signs.values())
        return self._refusal(f"no pool lies there, and this site has one: {paths}. Move it there")

    def _refusal(self, told: str) -> PoolAway:
        end = "" if told.endswith("?") else "."
        return PoolAway(f"{self._path}: {told}{end} {NOTHING} {MEANT.format(self._site.name)}")

    def _older(self, identity: Identity, known: Remembered) -> str:
        return (
            f"the pool is an older copy of the one that was known ({known.age - identity.age} "
            "rounds that changed it are missing): what they collected may be deleted on the site. "
            "Put the newer one back"
        )

    def _disks(self, known: Remembered) -> str:
        now = device_of(self._site.path)
        if now == known.device:
            return "; is its disk mounted?"
        devices = f"{_numbers(known.device)}, and this is {_numbers(now)}"
        return f"; is its disk mounted? It lay on device {devices}"

    # what is written ------------------------------------------------------------------------------

    def keep(self, disk: Disk, *, changed: bool) -> None:
        """Let the pool bear its identity, and remember it; `changed` counts once a round.

        The pool's own comes first: what is remembered is never newer than the pool.
        """
        before = identity_of(disk)
        identity = before or new_identity(self._site.name, self._site.server)
        if changed and not self._counted:
            identity = identity._replace(age=identity.age + 1)
            self._counted = True
        if not identity.server:
            identity = identity._replace(server=self._site.server)
        if identity != before:
            write_identity(disk, identity)
        self._remember(Remembered(identity.sign, device_of(self._site.path), identity.age))

    def accept(self, disk: Disk | None) -> None:
        """What lies there now is meant; `disk` is that of the pool, None where there is none."""
        here = YET
        if disk is not None:
            identity = self.identity() or new_identity(self._site.name, self._site.server)
            server = self._site.server or identity.server
            mine = identity._replace(name=self._site.name, server=server)
            write_identity(disk, mine)
            here = Remembered(mine.sign, device_of(self._site.path), mine.age)
        self._remember(here)

    def _remember(self, here: Remembered) -> None:
        known = self.remembered()
        if self._state and known.get(self._path) != here:
            moved = {path for path, one in known.items() if one.sign == here.sign != ""}
            kept = {path: one for path, one in known.items() if path not in moved}
            remember(self._state, self._site.name, {**kept, self._path: here})


def device_of(path: Path) -> int:
    """The number of the file system that a path is on, of the nearest folder that is there."""
    for place in (path, *path.parents):
        with suppress(OSError):
            return os.stat(place).st_dev
    return 0


def folder_at(path: Path) -> tuple[int, int] | None:
    """What tells the folder that lies there from another one; None where none is to be seen."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None


def _numbers(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def ledger_stands(root: Path) -> bool:
    """Whether there is a ledger, or something in its place: that is refused when it is opened.

    StorageError where that is hidden from us.
    """
    with _translated_faults(root), suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(root / Ledger.NAME)
        return True
    return False


def has_ledger(site: SiteConfig) -> bool:
    """Whether there is a ledger of a site, as `ledger_stands` has it."""
    return ledger_stands(site.path)


def has_raw(site: SiteConfig) -> bool:
    """Whether there are raw files, with or without a ledger; StorageError where that is hidden."""
    away = suppress(FileNotFoundError, NotADirectoryError)
    with _translated_faults(site.path), away, os.scandir(site.path / RAW) as found:
        return any(one.name.endswith(".json") for one in found)
    return False


@contextmanager
def _translated_faults(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{root}: cannot be looked into: {error.strerror}") from error
