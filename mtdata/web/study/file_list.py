"""Names and sizes of the files of a pool, a page at a time; it opens no file.

A page goes on behind a name, so that a folder of any size takes the memory of one page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

from mtdata.config import SiteConfig
from mtdata.core.pool_files import HELD, RAW, RECOVERED, SHEETS
from mtdata.study.ledger.queries import Entered
from mtdata.study.operations.opening import has_pool, look_into

FOLDERS = (RAW, SHEETS, RECOVERED, HELD, ".")
"""What of a pool is shown; '.' is the folder itself."""
SIZE = 50


class ListedFile(NamedTuple):
    """One file, and what the ledger has entered of it (None: nothing)."""

    name: str
    size: int
    changed_at: datetime
    known: Entered | None


class FilePage(NamedTuple):
    """Files in the order of their names; `last` is the name to go on behind, '' at the end."""

    files: list[ListedFile]
    total: int
    last: str


def page(site: SiteConfig, folder: str, behind: str = "", beginning: str = "") -> FilePage:
    """The next files of one of FOLDERS whose names begin so."""
    place = site.path if folder == "." else site.path / folder
    total = 0

    def names() -> Iterator[tuple[str, str]]:
        nonlocal total
        with suppress(FileNotFoundError), os.scandir(place) as found:
            for entry in found:
                told = _printable(entry.name)
                if told.startswith(beginning) and entry.is_file(follow_symlinks=False):
                    total += 1
                    if told > behind:
                        yield told, entry.name

    found = nsmallest(SIZE + 1, names())
    known = _entered(site, folder, [told for told, _ in found[:SIZE]])
    files = [_file(place / name, told, known.get(told)) for told, name in found[:SIZE]]
    shown = [file for file in files if file is not None]
    return FilePage(shown, total, found[SIZE - 1][0] if len(found) > SIZE else "")


def _printable(name: str) -> str:
    """A name that is no text, as far as it is one."""
    return os.fsencode(name).decode("utf-8", "replace")


def _entered(site: SiteConfig, folder: str, names: list[str]) -> dict[str, Entered]:
    if folder in (".", RECOVERED) or not names or not has_pool(site):
        return {}
    with look_into(site) as pool:
        found = pool.ledger.queries.entered([f"{folder}/{name}" for name in names])
    return {path.rpartition("/")[2]: known for path, known in found.items()}


def _file(path: Path, name: str, known: Entered | None) -> ListedFile | None:
    """None for one that has gone in this moment."""
    try:
        told = path.lstat()
    except FileNotFoundError:
        return None
    return ListedFile(name, told.st_size, datetime.fromtimestamp(told.st_mtime, UTC), known)
