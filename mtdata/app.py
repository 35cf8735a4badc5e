"""Wiring: the one room that knows everyone; it decides nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtdata import pipeline
from mtdata import status as standing
from mtdata.adapters.archive import FolderArchive
from mtdata.adapters.cipher import ClearCipher, RsaCipher
from mtdata.adapters.clock import SystemClock
from mtdata.adapters.durable import FolderDisk, make_folder
from mtdata.adapters.keys import load_keys
from mtdata.adapters.ledger import Ledger
from mtdata.adapters.lock import PoolLock
from mtdata.adapters.replicas import ReplicaAccess, open_replica
from mtdata.adapters.sheets import CsvSheets
from mtdata.bulletin import Report
from mtdata.collectors import open_site
from mtdata.collectors.http import SiteAccess
from mtdata.config import SiteConfig
from mtdata.copying import Copying
from mtdata.course import Course, Pool
from mtdata.domain.scale import Scale
from mtdata.errors import StorageError
from mtdata.ports import Cipher, Replica, Site
from mtdata.recall import Recalled, owed
from mtdata.recovery import Recovery
from mtdata.rounds import Round, Terms
from mtdata.scrub import Scrub


@dataclass(frozen=True, slots=True)
class Opening:
    """A pool that is open, and what is wrong with its keys."""

    pool: Pool
    key_faults: dict[str, str] = field(default_factory=dict)


def cipher_of(site: SiteConfig) -> tuple[Cipher, dict[str, str]]:
    """The site's keys at work, and the faults of those that cannot be used."""
    if site.encryption == "off":
        return ClearCipher(), {}
    secret = site.passphrase.get_secret_value() if site.passphrase else None
    keys, faults = load_keys(site.private_files, secret)
    told = {fault.name: fault.reason for fault in faults}
    return RsaCipher(keys, padding=site.padding), told


@contextmanager
def open_pool(site: SiteConfig, *, in_memory: bool = False) -> Iterator[Opening]:
    """The pool of a site with everything that works on it; closed when this ends."""
    make_folder(site.path)
    disk, ledger = FolderDisk(site.path), Ledger(None if in_memory else site.path / Ledger.NAME)
    replicas = replicas_of(site)
    cipher, faults = cipher_of(site)
    try:
        archive = FolderArchive(disk, ledger, site.date_format, site.time_format)
        sheets = CsvSheets(disk, ledger, site.date_format)
        clock = SystemClock(site.timezone)
        yield Opening(Pool(disk, archive, sheets, ledger, cipher, clock, replicas), faults)
    finally:
        for replica in replicas:
            replica.close()
        cipher.close()
        ledger.close()


def replicas_of(site: SiteConfig) -> tuple[Replica, ...]:
    """The replicas of a site, none asked for anything yet."""
    return tuple(
        open_replica(
            ReplicaAccess(
                url=one.url,
                site=site.name,
                endpoint=one.endpoint,
                region=one.region,
                access_key=one.access_key.get_secret_value(),
                secret_key=one.secret_key.get_secret_value(),
                timeout_s=site.timeout_s,
                connect_timeout_s=site.connect_timeout_s,
            )
        )
        for one in site.replicas
    )


def site_of(site: SiteConfig) -> Site:
    """The client of a site."""
    return open_site(
        site.kind,
        SiteAccess(
            server=site.server,
            user=site.user,
            password=site.password.get_secret_value(),
            timeout_s=site.timeout_s,
            connect_timeout_s=site.connect_timeout_s,
            max_response_bytes=site.max_response_bytes,
            delete_connections=site.delete_connections,
        ),
    )


def terms_of(site: SiteConfig) -> Terms:
    """What a round has to know of the config."""
    return Terms(site.name, site.delete_mode, site.delete_limit, site.drift == "hold")


