"""What the ledger knows of the appends to a raw file; it looks at no file."""

from __future__ import annotations

from collections.abc import Iterator

from mtdata.core.sqlite import LedgerDatabase


class Ranges:
    """Stretches of raw files, each as one append put it there."""

    def __init__(self, connection: LedgerDatabase) -> None:
        self._db = connection

    def add_range(
        self, number: int, start: int, length: int, key: str, digest: bytes, kept_at: str
    ) -> None:
        """Enter what one append added to a raw file; inside a commit."""
        self._db.run(
            "INSERT INTO ranges VALUES (?, ?, ?, ?, ?, ?)",
            number,
            start,
            length,
            key,
            digest,
            kept_at,
        )

    def has_key(self, number: int, key: str) -> bool:
        """Whether a package of that name stands in the raw file already."""
        return (
            self._db.row("SELECT 1 FROM ranges WHERE file = ? AND key = ?", number, key) is not None
        )

    def ranges(self, number: int) -> Iterator[tuple[int, int, bytes]]:
        """Start, length and digest of each append to a raw file, in order."""
        after = -1
        while row := self._db.row(
            "SELECT start, length, digest FROM ranges WHERE file = ? AND start > ?"
            " ORDER BY start LIMIT 1",
            number,
            after,
        ):
            yield row[0], row[1], row[2]
            after = row[0]
