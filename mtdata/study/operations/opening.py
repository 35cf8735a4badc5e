"""Wiring: how a pool, its keys, its replicas and its site are made from the config."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from threading import Lock

from mtdata.config import Settings, SiteConfig
from mtdata.core import owner
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk, make_folder
from mtdata.core.lock import HeldLock, PoolLock
from mtdata.core.ports import Clock, Disk
from mtdata.core.sqlite import LedgerDatabase
from mtdata.core.stop import StopToken
from mtdata.study.collectors import CancellableSite, open_site
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.decryption.cipher import ClearCipher, RsaCipher
from mtdata.study.decryption.keys import load_keys
from mtdata.study.decryption.keys_at_need import CipherAtNeed
from mtdata.study.erasure.carrying import settle
from mtdata.study.erasure.plan import sign_of_begun
from mtdata.study.files.archive import FolderArchive, drop_incoming
from mtdata.study.files.erased_list import ErasedList, state_list
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import LEDGER, erasures_in, knows_nothing
from mtdata.study.operations.known_pool import KnownPool, folder_at, has_ledger, has_raw
from mtdata.study.pool import Pool
from mtdata.study.ports import Cipher, Replica, Site
from mtdata.study.replicas import ReplicaAccess, open_replica


@dataclass(frozen=True, slots=True)
class Opening:
    """A pool that is open, and what is wrong with its keys."""

    pool: Pool
    key_faults: dict[str, str] = field(default_factory=dict)


def cipher_of(site: SiteConfig, workers: int | None = None) -> tuple[Cipher, dict[str, str]]:
    """The site's keys at work, and the faults of those that cannot be used."""
    if site.encryption == "off":
        return ClearCipher(), {}
    secret = site.passphrase.get_secret_value() if site.passphrase else None
    keys, faults = load_keys(site.private_files, secret)
    told = {fault.name: fault.reason for fault in faults}
    count = site.decrypt_workers if workers is None else workers
    return RsaCipher(keys, padding=site.padding, workers=count), told


class HeldDisk(FolderDisk):
    """A pool's disk that is touched only while its lock is held."""

    def __init__(self, root: Path, held: HeldLock, check: Callable[[], None]) -> None:
        def proven() -> None:
            check()
            held.prove()

        super().__init__(root, proven)
        self._held = held

    def _give_names(self, files: Mapping[str, str]) -> None:
        self._held.prove()
        super()._give_names(files)

    def confirm(self, path: str) -> None:
        """Port: Disk.confirm."""
        self._held.prove()
        super().confirm(path)

    def remove(self, path: str) -> None:
        """Port: Disk.remove."""
        self._held.prove()
        super().remove(path)


@contextmanager
def open_pool(
    site: SiteConfig,
    ledger_name: str | None = Ledger.NAME,
    stop: StopToken | None = None,
    workers: int | None = None,
    held: HeldLock | None = None,
    clock: Clock | None = None,
    *,
    keys_at_need: bool = False,
    knowing: bool = False,
) -> Iterator[Opening]:
    """The pool of a site with everything that works on it; closed when this ends.

    `ledger_name` None keeps the ledger in memory; `stop` is checked with every touch of the disk;
    so many `workers` decrypt, None being one a core and 0 this process alone.  Whoever has the lock
    in hand gives it as `held`: nothing is written or committed once it is lost.  `clock` None is
    the machine's.  `keys_at_need`: a fault of a key is not told before a value is to be opened.
    `knowing`: LedgerLost where no file is entered in the ledger.
    """
    if held is None:  # else both were done for the lock, and `prove` tells of a change
        refuse_unknown(site)
        make_folder(site.path)
    check = (stop or StopToken()).check
    disk = HeldDisk(site.path, held, check) if held else FolderDisk(site.path, check)
    with ExitStack() as left:
        ledger = Ledger(site.path / ledger_name if ledger_name else None, knowing=knowing)
        left.callback(ledger.close)
        if held:
            ledger.take_turn(held.prove)
        replicas = replicas_of(site)
        for replica in replicas:
            left.callback(replica.close)
        make = partial(cipher_of, site, workers)
        cipher, faults = (CipherAtNeed(lambda: make()[0]), {}) if keys_at_need else make()
        left.callback(cipher.close)
        archive = FolderArchive(disk, ledger, site.date_format, site.time_format)
        sheets = CsvSheets(disk, ledger, site.date_format)
        clock = clock or SystemClock(site.timezone)
        pool = Pool(disk, archive, sheets, ledger, cipher, clock, replicas)
        lists = erased_lists(site, disk)
        if held and settle(pool, lists):
            KnownPool(site).keep(disk, changed=True)
        elif ledger_name is None:
            ledger.erased.enter(erasure for one in lists for erasure in one.erasures().values())
        yield Opening(pool, faults)


def erased_lists(site: SiteConfig, disk: Disk) -> list[ErasedList]:
    """Where it stands what was erased, beside the ledger; `disk` is that of the pool."""
    beside = [state_list(FolderDisk(site.state), site.name, site.server)] if site.state else []
    return [ErasedList(disk), *beside]


