"""A plan out of what was found: marks for each entry, and how each file will look afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes, token_hex
from typing import Any

from mtdata.core.errors import StorageError
from mtdata.core.ports import Disk
from mtdata.study.erasure.certificate import certificate_of
from mtdata.study.erasure.person import Person
from mtdata.study.erasure.plan import ErasurePlan, FileCuts
from mtdata.study.erasure.search import FoundFile, PersonFound
from mtdata.study.files.append_file import digest_of
from mtdata.study.files.cuts import Cuts
from mtdata.study.model.tombstone import (
    NO_ID,
    Erasure,
    Tombstone,
    entry_mark,
    line_mark,
    table_mark,
)
from mtdata.study.pool import Pool

RAW_KINDS = ("raw", "held")
SPARE_ROOM = 16 << 20
"""Bytes that are to be free beside the largest file: for the ledger, the lists, the certificate."""


def is_to_go(file: FoundFile, *, raw: bool) -> bool:
    """Whether the file is rewritten; raw files are by choice."""
    return raw or file.kind not in RAW_KINDS


def plan_of(pool: Pool, site: str, person: Person, found: PersonFound, *, raw: bool) -> ErasurePlan:
    """What is to be done, without doing it.  StorageError where the disk has no room for it."""
    at, key, token = pool.clock.now(), token_bytes(32), token_hex(16)
    files = tuple(_file_cuts(pool.disk, file) for file in found.files if is_to_go(file, raw=raw))
    _check_room(pool.disk, files)
    entries = tuple(
        (seq, entry_mark(key, scale, _id(claim.id), claim.digest))
        for seq, (scale, claim) in found.entries.items()
    )
    erasure = Erasure(_sign(at), at.isoformat(), key, raw, tuple(_tombstones(key, found)))
    shown: dict[str, Any] = certificate_of(site, erasure, person, token, found, files)
    return ErasurePlan(erasure, entries, files, token, shown)


def _sign(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-{token_hex(4)}"


def _id(number: int | None) -> int:
    return NO_ID if number is None else number


def _tombstones(key: bytes, found: PersonFound) -> Iterator[Tombstone]:
    for scale, claim in found.entries.values():
        number = _id(claim.id)
        mark = entry_mark(key, scale, number, claim.digest)
        yield Tombstone(scale, number, mark, line_mark(key, scale, number, claim.cells))
    for row in found.rows:
        number = _id(row.id)
        yield Tombstone(row.scale, number, b"", line_mark(key, row.scale, number, row.cells))
    for scale, number in sorted(found.table_ids):
        yield Tombstone(scale, NO_ID, table_mark(key, scale, number), b"")
    for scale, digest in sorted(found.table_entries):
        yield Tombstone(scale, NO_ID, entry_mark(key, scale, NO_ID, digest), b"")


def _file_cuts(disk: Disk, file: FoundFile) -> FileCuts:
    cuts, length, digest = Cuts(file.cuts), 0, sha256()
    for piece in cuts.remaining(disk, file.path):
        length += len(piece)
        digest.update(piece)
    before = disk.size(file.path) or 0
    return FileCuts(
        path=file.path,
        kind=file.kind,
        scale=file.scale,
        rows=file.rows,
        number=file.number,
        cuts=file.cuts,
        length=before,
        digest=digest_of(disk, file.path).hex(),
        new_length=length,
        new_digest=digest.hexdigest(),
    )


def _check_room(disk: Disk, files: tuple[FileCuts, ...]) -> None:
    wanted = max((file.new_length for file in files), default=0) + SPARE_ROOM
    if disk.room().bytes < wanted:
        raise StorageError(
            f"the disk has no room to write the largest file anew ({wanted:,} bytes are wanted). "
            "Nothing was erased; make room first"
        )
