"""What can be shown of one entry, and the heads of a ledger's events, signed for outsiders.

It reads pools and writes files of its own; it changes nothing in a pool, and shows no answer.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from mtdata.config import SiteConfig
from mtdata.core import signing
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import ConfigError, MTDataError, StorageError, UsageError
from mtdata.core.ports import Disk
from mtdata.core.words import did_you_mean
from mtdata.study.integrity.chain import HEADS, SIGNATURE, HeadsFolder
from mtdata.study.ledger import Ledger
from mtdata.study.model.entry_receipt import EntryRecord, shown_entry
from mtdata.study.model.events import NO_HEAD, SHOWN, broken_links
from mtdata.study.model.heads import SignedHeads, departure
from mtdata.study.operations.opening import has_pool, look_into
from mtdata.study.pool import Pool

READABLE = 0o644
"""Files for outsiders hold digests and times alone."""


class UnknownEntry(MTDataError):
    """No entry of that id ever came to the pool."""

    exit_code = 65


def receipt(site: SiteConfig, scale: str, number: int) -> dict[str, Any]:
    """Every entry of that id: where it is, and when each step was proven.

    UsageError where there is no pool yet; as `shown_entries` for what else there is not.
    """
    _refuse_nothing(site)
    with look_into(site) as pool:
        entries = shown_entries(pool.ledger, pool.disk, site.name, scale, number)
    return {"site": site.name, "scale": scale, "id": number, "entries": entries}


def shown_entries(
    ledger: Ledger, disk: Disk, site: str, scale: str, number: int
) -> list[dict[str, Any]]:
    """What can be shown of every entry of that id.

    UsageError for a scale that the ledger does not know, and for one that stays on the site: that
    is kept as whole tables.  UnknownEntry for an id that never came.
    """
    _refuse_scale(ledger, scale)
    records = ledger.receipts.of_id(scale, number)
    if not records:
        raise UnknownEntry(
            f"{site}: no entry of {scale} with the id {number} ever came to this pool. "
            "`mtdata held` names what came without an id"
        )
    return [_entry(ledger, disk, one) for one in records]


def _refuse_nothing(site: SiteConfig) -> None:
    """UsageError where there is no pool; a ledger made here would be one that knows nothing."""
    if not has_pool(site):
        raise UsageError(f"{site.name}: there is no pool yet; `mtdata export` makes it")


def _refuse_scale(ledger: Ledger, scale: str) -> None:
    known = {one.name: one for one in ledger.listing.scales()}
    if scale not in known:
        names = ", ".join(sorted(known)) or "none"
        told = f"this pool has no scale {ascii(scale)[:80]}; it has {names}."
        raise UsageError(f"{told}{did_you_mean(scale, known)}")
    if not known[scale].deleteable:
        last = ledger.snapshots.last(scale)
        file = ledger.files.path_of(last.span.file) if last else ""
        where = f"; the newest is in {file}, from byte {last.span.start} on" if last else ""
        raise UsageError(
            f"{scale} stays on the site and is kept as whole tables, so no entry of it has a "
            f"receipt of its own{where}"
        )


def _entry(ledger: Ledger, disk: Disk, record: EntryRecord) -> dict[str, Any]:
    events = ledger.events.of_entry(record.seq)
    copies = ledger.receipts.copies(record)
    return shown_entry(record, events, copies, stands=_stands(disk, record))


def _stands(disk: Disk, record: EntryRecord) -> bool:
    """Whether its raw bytes are there now as they were kept."""
    if not record.path:
        return False
    try:
        body = disk.read(record.path, record.start, record.length)
    except StorageError:  # gone, or refused: it does not stand there for us
        return False
    return sha256(body).digest() == record.digest


# heads for outsiders ------------------------------------------------------------------------------


def export_heads(site: SiteConfig, out: Path | None) -> dict[str, Any]:
    """Sign the heads of all days of a pool's events, into the home's state/ and into `out`.

    A chain that is broken is signed as it stands, and said so; where nothing was entered yet there
    is nothing to sign.  UsageError where there is no pool; ConfigError where there is no key, or no
    home.
    """
    _refuse_nothing(site)
    if site.state is None:
        raise ConfigError(f"{site.name}: heads are signed for a home, and this config has none")
    kept, folder = HeadsFolder(site.state, site.name), out / site.name if out else None
    with look_into(site) as pool:
        heads = _heads_now(site, pool)
        if not heads.days:
            return {
                "exit": 0,
                "folder": None,
                "days": 0,
                "events": 0,
                "broken": [],
                "set_aside": "",
            }
        broken = list(islice(broken_links(pool.ledger.events.chain()), SHOWN))
        content = heads.text()
        signature = signing.sign(kept.keys, content)  # before anything is moved
        aside = _set_aside(kept, pool)
    kept.write(content, signature)
    if folder is not None:
        _hand_out(folder, content, signature, signing.public_pem(kept.keys))
    return {
        "exit": StorageError.exit_code if broken else 0,
        "folder": str(folder or kept.path),
        "key": str((folder or kept.keys) / signing.PUBLIC),
        "days": len(heads.days),
        "events": heads.days[-1].events,
        "head": heads.days[-1].head,
        "broken": broken,
        "set_aside": aside,
    }


def _heads_now(site: SiteConfig, pool: Pool) -> SignedHeads:
    events = pool.ledger.events
    first = events.head_of(1) or NO_HEAD.hex()  # of a chain that lacks it, which is told
    return SignedHeads(site.name, first, pool.clock.now(), tuple(events.day_heads()))


def _set_aside(kept: HeadsFolder, pool: Pool) -> str:
    """Keep what was signed of another history under its own name; why, '' where it goes on."""
    try:
        before = kept.read()
    except ConfigError as error:
        told = str(error)
    else:
        told = departure(before, pool.ledger.events.head_of) if before else ""
    if told:
        kept.set_aside(pool.clock.now().strftime("%Y%m%dT%H%M%S"))
    return told


def _hand_out(folder: Path, content: bytes, signature: bytes, public: bytes) -> None:
    disk = FolderDisk(folder, mode=READABLE)
    for name, what in ((SIGNATURE, signature), (HEADS, content), (signing.PUBLIC, public)):
        disk.replace(name, what)