@contextmanager
def look_into(site: SiteConfig) -> Iterator[Pool]:
    """The pool as one that only looks on has it: without keys and replicas, in no round's way.

    PoolAway where there was one and is none.
    """
    if not has_ledger(site):
        KnownPool(site).refuse()
    disk = FolderDisk(site.path)
    with closing(Ledger(site.path / Ledger.NAME, only_look=True)) as ledger:
        archive = FolderArchive(disk, ledger, site.date_format, site.time_format)
        sheets = CsvSheets(disk, ledger, site.date_format)
        yield Pool(disk, archive, sheets, ledger, ClearCipher(), SystemClock(site.timezone))


@cache
def _leave_out_program() -> None:
    """Have what the program itself consists of by now not looked through again, once a process."""
    gc.freeze()


_SEARCH = Lock()
_searching: list[tuple[int, int, int]] = []


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search less often for objects that refer to each other in a circle.

    A batch is thousands of small objects that hold none; looking them through at Python's usual
    pace is a tenth of a round's own time.  Of rounds side by side the first begins it and the last
    ends it.
    """
    with _SEARCH:
        _leave_out_program()
        _searching.append(gc.get_threshold())
        gc.set_threshold(50_000, *_searching[0][1:])
    try:
        yield
    finally:
        with _SEARCH:
            before = _searching[0]
            _searching.pop()
            if not _searching:
                gc.set_threshold(*before)


def refuse_stranger(site: SiteConfig) -> None:
    """OwnerError for a pool of another user than the one that this runs as."""
    owner.refuse(site.path, owner.POOL)


def refuse_unknown(site: SiteConfig) -> None:
    """Refuse another user's pool (OwnerError), another site's (PoolTaken), another (PoolAway)."""
    refuse_stranger(site)
    KnownPool(site).refuse()


@contextmanager
def locked(site: SiteConfig) -> Iterator[HeldLock]:
    """The lock of the pool; refused, before anything is written, for one that is not ours.

    Judged once more where another folder lies at PATH by then, be it the one that was just made: a
    disk may be gone between the two, and from the lock on `prove` tells of it.
    """
    judged = folder_at(site.path)
    refuse_unknown(site)
    with PoolLock(site.path).hold() as held:
        if folder_at(site.path) != judged:
            refuse_unknown(site)
        yield held


@contextmanager
def alone_on(site: SiteConfig) -> Iterator[HeldLock]:
    """The only round on the pool; what an ended one was receiving is dropped first of all."""
    with locked(site) as held:
        drop_incoming(FolderDisk(site.path))
        yield held


def replicas_of(site: SiteConfig) -> tuple[Replica, ...]:
    """The replicas of a site, none asked for anything yet."""
    return tuple(
        open_replica(ReplicaAccess(one.url, site.name, one.store, site.state))
        for one in site.replicas
    )


def site_of(site: SiteConfig, stop: StopToken | None = None) -> Site:
    """The client of a site; `stop` is checked with every answer and piece of it, and in waits."""
    client = open_site(
        site.kind,
        SiteAccess(
            server=site.server,
            user=site.user,
            password=site.password.get_secret_value(),
            timeout_s=site.timeout_s,
            connect_timeout_s=site.connect_timeout_s,
            max_response_bytes=site.max_response_bytes,
            delete_connections=site.delete_connections,
            ca=site.ca,
            agent=site.agent,
        ),
        (stop or StopToken()).pause,
    )
    return client if stop is None else CancellableSite(client, stop)


def has_pool(site: SiteConfig) -> bool:
    """Whether there is a ledger to look into, something in its place, or should be one.

    What is in its place, and a pool that was known and is away, is refused when it is opened.
    StorageError where that is hidden from us.
    """
    return has_ledger(site) or KnownPool(site).is_remembered()


def knows_its_files(site: SiteConfig) -> bool:
    """Whether there is a ledger that knows something where raw files lie, and every erasure."""
    if not has_ledger(site):
        return False
    return not (has_raw(site) and (knows_nothing(site.path / Ledger.NAME) or lacks_erasure(site)))


def lacks_erasure(site: SiteConfig) -> bool:
    """Whether the ledger is of before an erasure: its places are those of files that are gone.

    One that is under way does not count: who has the pool next ends it.
    """
    disk = FolderDisk(site.path)
    known = {sign for one in erased_lists(site, disk) for sign in one.erasures()}
    known -= {sign_of_begun(disk)}
    return bool(known) and bool(known - erasures_in(site.path / Ledger.NAME, known))


@dataclass(frozen=True, slots=True)
class SiteLedger:
    """The ledger of a pool as one has it who only knows its incidents."""

    site: SiteConfig

    def is_there(self) -> bool:
        """Port: IncidentLedger.is_there."""
        return has_ledger(self.site)

    def open(self) -> LedgerDatabase | None:
        """Port: IncidentLedger.open."""
        if self.is_there():
            return LedgerDatabase(self.site.path / Ledger.NAME, LEDGER, only_look=True)
        KnownPool(self.site).refuse()
        return None

    def refuse_closing(self, number: int) -> None:
        """Port: IncidentLedger.refuse_closing."""
        refuse_stranger(self.site)


def incident_ledgers(settings: Settings) -> dict[str, SiteLedger]:
    """The ledger of every site, also of one without a pool."""
    return {site.name: SiteLedger(site) for site in settings.sites}
