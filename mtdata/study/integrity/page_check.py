"""Pages of a file held against its bytes by worker processes; each is said to be well, or nothing.

A worker reads files of the pool and knows no ledger and no key.  What it does not call well the
process that has the ledger reads again by itself: so what is told and mended, and in which order,
is the same with workers and without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import MTDataError
from mtdata.study.files.neighbours import neighbours
from mtdata.study.files.sheet_lines import rows_stand


class ProofPage(NamedTuple):
    """Places of one file in their order, each with its digest.

    Of a sheet, which has `columns`, it is that of a line's cells, None where nothing is proven yet.
    """

    path: str
    columns: tuple[str, ...]
    starts: Sequence[int]
    lengths: Sequence[int]
    digests: Sequence[bytes | None]


def page_check(root: Path) -> Callable[[list[ProofPage]], list[bool]]:
    """Tells of each page of a pool that lies there whether all of it is well."""
    is_well = partial(_is_well, FolderDisk(root))
    return lambda pages: [*map(is_well, pages)]


def _is_well(disk: FolderDisk, page: ProofPage) -> bool:
    bodies = neighbours(disk, page.path, page.starts, page.lengths)
    try:
        if not page.columns:
            found = zip(bodies, page.digests, strict=True)
            return all(sha256(body).digest() == digest for body, digest in found)
        stand = rows_stand(page.columns, bodies, page.digests)
        each = zip(stand, page.digests, strict=True)
        return all(stands or digest is None for stands, digest in each)
    except (MTDataError, ValueError):  # told by who reads it again
        return False
