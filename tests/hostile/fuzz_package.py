"""A target for atheris, run by hand; the gate runs test_fuzz.py instead.

.venv/bin/pip install atheris
.venv/bin/python -m tests.hostile.fuzz_package -max_total_time=60
"""

from __future__ import annotations

import sys

from mtdata.core.errors import PackageError
from mtdata.study.files.rawfile import raw_entries
from mtdata.study.model.package import Entry, entries


def read(content: bytes, size: int) -> tuple[list[bytes], bool]:
    """The entries of the content in pieces of that size, and whether it broke."""
    found: list[bytes] = []
    try:
        for entry in entries(content[at : at + size] for at in range(0, len(content), size)):
            found.append(entry.body)
    except PackageError:
        return found, True
    return found, False


def target(content: bytes) -> None:
    """Slices of the content, in order, the same at any size of its pieces; PackageError alone."""
    found, broken = read(content, 65536)
    place = 0
    for body in found:
        place = content.index(body, place) + len(body)
    assert read(content, 7) == (found, broken)
    again: list[Entry] = []
    try:
        for _, entry in raw_entries([b'{"QOL_1": ', content, b"}"]):
            again.append(entry)
    except PackageError:
        return
    assert broken or [entry.body for entry in again] == found


if __name__ == "__main__":
    import atheris  # type: ignore[import-not-found]  # by hand alone

    atheris.instrument_all()
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
