"""Logs in memory, packed in every way that there is; no test."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import zstandard


class MemoryLog:
    """Port RawLog over bytes; `step` is the most that one read gives."""

    def __init__(self, content: bytes, step: int = 1 << 30) -> None:
        self.content, self.size, self.step, self._at = content, len(content), step, 0

    def read(self, length: int) -> bytes:
        piece = self.content[self._at : self._at + min(length, self.step)]
        self._at += len(piece)
        return piece

    def read_at(self, start: int, length: int) -> bytes:
        return self.content[start : start + length]


def zip_of(*members: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose members are called as no file should be."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"../../etc/{number}", member)
    return held.getvalue()


PACKED = {
    "plain": lambda text: text,
    "gz": lambda text: gzip.compress(text, mtime=0),
    "bz2": bz2.compress,
    "zstd": zstandard.compress,
    "zip": zip_of,
    "stored": lambda text: zip_of(text, method=zipfile.ZIP_STORED),
}
