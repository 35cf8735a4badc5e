"""What `mtdata check` looks at of a site and its pool; it shows no secret."""

from __future__ import annotations

from contextlib import closing

from mtdata.config import Settings, SiteConfig
from mtdata.config.check import check_owner
from mtdata.core import journal, owner
from mtdata.core.checks import Finding
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import MTDataError, StorageError
from mtdata.core.journal import BESIDE
from mtdata.core.past import past
from mtdata.core.stored_format import can_be_looked_into, check_format, is_newer, stored_format
from mtdata.core.words import size
from mtdata.study.decryption.key_ring import HINT
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.model.forecast import disk_low
from mtdata.study.model.scale import offered
from mtdata.study.operations.key_trial import try_keys
from mtdata.study.operations.known_pool import KnownPool
from mtdata.study.operations.opening import (
    cipher_of,
    has_pool,
    look_into,
    open_pool,
    replicas_of,
    site_of,
)
from mtdata.study.replicas.copying import probe
from mtdata.study.status.forecasts import disk_fault

TRIED = ".check.sqlite3"


def check(site: SiteConfig) -> list[Finding]:
    """Look at keys, folder, clock and the site itself; prints no secret."""
    found = check_here(site)
    if owner.stranger(site.path, owner.POOL):
        return found  # a probe would be a file that the owner cannot use
    if not _unknown(site):
        found += [_check_replica(site, number) for number in range(len(site.replicas))]
    if site.insecure:
        told = "plain http: anybody on the way can read it"
        found.append(Finding(site.name, "SERVER", "odd", told))
    if site.ready:
        return found + _check_site(site)
    return [*found, Finding(site.name, "READY", "odd", "False: not asked")]


def check_named(settings: Settings, name: str, *, is_named: bool) -> list[Finding]:
    """The site of that name; what lacks of one that is not READY is a note where nobody named it.

    It hinders nothing: such is the sample's.
    """
    site = settings.site(name)
    found = check(site)
    if site.ready or is_named:
        return found
    return [f._replace(verdict="odd", exit=0) if f.verdict == "bad" else f for f in found]


def check_here(site: SiteConfig) -> list[Finding]:
    """Look at what is on this machine, asking nobody."""
    strangers = check_owner(site.name, "PATH", site.path, owner.POOL)
    if owner.stranger(site.path, owner.POOL):
        return [_check_keys(site), *strangers]
    if unknown := _unknown(site):
        return [_check_keys(site), unknown, *strangers]  # a probe would be made below the disk
    formats = check_format(site.name, site.path / Ledger.NAME, LEDGER)
    if is_newer(site.path / Ledger.NAME, LEDGER):
        return [_check_keys(site), *formats, *strangers]
    return [
        _check_keys(site),
        _check_folder(site),
        *formats,
        *strangers,
        *_check_room(site),
        _check_clock(site),
    ]


def _can_look(site: SiteConfig) -> bool:
    """Whether there is a pool that a look leaves as it is; what cannot be read is told by it."""
    found = stored_format(site.path / Ledger.NAME)
    return has_pool(site) and (found is None or can_be_looked_into(site.path / Ledger.NAME, LEDGER))


def _unknown(site: SiteConfig) -> Finding | None:
    """Whether what lies at PATH is not the pool that was known, or not this site's."""
    try:
        KnownPool(site).refuse()
    except MTDataError as fault:
        return Finding(site.name, "PATH", "bad", str(fault), fault.exit_code)
    return None


def _check_keys(site: SiteConfig) -> Finding:
    cipher, faults = cipher_of(site)
    with closing(cipher):
        names = cipher.key_names()
    if faults:
        told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        return Finding(site.name, "keys", "bad", told, 78)
    if site.encryption == "off":
        told = "ENCRYPTION is off: sealed fields hold clear text"
        return Finding(site.name, "keys", "good", told)
    if not names:
        return Finding(site.name, "keys", "odd", "no PRIVATE_FILE: sealed entries would be held")
    if hint := _hint(site):
        return Finding(site.name, "keys", "bad", f"{', '.join(names)}: {hint}", 1)
    return Finding(site.name, "keys", "good", ", ".join(names))


def _hint(site: SiteConfig) -> str:
    """What entries that are held say of PADDING: they were tried with every one; '' for nothing."""
    if not _can_look(site):
        return ""
    try:
        with look_into(site) as pool:
            reasons = [reason for _, _, kind, reason, _ in pool.ledger.entries.held()]
    except MTDataError:  # what is wrong with the ledger is told beside this
        return ""
    return next((reason for reason in reasons if reason and HINT in reason), "")


