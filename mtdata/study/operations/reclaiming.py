"""What a person says of a pool: that it is meant as it lies, and what of another one it takes in.

It asks no site, deletes nothing, and leaves the other folder as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from mtdata import logs
from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import MTDataError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.core.pool_files import HELD, RAW
from mtdata.core.ports import Disk
from mtdata.core.step import Step, Watch
from mtdata.core.stop import StopToken
from mtdata.study.files.append_file import digest_of
from mtdata.study.integrity.catch_up import CatchUp, log_stand
from mtdata.study.integrity.placing import Placing
from mtdata.study.model.days import Named
from mtdata.study.operations.known_pool import KnownPool, has_ledger, has_raw
from mtdata.study.operations.opening import HeldDisk, locked, open_pool, refuse_stranger
from mtdata.study.pending import make_waiting_rows
from mtdata.study.pool import Pool
from mtdata.study.scale_report import ScaleReport

log = logging.getLogger(__name__)


def pool_json(site: SiteConfig) -> dict[str, Any]:
    """How the pool at PATH stands to the one that was known; `exit` is that of a round."""
    known = KnownPool(site)
    identity = known.identity()
    try:
        fault = known.fault()
    except MTDataError as error:
        fault = error
    return {
        "exit": fault.exit_code if fault else 0,
        "path": str(site.path),
        "pool": identity and identity.sign,
        "name": identity and identity.name,
        "server": identity and identity.server,
        "age": identity and identity.age,
        "remembered": known.is_remembered(),
        "faults": [str(fault)] if fault else [],
    }


def accept(site: SiteConfig, *, renamed: bool) -> dict[str, Any]:
    """Let what lies at PATH be the pool of the site from now on, or the next round begin one.

    `renamed`: though it has another NAME or SERVER; else that is PoolTaken, and nothing is done
    about a pool that is the known one.
    """
    refuse_stranger(site)
    known = KnownPool(site)
    if not renamed and (taken := known.why_taken(known.identity())):
        raise taken
    with logs.at(site=site.name):
        fault = known.fault()
        if fault is None and not renamed:
            return {"accepted": ""}
        if has_ledger(site) or has_raw(site):
            with PoolLock(site.path).hold() as held:
                known.accept(HeldDisk(site.path, held, StopToken().check))
        elif known.is_remembered() or fault:
            known.accept(None)
        if fault:
            log.warning("a person says that it is meant: %s", fault)
    return pool_json(site) | {"accepted": str(fault) if fault else ""}


def take(site: SiteConfig, folder: Path, watch: Watch) -> dict[str, Any]:
    """Take in what the raw files of another pool's folder hold and this one's ledger lacks.

    Rows are made of it at once.  UsageError where there is nothing of a pool.
    """
    folder = folder.absolute()
    if not (folder / RAW).is_dir() or folder.resolve() == site.path.resolve():
        raise UsageError(f"{folder}: allowed is the folder of another pool, with {RAW} in it")
    with logs.at(site=site.name), locked(site) as held, open_pool(site, held=held) as opening:
        pool = opening.pool
        log_stand(CatchUp(pool, watch).play())
        before = pool.ledger.adopted.count()
        source = _Source(pool, FolderDisk(folder))
        files = [*source.raw(watch), *source.held()]
        log_stand(CatchUp(pool, watch).play())
        make_waiting_rows(pool, partial(ScaleReport.begin, pool))
        pool.ledger.files.release_all()
        entries = pool.ledger.adopted.count() - before
        log.warning("%d files with %d entries were taken in from a folder", len(files), entries)
        return {"exit": 0, "files": files, "entries": entries, "left": source.left}


class _Source:
    """The folder that is taken in; `left` are files of it that nobody can place."""

    def __init__(self, pool: Pool, disk: Disk) -> None:
        self._pool, self._disk = pool, disk
        self._placing = Placing(replace(pool, disk=disk))
        self._taken = pool.ledger.files.paths()
        self.left: list[str] = []

    def raw(self, watch: Watch) -> Iterator[str]:
        """Copy each raw file that holds what the ledger lacks, as a part of its day."""
        for path in _files(self._disk, RAW, ".json"):
            watch(Step(path))
            named = self._placing.of(path)
            if named is None:
                self.left.append(path)
            elif self._is_news(path, named):
                yield self._copied(path, self._free(path))

    def held(self) -> Iterator[str]:
        """Copy what is no JSON; its name tells its bytes."""
        for path in _files(self._disk, HELD, ".txt"):
            if self._pool.disk.size(path) is None:
                yield self._copied(path, path)

    def _is_news(self, path: str, named: Named) -> bool:
        """A table counts each time that it comes; unless it is the very file of ours."""
        if self._placing.is_deleteable(named.scale):
            return self._placing.unknown_entries(path, named.scale) > 0
        ours, size = self._pool.disk, self._disk.size(path)
        same = (p for p in _files(ours, RAW, ".json") if ours.size(p) == size)
        digest = digest_of(self._disk, path)
        return not any(digest_of(ours, one) == digest for one in same)

    def _free(self, path: str) -> str:
        base = path.removesuffix(".json")
        stem, numbered, number = base.rpartition("_part")
        stem = stem if numbered and number.isdecimal() else base
        names = chain([path], (f"{stem}_part{part}.json" for part in count(2)))
        ours = self._pool.disk
        name = next(n for n in names if n not in self._taken and ours.size(n) is None)
        self._taken.add(name)
        return name

    def _copied(self, path: str, name: str) -> str:
        ours = self._pool.disk
        ours.publish(ours.stage(name, self._disk.stream(path)), name)
        return name


def _files(disk: Disk, folder: str, ending: str) -> list[str]:
    return [f"{folder}/{name}" for name in disk.names(folder) if name.endswith(ending)]