def export(site: SiteConfig, wanted: str, watch: Callable[[str], None] = lambda _: None) -> Report:
    """One round of one site, alone on its pool."""
    with PoolLock(site.path).hold(), open_pool(site) as opening:
        client = site_of(site)
        try:
            return Round(terms_of(site), opening.pool, client, opening.key_faults, watch).play(
                wanted
            )
        finally:
            client.close()


def has_pool(site: SiteConfig) -> bool:
    """Whether there is a ledger to look into."""
    return (site.path / Ledger.NAME).is_file()


def decode(site: SiteConfig, scale: str, out: Path | None, *, check: bool) -> list[dict[str, Any]]:
    """Sheets out of raw again; without a ledger every raw file gives one of its own."""
    known = has_pool(site)
    with PoolLock(site.path).hold(), open_pool(site, in_memory=not known) as opening:
        recovery = Recovery(opening.pool)
        if check:
            if not known:
                raise StorageError(
                    f"{site.path}: no ledger to compare by; `decode` without --check works"
                )
            done = recovery.check(scale)
        else:
            disk = FolderDisk(site.path if out is None else out)
            folder = "recovered_data/" if out is None else ""
            write = recovery.write if known else recovery.write_loose
            done = write(scale, disk, folder)
            recovery.write_readmes(disk, folder)
        return [one.shown() for one in done]


def verify(site: SiteConfig, watch: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Read everything of a pool against its ledger, and mend what can be mended."""
    with PoolLock(site.path).hold(), open_pool(site) as opening:
        return Scrub(opening.pool, watch).play().shown()


def status(site: SiteConfig) -> dict[str, Any]:
    """How the pool stands."""
    with open_pool(site) as opening:
        return standing.overview(opening.pool)


def held(site: SiteConfig) -> list[dict[str, Any]]:
    """Held entries and why."""
    with open_pool(site) as opening:
        return standing.held(opening.pool)


def release(site: SiteConfig, scale: str, number: int | None) -> int:
    """Let held versions through; returns how many."""
    with PoolLock(site.path).hold(), open_pool(site) as opening:
        return opening.pool.ledger.entries.release(scale, number)


def incidents(site: SiteConfig, *, closed_too: bool) -> list[dict[str, Any]]:
    """Open incidents, or the newest of all."""
    with open_pool(site) as opening:
        diary = opening.pool.ledger.diary
        found = diary.incidents() if closed_too else diary.open_incidents()
        return [standing.shown(incident) for incident in found]


def close_incident(site: SiteConfig, number: int) -> bool:
    """Close an incident by hand."""
    with open_pool(site) as opening:
        return opening.pool.ledger.diary.close_by_hand(number, opening.pool.clock.now())


def deletions(site: SiteConfig) -> dict[str, Any]:
    """What the next round would delete and what not, by the last listing; proven, nothing sent."""
    with PoolLock(site.path).hold(), open_pool(site) as opening:
        copying = Copying(opening.pool)
        copying.begin()
        return {
            scale.name: _deletions(opening.pool, copying, scale, site)
            for scale in opening.pool.ledger.listing.scales()
        }


def _deletions(pool: Pool, copying: Copying, scale: Scale, site: SiteConfig) -> dict[str, Any]:
    course = Course(scale, pool, pool.clock.now())
    told = standing.reasons(course, delete_mode=site.delete_mode)
    pool.ledger.listing.expect(scale.name)
    proven = [
        line.entry.id
        for verified in pipeline.verify(owed(course), Recalled(course, copying))
        for line in verified.deletable
    ]
    waiting, reasons = copying.waiting()
    may = [] if told["blocked"] else proven[: site.delete_limit]
    why = [told["blocked"]] if told["blocked"] else []
    why += [f"{count} {reason}" for reason, count in told["kept"].items()]
    why += [*course.told.values(), *reasons]
    if len(may) < len(proven) and not told["blocked"]:
        why.append(f"DELETE_LIMIT is {site.delete_limit} a round")
    on_site = len(proven) + sum(told["kept"].values()) + waiting
    return {"would_delete": may, "stays": on_site - len(may), "why": "; ".join(why)}