def _check_folder(site: SiteConfig) -> Finding:
    try:
        disk = FolderDisk(site.path)
        disk.replace(".check", b"mtdata check\n")
        disk.remove(".check")
    except StorageError as error:
        return Finding(site.name, "PATH", "bad", str(error), error.exit_code)
    return _check_ledger(site)


def _check_ledger(site: SiteConfig) -> Finding:
    """Keep a ledger there that is none, and commit to it."""
    path = site.path / TRIED
    try:
        with closing(Ledger(path)) as ledger:
            ledger.runs.begin_run("check", SystemClock().now())
            is_shared = ledger.journal == "wal"
        disk = FolderDisk(site.path)
        for ending in BESIDE:
            disk.remove(path.name + ending)
    except MTDataError as error:
        return Finding(site.name, "PATH", "bad", str(error), error.exit_code)
    if not is_shared:
        return Finding(site.name, "PATH", "odd", journal.journal_advice(site.path / Ledger.NAME))
    return Finding(site.name, "PATH", "good", str(site.path))


def _check_room(site: SiteConfig) -> list[Finding]:
    """How much room the disk of the pool has, and whether a week like the last fits in."""
    try:
        if _can_look(site):
            with look_into(site) as pool:
                room, low = pool.disk.room(), disk_fault(pool)
        else:
            room = FolderDisk(site.path).room()
            low = disk_low(room, 0, 0)
    except MTDataError as error:
        return [Finding(site.name, "disk", "bad", str(error), error.exit_code)]
    if low:
        return [Finding(site.name, "disk", "bad", low, StorageError.exit_code)]
    files = "" if room.files is None else f" and {room.files:,} files"
    return [Finding(site.name, "disk", "good", f"{size(room.bytes)}{files} free")]


def _check_clock(site: SiteConfig) -> Finding:
    now = SystemClock(site.timezone).now()
    last, ahead = None, {}
    try:
        if _can_look(site):
            with look_into(site) as pool:
                last, ahead = pool.ledger.runs.last_run(), pool.ledger.queries.ahead(now)
    except MTDataError as error:
        return Finding(site.name, "ledger", "bad", str(error), error.exit_code)
    shown = SystemClock(site.timezone).local(now).isoformat(timespec="seconds")
    if not ahead:
        return Finding(site.name, "clock", "good", shown)
    times = ", ".join(f"{what} {at.isoformat(timespec='seconds')}" for what, at in ahead.items())
    told = f"times after now ({shown}) are in the ledger: {times}. They prove nothing, and"
    if last is not None and past(last[0], now) is None:
        todo = f"the last round ended after now: set this machine's clock. {told} none counts"
        return Finding(site.name, "clock", "bad", todo, 1)
    return Finding(site.name, "clock", "odd", f"{told} what was done then is done again")


def _check_replica(site: SiteConfig, number: int) -> Finding:
    """Put a probe there and read it back; it stays there, as everything on a replica does."""
    config, what = site.replicas[number], f"REPLICAS {number + 1}"
    try:
        with closing(replicas_of(site)[number]) as replica:
            place = probe(replica, first=not _has_copies(site, replica.address))
    except MTDataError as error:
        return Finding(site.name, what, "bad", str(error), error.exit_code)
    if config.insecure:
        return Finding(site.name, what, "odd", f"{place}: plain http: anybody can read it")
    return Finding(site.name, what, "good", place)


def _has_copies(site: SiteConfig, place: str) -> bool:
    if not _can_look(site):
        return False
    with open_pool(site) as opening:
        return opening.pool.ledger.copies.has_any(place)


def _check_site(site: SiteConfig) -> list[Finding]:
    try:
        opened = site_of(site)
    except MTDataError as error:  # its kind, or the certificates that it is to show
        return [Finding(site.name, "SERVER", "bad", str(error), error.exit_code)]
    with closing(opened) as client:
        try:
            listed = client.listing()
        except MTDataError as error:
            return [Finding(site.name, "SERVER", "bad", str(error), error.exit_code)]
        told = f"{site.server}: {len(listed)} scale{'' if len(listed) == 1 else 's'}"
        scales, _ = offered(listed)
        return [
            Finding(site.name, "SERVER", "good", told),
            *try_keys(site, client, scales.values()),
        ]
