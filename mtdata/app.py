"""Wiring: the one room that knows everyone; it decides nothing itself."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mtdata import pipeline
from mtdata import status as standing
from mtdata.adapters.archive import FolderArchive
from mtdata.adapters.cipher import ClearCipher, RsaCipher
from mtdata.adapters.clock import SystemClock
from mtdata.adapters.durable import FolderDisk, make_folder
from mtdata.adapters.keys import load_keys
from mtdata.adapters.ledger import Ledger
from mtdata.adapters.lock import PoolLock
from mtdata.adapters.sheets import CsvSheets
from mtdata.bulletin import Report
from mtdata.collectors import open_site
from mtdata.collectors.http import SiteAccess
from mtdata.config import SiteConfig
from mtdata.course import Course, Pool
from mtdata.domain.scale import Scale
from mtdata.errors import MTDataError, StorageError
from mtdata.ports import Cipher, Site
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
    cipher, faults = cipher_of(site)
    try:
        archive = FolderArchive(disk, ledger, site.date_format, site.time_format)
        sheets = CsvSheets(disk, ledger, site.date_format)
        clock = SystemClock(site.timezone)
        yield Opening(Pool(disk, archive, sheets, ledger, cipher, clock), faults)
    finally:
        cipher.close()
        ledger.close()


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Search less often for objects that refer to each other in a circle.

    A batch is thousands of small objects that hold none; looking them through at Python's usual
    pace is a tenth of a round's own time.
    """
    before = gc.get_threshold()
    gc.freeze()  # what the program itself consists of is not looked through again
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


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
    with PoolLock(site.path).hold(), open_pool(site) as opening, seldom_searched():
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
        return {
            scale.name: _deletions(opening.pool, scale, site)
            for scale in opening.pool.ledger.listing.scales()
        }


def _deletions(pool: Pool, scale: Scale, site: SiteConfig) -> dict[str, Any]:
    course = Course(scale, pool, pool.clock.now())
    told = standing.reasons(course, delete_mode=site.delete_mode)
    pool.ledger.listing.expect(scale.name)
    proven = [
        line.entry.id
        for verified in pipeline.verify(owed(course), Recalled(course))
        for line in verified.sheet.lines
    ]
    may = [] if told["blocked"] else proven[: site.delete_limit]
    why = [told["blocked"]] if told["blocked"] else []
    why += [f"{count} {reason}" for reason, count in told["kept"].items()] + list(
        course.told.values()
    )
    if len(may) < len(proven) and not told["blocked"]:
        why.append(f"DELETE_LIMIT is {site.delete_limit} a round")
    on_site = len(proven) + sum(told["kept"].values())
    return {"would_delete": may, "stays": on_site - len(may), "why": "; ".join(why)}


class Finding(NamedTuple):
    """One thing that `mtdata check` looked at; `verdict` is good, odd or bad."""

    site: str
    what: str
    verdict: str
    told: str
    exit: int = 0


def check(site: SiteConfig) -> list[Finding]:
    """Look at keys, folder, clock and the site itself; prints no secret."""
    found = [_check_keys(site), _check_folder(site), _check_clock(site)]
    if site.insecure:
        found.append(
            Finding(site.name, "SERVER", "odd", "plain http: anybody on the way can read it")
        )
    found.append(
        _check_site(site) if site.ready else Finding(site.name, "READY", "odd", "False: not asked")
    )
    return found


def _check_keys(site: SiteConfig) -> Finding:
    cipher, faults = cipher_of(site)
    try:
        names = cipher.key_names()
    finally:
        cipher.close()
    if faults:
        return Finding(
            site.name, "keys", "bad", "; ".join(f"{n}: {f}" for n, f in faults.items()), 78
        )
    if site.encryption == "off":
        return Finding(
            site.name, "keys", "good", "ENCRYPTION is off: sealed fields hold clear text"
        )
    if not names:
        return Finding(site.name, "keys", "odd", "no PRIVATE_FILE: sealed entries would be held")
    return Finding(site.name, "keys", "good", ", ".join(names))


def _check_folder(site: SiteConfig) -> Finding:
    try:
        disk = FolderDisk(site.path)
        disk.replace(".check", b"mtdata check\n")
        disk.remove(".check")
    except StorageError as error:
        return Finding(site.name, "PATH", "bad", str(error), error.exit_code)
    return Finding(site.name, "PATH", "good", str(site.path))


def _check_clock(site: SiteConfig) -> Finding:
    now = SystemClock(site.timezone).now()
    last = status(site)["last_round"] if has_pool(site) else None
    if last and last["age_s"] < 0:
        return Finding(
            site.name, "clock", "bad", f"the last round ended after now ({now.isoformat()})", 1
        )
    local = SystemClock(site.timezone).local(now)
    return Finding(site.name, "clock", "good", local.isoformat(timespec="seconds"))


def _check_site(site: SiteConfig) -> Finding:
    client = site_of(site)
    try:
        scales = client.listing()
    except MTDataError as error:
        return Finding(site.name, "SERVER", "bad", str(error), error.exit_code)
    finally:
        client.close()
    return Finding(site.name, "SERVER", "good", f"{site.server}: {len(scales)} scales")
