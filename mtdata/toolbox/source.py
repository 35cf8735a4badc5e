"""Where the entries of a scale come from, sheets of a pool or one file, and which bytes were read.

It changes neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from mtdata.config import SiteConfig
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import NameRefused, UsageError
from mtdata.study.model.scale import NAME
from mtdata.study.operations.reading import PoolSheet, newest_alone, pool_sheets
from mtdata.toolbox.pools import Pools
from mtdata.toolbox.sheets import tables

AHEAD = 8 << 20
"""Bytes of the sheets of a scale that may be read before they are asked for."""


class Source:
    """The sheets of one scale; `read` are those whose rows were given out, as they were read."""

    def __init__(
        self, scale: str, sheets: Sequence[PoolSheet], site: SiteConfig | None = None
    ) -> None:
        self.scale, self._sheets, self._site = scale, sheets, site
        self.read: list[PoolSheet] = []
        self._ahead: Future[list[pa.Table]] | None = None

    @property
    def server(self) -> str:
        """The name of the site; '' for a file."""
        return self._site.name if self._site else ""

    def batches(self) -> Iterator[pa.Table]:
        """The rows as `mtdata/toolbox/sheets.py` gives them; SheetChanged (74) as there."""
        ahead, self._ahead = self._ahead, None  # the rows are held no longer than they are needed
        yield from self._tables() if ahead is None else ahead.result()

    def read_ahead(self, thread: ThreadPoolExecutor) -> None:
        """Begin to read a small scale now, while the database is at work for another."""
        lengths = [sheet.length for sheet in self._sheets]
        known = [length for length in lengths if length is not None]
        if len(known) == len(lengths) and sum(known) <= AHEAD:
            self._ahead = thread.submit(lambda: list(self._tables()))

    def _tables(self) -> Iterator[pa.Table]:
        self.read = [_measured(sheet) for sheet in self._sheets]
        yield from tables(self.server, list(self.read), self._newer)

    def _newer(self, old: PoolSheet) -> PoolSheet | None:
        """What replaced a sheet as a whole; it is remembered as the one that was read."""
        if self._site is None:
            return None
        place = (old.scale, old.day, old.part)
        known = pool_sheets(self._site, old.scale)
        newer = next((sheet for sheet in known if sheet[:3] == place), None)
        self.read = [newer if newer and sheet[:3] == place else sheet for sheet in self.read]
        return newer


def _measured(sheet: PoolSheet) -> PoolSheet:
    """One that no ledger knows, up to where it ends now: it is read and told as this."""
    if sheet.digest is not None:
        return sheet
    digest, length = sha256(), 0
    for piece in FolderDisk(sheet.root).stream(sheet.name):
        digest.update(piece)
        length += len(piece)
    return sheet._replace(length=length, digest=digest.digest())


def read_in_turn(sources: Iterable[Source]) -> Iterator[Source]:
    """The sources, each begun to be read while the one before it is worked on."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sheets") as thread:
        waiting: Source | None = None
        for source in sources:
            source.read_ahead(thread)
            if waiting is not None:
                yield waiting
            waiting = source
        if waiting is not None:
            yield waiting


def checked_scale(word: str) -> str:
    """A scale's name of the command line; NameRefused (65) for what could be no file's name."""
    if NAME.fullmatch(word):
        return word
    raise NameRefused(
        f"{ascii(word)[:80]}: no name of a scale; one holds letters, digits, '_' and '-'"
    )


def pool_source(pools: Pools, scale: str) -> Source:
    """A scale of a pool; of one that must stay the newest sheet.  UsageError for none."""
    name = pools.named(scale)
    ((server, sheets),) = pools.sheets_of(name).items()
    return Source(name, newest_alone(sheets), pools.site(server))


def file_source(scale: str, file: Path) -> Source:
    """One CSV file as that scale; UsageError where there is none."""
    if not file.is_file():
        raise UsageError(
            f"{ascii(str(file))[:200]}: there is no regular file. A site is named by --server, or "
            "behind `all`"
        )
    whole = file.resolve()
    sheet = PoolSheet(checked_scale(scale), "", 1, whole.parent, whole.name)
    return Source(scale, [sheet])
