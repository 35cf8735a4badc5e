"""What an erasure is to do, written down before it does anything: whoever comes next can end it.

Neither the person nor an answer stands in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mtdata.core.errors import StorageError
from mtdata.core.pool_files import ERASING_PLAN
from mtdata.core.ports import Disk
from mtdata.study.files.cuts import Cut, Cuts
from mtdata.study.model.tombstone import Erasure, Tombstone


@dataclass(frozen=True, slots=True)
class FileCuts:
    """What goes from one file.  `number` is that of the ledger, 0 for a file unknown to it.

    Lengths in bytes and digests (SHA-256, hex) are those of the whole file.
    """

    path: str
    kind: str  # raw, sheet, or the folder of what was made of them
    scale: str
    rows: int
    number: int
    cuts: tuple[Cut, ...]
    length: int
    digest: str
    new_length: int
    new_digest: str

    @property
    def stretches(self) -> Cuts:
        """The stretches, ready to be cut."""
        return Cuts(self.cuts)


@dataclass(frozen=True, slots=True, repr=False)
class ErasurePlan:
    """One erasure; `entries` are seq and mark of those that the ledger knows."""

    erasure: Erasure
    entries: tuple[tuple[int, bytes], ...]
    files: tuple[FileCuts, ...]
    token: str  # by which the person can show that the certificate is about them
    certificate: Mapping[str, Any] = field(default_factory=dict)

    def write(self, disk: Disk) -> None:
        """Write it down, durably."""
        one = self.erasure
        shown = {
            "erasure": [one.sign, one.erased_at, one.key.hex(), one.raw],
            "tombstones": [[t.scale, t.id, t.mark.hex(), t.line.hex()] for t in one.tombstones],
            "entries": [[seq, mark.hex()] for seq, mark in self.entries],
            "files": [asdict(file) for file in self.files],
            "token": self.token,
            "certificate": self.certificate,
        }
        disk.replace(ERASING_PLAN, json.dumps(shown).encode())


def begun_plan(disk: Disk) -> ErasurePlan | None:
    """The erasure that is under way, None where there is none; StorageError for no plan of ours."""
    size = disk.size(ERASING_PLAN)
    if size is None:
        return None
    try:
        return _plan(json.loads(disk.read(ERASING_PLAN, 0, size)))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StorageError(
            f"{ERASING_PLAN}: an erasure was begun, and somebody changed its plan. Put the file "
            "back, or remove it and call `mtdata erase` again: nothing of it is done twice"
        ) from None


def sign_of_begun(disk: Disk) -> str:
    """The sign of the erasure that is under way, '' for none."""
    plan = begun_plan(disk)
    return plan.erasure.sign if plan else ""


def _plan(shown: Any) -> ErasurePlan:
    sign, at, key, raw = shown["erasure"]
    tombstones = tuple(
        Tombstone(scale, number, bytes.fromhex(mark), bytes.fromhex(line))
        for scale, number, mark, line in shown["tombstones"]
    )
    files = (one | {"cuts": tuple(Cut(*cut) for cut in one["cuts"])} for one in shown["files"])
    return ErasurePlan(
        Erasure(sign, at, bytes.fromhex(key), raw, tombstones),
        tuple((seq, bytes.fromhex(mark)) for seq, mark in shown["entries"]),
        tuple(FileCuts(**one) for one in files),
        shown["token"],
        shown["certificate"],
    )
