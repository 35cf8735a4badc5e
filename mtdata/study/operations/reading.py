"""What others read of a pool: its sheets, each up to the byte that the ledger proves.

It opens no sheet and changes nothing; who reads holds the bytes against `digest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.pool_files import SHEETS
from mtdata.study.integrity.placing import staying
from mtdata.study.ledger import Ledger
from mtdata.study.model.days import read_name
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import CLOSED, FOREIGN, LIVE
from mtdata.study.operations.known_pool import has_ledger
from mtdata.study.operations.opening import look_into

_READABLE = (LIVE, CLOSED, FOREIGN)


class PoolSheet(NamedTuple):
    """One sheet of a pool, as it stood when it was asked for.

    It is `name` in the folder `root` of its pool.  `day` is the site's, ISO.  `is_snapshot` tells a
    scale that must stay: a later sheet holds what an earlier one does.  `length` and `digest`
    (SHA-256) are of the bytes that are proven; None in a pool without a ledger, where the file is
    taken as it is.
    """

    scale: str
    day: str
    part: int
    root: Path
    name: str
    length: int | None = None
    digest: bytes | None = None
    is_snapshot: bool = False

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.root / self.name


def pool_sheets(site: SiteConfig, scale: str = "") -> list[PoolSheet]:
    """The sheets of a site's pool, of one scale or of all, by scale, day and part.

    A sheet that somebody else changed is none of them: its rows stand in a part of their own once
    `verify` made it.  PoolAway or StorageError where a pool was known and is away or unreadable.
    """
    if has_ledger(site):
        with look_into(site) as pool:
            known = list(sheets_by_number(pool.ledger, site.path).values())
    else:
        known = sheets_by_name(site.path, site.date_format, site.time_format)
    return sorted(one for one in known if scale in ("", one.scale))


def sheets_by_number(ledger: Ledger, root: Path) -> dict[int, PoolSheet]:
    """The sheets that can be read of the pool there, by their number in its ledger."""
    standing = ledger.files.standing("sheet")
    return {mark.number: _sheet(root, mark) for mark, state in standing if state in _READABLE}


def _sheet(root: Path, mark: FileMark) -> PoolSheet:
    return PoolSheet(
        mark.scale,
        mark.day,
        mark.part,
        root,
        mark.path,
        mark.length,
        mark.digest,
        mark.mode == "whole",
    )


def sheets_by_name(root: Path, date_format: str, time_format: str) -> list[PoolSheet]:
    """Those of the original program, which kept no ledger; benchMark.json says which stay."""
    sheets, stay = [], staying(FolderDisk(root))
    for path in (root / SHEETS).glob("*.csv"):
        named = read_name(path.stem, date_format, time_format)
        if named is not None and path.is_file():
            name = f"{SHEETS}/{path.name}"
            place = (named.scale, named.day, named.part, root, name)
            sheets.append(PoolSheet(*place, is_snapshot=named.scale in stay))
    return sheets


def newest_alone(sheets: Sequence[PoolSheet]) -> list[PoolSheet]:
    """Of snapshots the newest alone, since it holds all there was; all sheets that grow."""
    snapshots = [sheet for sheet in sheets if sheet.is_snapshot]
    return [sheet for sheet in sheets if not sheet.is_snapshot or sheet == snapshots[-1]]
