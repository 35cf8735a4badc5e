"""Files of a report: each whole at its name or not at all, with a side file that says of what.

They lie in `reports/` of the pool, or in a folder of one's own choice.  No pool's file is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from mtdata.config import SiteConfig
from mtdata.core.clock import SystemClock
from mtdata.core.csv_lines import csv_lines
from mtdata.core.disk import FolderDisk
from mtdata.core.formulas import guarded
from mtdata.core.lock import PoolLock
from mtdata.study.operations.opening import refuse_stranger
from mtdata.toolbox.provenance import ENDING, Origin

REPORTS = "reports"
BUSY = "another report is being made there; nothing was done. Try again when it has ended"


class ReportFile(NamedTuple):
    """One file that was written: its name in the folder, bytes, rows and SHA-256."""

    name: str
    path: Path
    size: int
    rows: int
    digest: str


class ReportFolder:
    """Where the report of one site and day goes."""

    def __init__(self, disk: FolderDisk, folder: str, before: str, day: date) -> None:
        """Into `folder` of the disk, with `before` in front of each name."""
        self._disk, self._folder, self._before, self.day = disk, folder, before, day
        self.written: list[ReportFile] = []

    def drop_staged(self) -> None:
        """Remove what a killed run was writing; whoever calls has the folder alone."""
        for name in self._disk.names(self._folder):
            if name.startswith(f".{self._before}") and name.endswith(".staged"):
                self._disk.remove(f"{self._folder}/{name}" if self._folder else name)

    def write(
        self, what: str, ending: str, pieces: Iterable[bytes], origin: Origin, rows: int = 0
    ) -> None:
        """Put `<what>-<day>.<ending>` and its side file in place, in that of earlier ones."""
        name = f"{self._before}{what}-{self.day}.{ending}"
        path = f"{self._folder}/{name}" if self._folder else name
        content = b"".join(pieces)
        digest = sha256(content).hexdigest()
        self._disk.replace(path, content)
        self._disk.replace(f"{path}{ENDING}", origin.side_file(name, digest, len(content)))
        self.written.append(ReportFile(name, self._disk.root / path, len(content), rows, digest))

    def write_table(
        self,
        what: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        origin: Origin,
    ) -> None:
        """Put a table in place as CSV, of the dialect that sheets have; no cell is a formula."""
        lines = csv_lines([columns, *(list(_cells(row)) for row in rows)])
        self.write(what, "csv", lines, origin, rows=len(lines) - 1)


def _cells(row: Sequence[object]) -> Iterator[str]:
    for cell in row:
        if cell is None:
            yield ""
        elif isinstance(cell, float):
            yield f"{cell:.4f}"
        else:
            yield guarded(str(cell))


@contextmanager
def report_folder(
    site: SiteConfig, out: Path | None = None, disk: FolderDisk | None = None
) -> Iterator[ReportFolder]:
    """`reports/` of the site's pool, or another folder where names begin with the site's.

    `disk` is that of the pool, for who wants one of its own.  What a killed run left is removed.
    BusyError (75) while another report is made there, OwnerError (78) for somebody else's pool.
    """
    clock = SystemClock(site.timezone)
    today = clock.local(clock.now()).date()
    if out is None:
        refuse_stranger(site)
    with PoolLock(out or site.path / REPORTS, BUSY).hold():
        if out is None:
            folder = ReportFolder(disk or FolderDisk(site.path), REPORTS, "", today)
        else:
            folder = ReportFolder(FolderDisk(out), "", f"{site.name}-", today)
        folder.drop_staged()
        yield folder
