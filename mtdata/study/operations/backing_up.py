"""A backup of a home: state, records, config where it is wanted, and every pool; it restores none.

A pool is taken as its ledger knows it in one moment: each file that grows up to the length that was
committed then, whoever writes meanwhile.  So nothing waits for a backup.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from mtdata import __version__
from mtdata.config import Settings, SiteConfig
from mtdata.core.backups.manifest import BackedUpFile, BackupManifest, BackupPart
from mtdata.core.backups.place import BackupPlace
from mtdata.core.backups.sending import DATABASE, Advance, BackupSender, kept_files
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.study.operations.known_pool import has_ledger, has_raw
from mtdata.study.operations.opening import has_pool, refuse_unknown
from mtdata.study.operations.pool_copy import PoolCopy
from mtdata.study.operations.verify import Bar

SPOOL = "backup"
SIGNED_BY = "web.secret"
BUSY = "another backup is at work; this one did nothing"
NOT_STATE = frozenset({SPOOL, "uploads", ".lock"})
CONFIG_ENDING = ".config"
ELSEWHERE = (
    "the records are in a database of their own, {}, and not in this backup: take them at the same "
    "time by `{}`"
)
DUMPS = {"postgres": "pg_dump -Fc", "mysql": "mariadb-dump --single-transaction"}
STAYS = {
    "config": "the config is not in it (--with-config); passwords may stand there",
    "keys": "private keys are not in it (--with-keys): without them nothing sealed can be read "
    "again, so keep them elsewhere",
}


class BackupOrder(NamedTuple):
    """What is wanted; `keep` 0 forgets no earlier backup."""

    with_config: bool = False
    with_keys: bool = False
    is_dry: bool = False
    keep: int = 0


def make_backup(
    settings: Settings,
    place: BackupPlace,
    order: BackupOrder,
    now: datetime,
    bar: Bar,
) -> dict[str, Any]:
    """Make a backup there; what it holds and what was sent, for `--json`.

    `bar` as for `verify`.  UsageError for a place within what it is to hold, BusyError while
    another is at work, OutputError and StorageError as they come: then no backup was entered, what
    was sent stays, and the next one goes on from there.
    """
    _refuse_within(settings, place)
    place.backups()  # one that cannot be read, or is a newer program's, before anything is sent
    for site in settings.sites:
        _refuse_unready(site)
    spool = settings.home / "state" / SPOOL
    with PoolLock(spool, BUSY).hold(), _measured(settings, bar) as advance:
        sender = BackupSender(place, FolderDisk(spool), advance, is_dry=order.is_dry)
        sender.clear()
        try:
            parts = tuple(_parts(settings, sender, order))
        finally:
            sender.clear()
        manifest = BackupManifest(
            now.isoformat(), __version__, socket.gethostname(), str(settings.home), parts,
            tuple(_left_out(settings, order)),
        )  # fmt: skip
        shown = _as_json(manifest, sender, place)
        if not order.is_dry:
            shown["backup"] = place.enter(manifest, now.strftime("%Y%m%dT%H%M%SZ")).backup
            shown["forgotten"] = place.forget(order.keep) if order.keep else 0
        return shown


def _as_json(manifest: BackupManifest, sender: BackupSender, place: BackupPlace) -> dict[str, Any]:
    parts = [
        {"part": one.title, "files": len(one.files), "size": one.size, "told": list(one.told)}
        for one in manifest.parts
    ]
    return {
        "backup": None,
        "place": place.place,
        "parts": parts,
        "sent": {"files": sender.sent_files, "size": sender.sent_bytes},
        "told": [*manifest.told, *(told for one in manifest.parts for told in one.told)],
        "forgotten": 0,
    }


def _refuse_within(settings: Settings, place: BackupPlace) -> None:
    """UsageError for a folder that is part of what goes into it."""
    if "://" in place.place:
        return
    folder = Path(place.place)
    for held in (settings.home / "state", *(site.path for site in settings.sites)):
        if held.resolve() in (folder, *folder.parents):
            raise UsageError(
                f"{folder} is within {held}, which goes into the backup: name a folder of another "
                "disk, or a bucket. Nothing was written"
            )


def _refuse_unready(site: SiteConfig) -> None:
    """Refuse a backup that would lack this pool, as one whose disk is away; StorageError."""
    if has_pool(site):
        refuse_unknown(site)
    elif has_raw(site):
        raise StorageError(
            f"{site.path}: raw files lie there, and no ledger yet. Nothing was backed up: "
            f"`mtdata verify {site.name} --rebuild-ledger` makes it, or the next round"
        )


def _measured(settings: Settings, bar: Bar) -> AbstractContextManager[Advance]:
    """A bar over all bytes that there are, nearly."""
    folders = [settings.home / "state", *(site.path for site in settings.sites)]
    total = 0
    for folder in (one for one in folders if one.is_dir()):
        for path in kept_files(folder)[0]:
            total += FolderDisk(folder).size(path) or 0
    return bar(total)


def _left_out(settings: Settings, order: BackupOrder) -> Iterator[str]:
    """What is not in it, in sentences."""
    address = settings.database
    if address.is_shared:
        yield ELSEWHERE.format(address.redacted(), f"{DUMPS[address.engine]} {address.name}")
    if not order.with_config:
        yield STAYS["config"]
    if not order.with_keys:
        yield STAYS["keys"]
    for site in settings.sites:
        if not has_pool(site):
            yield f"{site.name} has no pool yet"


# the parts ----------------------------------------------------------------------------------------


def _parts(settings: Settings, sender: BackupSender, order: BackupOrder) -> Iterator[BackupPart]:
    """The state first: what is remembered of a pool must not be newer than the pool."""
    home = settings.home
    state = home / "state"
    leave_out = NOT_STATE if order.with_keys else NOT_STATE | {SIGNED_BY}
    yield _folder(sender, "state", state, "state", kept_files(state, leave_out))
    records = Path(settings.database.name)
    if not settings.database.is_shared and records.parent != state and records.is_file():
        yield _folder(
            sender,
            "records",
            records.parent,
            _below_home(home, records.parent),
            ([records.name], []),
        )
    if order.with_config:
        yield _files_in(sender, "config", home, settings.folder, CONFIG_ENDING)
    if order.with_keys and (home / "keys").is_dir():
        yield _files_in(sender, "keys", home, home / "keys", "")
    for site in settings.sites:
        if has_ledger(site):
            yield _pool(sender, site, home)


def _files_in(sender: BackupSender, kind: str, home: Path, folder: Path, ending: str) -> BackupPart:
    files, odd = kept_files(folder)
    wanted = [one for one in files if one.endswith(ending) and "/" not in one]
    return _folder(sender, kind, folder, _below_home(home, folder), (wanted, odd))


def _folder(
    sender: BackupSender, kind: str, folder: Path, place: str, listed: tuple[list[str], list[str]]
) -> BackupPart:
    """A folder as it stands, its databases each as of one moment."""
    disk, files = FolderDisk(folder), []
    names, told = listed
    for path in names:
        if path.endswith(DATABASE):
            file, fault = sender.send_database(folder, path)
            told = [*told, fault] if fault else told
        else:
            plain = sender.send_plain(disk, path)
            if plain is None:
                continue
            file = plain
        files.append(file)
    return BackupPart(kind, "", place, tuple(files), tuple(told))


def _pool(sender: BackupSender, site: SiteConfig, home: Path) -> BackupPart:
    copy = PoolCopy(site, sender)
    files: list[BackedUpFile] = copy.play()
    return BackupPart(
        "pool", site.name, _below_home(home, site.path), tuple(files), tuple(copy.told)
    )


def _below_home(home: Path, folder: Path) -> str:
    """Where it is: below the home, or its absolute path."""
    path = os.path.abspath(folder)
    below = os.path.relpath(path, home)
    return path if below.startswith("..") else below
