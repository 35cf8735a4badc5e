"""A person's entries in raw files: by what stands there clear, and by what the keys open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from mtdata.core.errors import PackageError
from mtdata.study.erasure.person import Person
from mtdata.study.files.cuts import Cut, Cuts, entry_cuts
from mtdata.study.files.rawfile import RawEntry, raw_batches, raw_entries
from mtdata.study.ledger import LedgerEntry
from mtdata.study.model.package import Entry, read_entry
from mtdata.study.model.still_sealed import StillSealed
from mtdata.study.pool import Pool


class RawSearch:
    """Looks into raw bytes; `untold` counts, by scale, entries that no key of today opens."""

    def __init__(self, pool: Pool, person: Person, untold: Counter[str]) -> None:
        self._pool, self._person, self._untold = pool, person, untold
        self._opened: dict[bytes, bool | None] = {}  # a table shows the same texts every day

    def without_row(self, scale: str) -> Iterator[LedgerEntry]:
        """The person's entries of a scale that have no row in a sheet."""
        for claims in self._pool.ledger.search.without_row(scale):
            bodies = self._pool.archive.claimed(claims)
            read = [None if body is None else read_entry(body).values for _, body in bodies]
            verdicts = self._judged(scale, read)
            self._untold[scale] += sum(verdict is None for verdict in verdicts)
            yield from (c for c, verdict in zip(claims, verdicts, strict=True) if verdict)

    def of_table(self, path: str, scale: str) -> Iterator[Entry]:
        """The person's rows in each snapshot of a table."""
        for batch in raw_batches(self._followed(path)):
            verdicts = self._judged(scale, [one.entry.values for one in batch])
            self._untold[scale] += sum(verdict is None for verdict in verdicts)
            yield from (one.entry for one, v in zip(batch, verdicts, strict=True) if v)

    def cuts(self, path: str, goes: Callable[[Entry], bool]) -> tuple[tuple[Cut, ...], int, str]:
        """What is to be cut out of a raw file, how many entries that is, and what hinders."""
        count, fault = 0, ""

        def judged() -> Iterator[tuple[RawEntry, bool]]:
            nonlocal count, fault
            try:
                for one in raw_entries(self._pool.disk.stream(path)):
                    is_gone = goes(one.entry)
                    count += is_gone
                    yield one, is_gone
            except PackageError as error:
                fault = f"{path}: {error}"

        found = Cuts(entry_cuts(self._pool.disk, path, judged()))
        return tuple(found.stretches), count, fault

    def _followed(self, path: str) -> Iterator[RawEntry]:
        try:
            yield from raw_entries(self._pool.disk.stream(path))
        except PackageError:
            return

    def _judged(self, scale: str, read: Sequence[dict[str, Any] | None]) -> list[bool | None]:
        """Whether each entry is the person's; None where nobody can tell."""
        sealed = [[] if values is None else self._person.sealed_in(values) for values in read]
        self._open(value for texts in sealed for value in texts)
        return [
            None if values is None else self._verdict(scale, values, texts)
            for values, texts in zip(read, sealed, strict=True)
        ]

    def _verdict(self, scale: str, values: dict[str, Any], sealed: list[Any]) -> bool | None:
        if self._person.is_in(scale, values):
            return True
        answers = {self._opened[_key(value)] for value in sealed}
        return True if True in answers else None if None in answers else False

    def _open(self, values: Iterable[Any]) -> None:
        fresh = {_key(value): value for value in values}
        fresh = {key: value for key, value in fresh.items() if key not in self._opened}
        keys = list(fresh)
        for _, answer in self._pool.cipher.unseal_each(
            [(None, list(fresh.values()))] if fresh else []
        ):
            for key, text in zip(keys, answer.texts, strict=True):
                is_shut = isinstance(text, StillSealed)
                self._opened[key] = None if is_shut else self._person.is_meant(text)


def _key(value: Any) -> bytes:
    return sha256(repr(value).encode("utf-8", "surrogatepass")).digest()
