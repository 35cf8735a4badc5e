"""A dated dataset of all that a pool holds, whole or not at all; the pool is only read.

    DIR/<study>-<UTC date>/data/ codebooks/ README.md manifest.json datapackage.json …

It is written into a folder beside that, which gets its name in one move once every file is on the
disk.  A folder that a killed run left is cleared by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from mtdata.config import Settings, SiteConfig
from mtdata.config.reading import read_plain
from mtdata.core.clock import SystemClock
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, NameRefused, StorageError, UsageError
from mtdata.core.lock import PoolLock
from mtdata.core.output.port import CountedPieces, FileFacts
from mtdata.study.model.scale import NAME
from mtdata.toolbox.codebook import Codebook, codebooks, codebooks_folder
from mtdata.toolbox.codebook.writing import rendered
from mtdata.toolbox.database import opened
from mtdata.toolbox.dataset_pages import (
    DatasetFacts,
    DatasetScale,
    crate,
    frictionless_package,
    manifest,
    readme,
)
from mtdata.toolbox.frozen_scale import FrozenScale
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.provenance import Origin, codebook_digest
from mtdata.toolbox.pseudonym import METHOD
from mtdata.toolbox.table_files import csv_pieces, parquet_pieces

BUSY = "another command makes a dataset there; nothing was done. Try again when it has ended"
PARTS = ("data", "codebooks")
RACES = 3
"""So often a round may replace a sheet while the pool is read."""


class Frozen(NamedTuple):
    """A dataset that is there."""

    folder: Path
    scales: int
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Freeze:
    """What is to be frozen, and how; `key` makes pseudonyms of participants."""

    settings: Settings
    site: SiteConfig
    command: str
    key: bytes | None = None
    every_snapshot: bool = False


def freeze(wanted: Freeze, folder: Path) -> Frozen:
    """Make the dataset of today.  UsageError (64) where it is there already.

    BusyError (75) while another command writes there, or while rounds go on replacing sheets;
    StorageError (74) names every sheet that cannot be read.  Nothing is left of one that failed.
    """
    made_at = SystemClock().now()
    name = f"{wanted.site.name}-{made_at:%Y-%m-%d}"
    with PoolLock(folder, BUSY).hold():
        if (folder / name).exists():
            raise UsageError(f"{folder / name}: is there already; nothing was put in its place")
        clear_staged(folder, wanted.site.name)
        dataset = StagedDataset(folder, name)
        try:
            facts = _written(wanted, dataset, made_at)
        except BaseException:
            with suppress(StorageError):  # what went wrong first is what has to be told
                dataset.clear()
            raise
        dataset.publish()
    sizes = [one.size for one in dataset.files.values()]
    rows = sum(scale.rows for scale in facts.scales)
    return Frozen(folder / name, len(facts.scales), rows, len(sizes), sum(sizes))


class StagedDataset:
    """The folder in which a dataset is made, and the files that are in it already."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.staged = name, f".{name}.staged"
        self._folder, self._disk = folder, FolderDisk(folder)
        self.files: dict[str, FileFacts] = {}

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        """A file of it, durable."""
        counted, full = CountedPieces(pieces), f"{self.staged}/{path}"
        self._disk.publish(self._disk.stage(full, counted), full)
        self.files[path] = counted.facts

    def clear(self) -> None:
        """Leave nothing of it."""
        self.files.clear()
        for part in PARTS:
            self._disk.clear(f"{self.staged}/{part}")
        self._disk.clear(self.staged)
        self._disk = FolderDisk(self._folder)  # that one remembers folders which are gone now

    def publish(self) -> None:
        """Give it its name, in one move."""
        self._disk.publish(self.staged, self.name)


def clear_staged(folder: Path, study: str) -> None:
    """Remove what killed runs left of datasets of this study."""
    for left in folder.glob(f".{study}-????-??-??.staged"):
        StagedDataset(folder, left.name.removeprefix(".").removesuffix(".staged")).clear()


def _written(wanted: Freeze, dataset: StagedDataset, made_at: datetime) -> DatasetFacts:
    """All files of the dataset, of one listing of the pool's sheets."""
    known = {name.casefold(): one for name, one in codebooks(wanted.settings).items()}
    for _ in range(RACES):
        pools = Pools([wanted.site])
        _check_names(pools)
        scales = _scales_written(wanted, dataset, pools, known)
        if not pools.has_replaced:
            break
        dataset.clear()  # a sheet is newer than the others: it may hold what they do not yet
    else:
        raise BusyError(
            f"{wanted.site.path}: rounds went on replacing sheets while they were read; nothing "
            "was frozen. Try again later"
        )
    facts = DatasetFacts(
        dataset.name, wanted.site.name, made_at, scales, has_pseudonyms=wanted.key is not None
    )
    _write_pages(wanted, dataset, facts, pools)
    return facts


