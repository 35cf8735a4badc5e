"""One package of a kind, large, through a child process that may use so much memory; no test.

    python -m tests.hostile.large KIND FOLDER

It prints what the round did, and the most memory that it had, as one JSON object.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mtdata.core.disk import FolderDisk
from mtdata.study.decryption.cipher import ClearCipher
from mtdata.study.files.archive import FolderArchive
from mtdata.study.files.sheets import CsvSheets
from mtdata.study.integrity.decode import PoolDecoder
from mtdata.study.ledger import Ledger
from mtdata.study.model.bounds import MAX_ENTRY
from mtdata.study.pool import Pool
from mtdata.study.round.round import Round
from tests.fakes import MemorySite
from tests.sites import site_config

MB = 10**6
GOOD = b'{"id":1,"a":"x"}'


def one(body: Callable[[], Iterator[bytes]]) -> Callable[[], Iterator[bytes]]:
    """A package of a sound entry, the large one, and another sound one."""

    def pieces() -> Iterator[bytes]:
        yield b"[" + GOOD + b","
        yield from body()
        yield b',{"id":3,"a":"x"}]'

    return pieces


def text(size: int, letter: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield b'{"id":2,"a":"'
        yield from (letter * (65536 // len(letter)) for _ in range(size // 65536))
        yield b'"}'

    return one(pieces)


def many(piece: bytes, number: int, start: bytes, end: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield start
        for _ in range(number // 1000):
            yield piece * 1000
        yield end

    return one(pieces)


def rows(number: int, form: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield b"[" + GOOD
        for start in range(10, number, 1000):
            yield from (b"," + form % n for n in range(start, min(start + 1000, number)))
        yield b"]"

    return pieces


SHORT = [
    "a text of 15 MB of emoji",
    "a text of 17 MB",
    "a text of 60 MB",
    "a text of 15 MB that is open",
    "a million names",
    "a million brackets",
    "a 15 MB number",
    "300 lists a row",
    "300 texts of 1 MB",
]
"""Those that are tried each time; the others with --long."""

KINDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "a text of 15 MB": text(15 * MB, b"x"),
    "a text of 15 MB of emoji": text(15 * MB, "\U0001f600".encode()),
    "a text of 15 MB of quotes": text(15 * MB, b'\\"'),
    "a text of 15 MB of escapes": text(15 * MB, b"\\u0001"),
    "a text of 17 MB": text(MAX_ENTRY + MB, b"x"),
    "a text of 60 MB": text(60 * MB, b"x"),
    "a text of 15 MB that is open": many(b"x", 15 * MB, b'{"id":2,"a":"', b"}"),
    "a million lists": many(b"[],", MB, b'{"id":2,"a":[', b"0]}"),
    "500,000 objects": many(b"{},", MB // 2, b'{"id":2,"a":[', b"0]}"),
    "2 million numbers": many(b"0,", 2 * MB, b'{"id":2,"a":[', b"0]}"),
    "a million names": many(b'"abc":1,', MB, b'{"id":2,', b'"a":1}'),
    "a million brackets": many(b"[", MB, b"", b""),
    "100,000 times the same that is no JSON": many(b"{x},", MB // 10, b"", GOOD),
    "a 15 MB number": many(b"9", 15 * MB, b'{"id":2,"a":', b"}"),
    "300 lists a row": rows(2_000, b'{"id":%d,"a":[' + b"[]," * 300 + b"[]]}"),
    "300 texts of 1 MB": rows(310, b'{"id":%d,"a":"' + b"x" * MB + b'"}'),
    "15,000 entries": rows(15_000, b'{"id":%d,"a":"x","b":1.5}'),
}


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 12, 12, tzinfo=UTC)

    def local(self, moment: datetime) -> datetime:
        return moment


class _LargeSite(MemorySite):
    """Sends a package as it is made."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        super().__init__()
        self._made = pieces

    def _pieces(self, scale: str) -> Iterator[bytes]:
        return self._made() if scale == "Large" else super()._pieces(scale)


def carry(kind: str, folder: Path) -> dict[str, object]:
    """Two rounds: the second must find nothing new; then every sheet is made of raw again."""
    disk, ledger = FolderDisk(folder), Ledger(folder / Ledger.NAME)
    site = _LargeSite(KINDS[kind])
    site.put("Large", [GOOD])
    site.put("Small", [GOOD])
    archive, sheets = (
        FolderArchive(disk, ledger, "%b_%d_%Y", "%H_%M_%S"),
        CsvSheets(disk, ledger, "%b_%d_%Y"),
    )
    pool = Pool(disk, archive, sheets, ledger, ClearCipher(), _Clock())
    reports = [
        Round(site_config("study", delete_mode=True), pool, site).play(".") for _ in range(2)
    ]
    checked = PoolDecoder(pool).check(".")
    ledger.close()
    return {
        "differ": [one.sheet for one in checked if not one.identical],
        "exits": [report.exit for report in reports],
        "scales": [report.scales for report in reports],
        "deletes": site.deletes,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> int:
    """Peak of resident memory; ru_maxrss remembers the process that started this one as well."""
    status = Path("/proc/self/status")
    if status.exists():
        [peak] = re.findall(
            r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE
        )
        return int(peak) // 1024
    unit = 1024 * (1024 if sys.platform == "darwin" else 1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


if __name__ == "__main__":
    print(json.dumps(carry(sys.argv[1], Path(sys.argv[2]))))
