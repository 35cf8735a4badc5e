"""What lets a pool that was put back from a backup prove itself anew; it reads no backup.

Its ledger gets evidence (an open incident) that forbids every delete until `verify` was clean, and
forgets what the site still has: the next listing says that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import StorageError
from mtdata.study.ledger import Ledger
from mtdata.study.operations.opening import lacks_erasure

KIND = "pool_restored"
TOLD = "the pool was {}, and was not proven since"


def mark_restored(root: Path, told: str, now: datetime) -> None:
    """Enter it in the ledger of the pool there; safe to do again.  StorageError."""
    with closing(Ledger(root / Ledger.NAME, lambda: now)) as ledger:
        ledger.incidents.raise_incident(KIND, "", TOLD.format(told), now)
        ledger.adopted.forget_the_site(now)


def carry_over(before: Path, ledger: Ledger, now: datetime) -> None:
    """Let a ledger that is made again know that its pool was put back and is unproven still."""
    if not before.is_file():
        return
    with suppress(StorageError), closing(Ledger(before, only_look=True)) as old:
        for one in old.incidents.open_incidents(""):
            if one.kind == KIND:
                ledger.incidents.raise_incident(KIND, "", one.detail, now)


def words_of_erasures(site: SiteConfig) -> Iterator[str]:
    """What is to be done where the backup is of before an erasure that is known here."""
    if FolderDisk(site.path).size(Ledger.NAME) is not None and lacks_erasure(site):
        yield (
            f"{site.name}: the backup is from before an erasure, and has what was erased: "
            f"`mtdata pool {site.name} --accept`, then the next round (`mtdata export "
            f"{site.name}`) cuts it out again before anything else"
        )