def _check_names(pools: Pools) -> None:
    """NameRefused where the name of a scale cannot be that of a file anywhere."""
    if not pools.sheets:
        raise UsageError(f"{', '.join(pools.servers)}: there is no sheet yet: nothing to freeze")
    for scale, sheets in pools.sheets.items():
        if not NAME.fullmatch(scale):
            [first, *_] = next(iter(sheets.values()))
            raise NameRefused(
                f"{first.path}: its scale {ascii(scale)[:60]} has no name of letters, digits, _ "
                "and -; nothing was frozen. Is it a sheet at all? Move it away, or rename it"
            )


def _scales_written(
    wanted: Freeze, dataset: StagedDataset, pools: Pools, known: Mapping[str, Codebook]
) -> list[DatasetScale]:
    """Each scale in its turn; StorageError that names all that cannot be read."""
    written, faults = [], []
    with opened(pools) as database:
        for scale in pools.sheets:
            try:
                frozen = FrozenScale(
                    database, scale, wanted.key, every_snapshot=wanted.every_snapshot
                )
            except StorageError as error:
                faults.append(str(error))
                continue
            if not faults:
                written.append(_scale_written(dataset, frozen, known.get(scale.casefold())))
            frozen.drop()
    if faults:
        raise StorageError("\n".join([*faults, "Nothing was frozen: a dataset is whole, or none"]))
    return written


def _scale_written(
    dataset: StagedDataset, frozen: FrozenScale, codebook: Codebook | None
) -> DatasetScale:
    dataset.write(f"data/{frozen.name}.csv", csv_pieces(*frozen.batches(typed=False)))
    dataset.write(f"data/{frozen.name}.parquet", parquet_pieces(*frozen.batches(typed=True)))
    return DatasetScale(frozen.name, frozen.rows, frozen.columns, codebook)


def _write_pages(wanted: Freeze, dataset: StagedDataset, facts: DatasetFacts, pools: Pools) -> None:
    for scale in facts.scales:
        if scale.codebook is not None:
            _write_codebook(wanted.settings, dataset, scale.codebook)
    dataset.write("README.md", [readme(facts)])
    dataset.write("provenance.json", [_provenance(wanted, facts, pools)])
    dataset.write("datapackage.json", [frictionless_package(facts, dataset.files)])
    dataset.write("ro-crate-metadata.json", [crate(facts, dataset.files)])
    dataset.write("manifest.json", [manifest(facts, dataset.files)])


def _write_codebook(settings: Settings, dataset: StagedDataset, codebook: Codebook) -> None:
    source = codebooks_folder(settings) / f"{codebook.scale}.yaml"
    dataset.write(f"codebooks/{codebook.scale}.yaml", [read_plain(source)])
    for ending, content in rendered(codebook).items():
        dataset.write(f"codebooks/{codebook.scale}{ending}", [content])


def _provenance(wanted: Freeze, facts: DatasetFacts, pools: Pools) -> bytes:
    """Of what it was made; the digests of its own files stand in the manifest.

    Beside pseudonyms no digest of a sheet stands: all else in it is known, so whoever tries one
    identifier after the other would see by the digest which is the right one.
    """
    read = [sheet for scale in pools.sheets for sheet in pools.read[scale]]
    books = {
        scale.name: codebook_digest(wanted.settings, scale.codebook)
        for scale in facts.scales
        if scale.codebook
    }
    more: dict[str, Any] = {"codebooks": books}
    if facts.has_pseudonyms:
        more |= {"pseudonyms": METHOD, "sheets_without_digests": [sheet.name for sheet in read]}
    origin = Origin(
        command=wanted.command,
        made_at=facts.made_at,
        server=wanted.site.name,
        counts={scale.name: scale.rows for scale in facts.scales},
        sheets=() if facts.has_pseudonyms else read,
        more=more,
    )
    told = json.loads(origin.side_file(facts.name, "", 0))
    told = {key: value for key, value in told.items() if key not in ("sha256", "bytes")}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
