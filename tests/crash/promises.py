"""What a random schedule must keep, whatever happened: a small model beside the program.

It knows what was ever put on the site and what a person did, and reads pool files by json and csv.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from hashlib import sha256
from typing import Any, NamedTuple

from mtdata.study.model.still_sealed import StillSealed
from mtdata.study.ports import Opened, Work
from tests.crash.power import CuttableSite, Power
from tests.crash.story import Cells, cells
from tests.fakes import Verdict, compact, id_of

SEAL = "sealed with "


def sealed(key: str, text: str) -> str:
    """A text that only `key` opens."""
    return f"{SEAL}{key}: {text}"


class ToyCipher:
    """Port Cipher whose keys are words."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)

    def fingerprint(self) -> str:
        return " ".join(sorted(self.keys))

    def key_names(self) -> list[str]:
        return sorted(self.keys)

    def key_fingerprints(self) -> dict[str, str]:
        return {key: sha256(key.encode()).hexdigest() for key in self.keys}

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        for item, values in work:
            opened = [self._open(value) for value in values]
            yield item, Opened([text for text, _ in opened], [key for _, key in opened])

    def _open(self, value: str) -> tuple[str | StillSealed, str]:
        key, _, text = value.removeprefix(SEAL).partition(": ")
        unopened = StillSealed("no key opens it", blames_key=True)
        return (text, key) if key in self.keys else (unopened, "")

    def close(self) -> None:
        """Nothing is held open."""


class Sent(NamedTuple):
    """One entry as it was put on the site; `cells` None = it can never have a row."""

    scale: str
    id: int | None
    body: bytes
    cells: Cells | None


class WatchedSite(CuttableSite):
    """A site that remembers which bytes each delete took away."""

    def __init__(self, power: Power) -> None:
        super().__init__(power)
        self.taken: list[tuple[str, int, bytes]] = []

    def _ask(self, scale: str, id: int) -> Verdict:
        there = [body for body in self._rows.get(scale, []) if id_of(body) == id]
        verdict = super()._ask(scale, id)
        left = self._rows.get(scale, [])
        self.taken += [(scale, id, body) for body in there if body not in left]
        return verdict

    def change(self, scale: str, before: bytes, after: bytes) -> None:
        """Let an entry show other content under its id."""
        rows = self._rows[scale]
        rows[rows.index(before)] = after

    def heal(self) -> None:
        """Be well again."""
        self.fault, self.failures = None, 0
        for faults in (self.package_faults, self.verdicts, self.sizes):
            faults.clear()


class Promises:
    """The model: what was sent, what a person let through, and which sheets a person edited."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, bytes], Sent] = {}
        self.let_through: set[bytes] = set()
        self.collected: dict[tuple[str, bytes], None] = {}  # in the order in which raw got them
        self.let_go: set[bytes] = set()  # what left the site by another hand than ours
        self.edited: dict[str, bytes | None] = {}  # by path; None = taken away

    def entry(self, scale: str, values: dict[str, Any], clear: dict[str, Any]) -> bytes:
        """Remember a sound entry: as sent, and what its row must show."""
        return self.remember(Sent(scale, int(values["id"]), compact(values), cells(clear)))

    def remember(self, sent: Sent) -> bytes:
        self.sent[sent.scale, sent.body] = sent
        return sent.body

    # After every round

    def broken(
        self, files: dict[str, bytes], taken: Iterable[tuple[str, int, bytes]]
    ) -> Iterator[str]:
        """What no round may do, whatever went wrong in it."""
        raw, rows = cache(partial(raw_of, files)), cache(partial(rows_of, files))
        for key in self.sent:
            if key not in self.collected and key[1] in raw(key[0]):
                self.collected[key] = None
        for path, content in self.edited.items():
            if files.get(path) != content:
                yield f"{path} was edited by a person and is not as it was left"
        for scale, number, body in taken:
            sent = self.sent[scale, body]
            # a row that a person left as it was is as good
            yield from self._without_proof(raw(scale), rows, sent, f"{scale} {number}")

    def _without_proof(
        self, raw: bytes, rows_of: Callable[[str], list[Cells]], sent: Sent, name: str
    ) -> Iterator[str]:
        if sent.cells is None:
            yield f"{name} can have no row and was deleted"
            return
        if sent.body not in raw:
            yield f"{name} was deleted and is in no raw file"
        rows = rows_of(sent.scale)
        versions = [s for s in self.sent.values() if s[:2] == sent[:2] and s.body in raw]
        settled = self.let_go & self.let_through  # not what a delete of the id takes away
        for version in versions:
            if version.cells not in rows and version.body not in settled:
                yield f"{name} was deleted, and a version of it has no row"
        _, *others = [self.sent[key].body for key in self.collected if self.sent[key] in versions]
        if any(other not in self.let_through for other in others):
            yield f"{name} was deleted, though it has two versions and nobody let one through"

    def unsound(self, files: dict[str, bytes]) -> Iterator[str]:
        """What a round that went well may not leave: raw files that are no JSON, or doubles."""
        for path, content in files.items():
            if path.startswith("raw_data/") and not path.startswith("raw_data/."):
                try:
                    json.loads(content)
                except ValueError as error:
                    yield f"{path} is no JSON: {error}"
        raw = cache(partial(raw_of, files))
        for sent in self.sent.values():
            if sent.id is not None and raw(sent.scale).count(sent.body) > 1:
                yield f"{sent.scale} {sent.id} is in the raw files twice"
        for scale in {sent.scale for sent in self.sent.values()}:
            for row, times in Counter(map(_frozen, self.rows(files, scale))).items():
                if times > 1:
                    yield f"{scale}: the row {sorted(row)} stands {times} times"

    # In the end

    def unkept(self, files: dict[str, bytes], site: WatchedSite) -> Iterator[str]:
        """What is missing when all is well again, all keys are there and all is let through."""
        raw_by_scale, rows = cache(partial(raw_of, files)), cache(partial(self.rows, files))
        for sent in self.sent.values():
            raw, there = raw_by_scale(sent.scale), sent.body in site.rows(sent.scale)
            if sent.cells is None:
                kept = raw + b"".join(v for path, v in files.items() if path.startswith("held/"))
                if sent.body not in kept and there:
                    yield f"{sent.scale}: an entry that can have no row is not kept"
                continue
            if there:
                yield f"{sent.scale} {sent.id} is still on the site"
            if sent.body in raw and (n := rows(sent.scale).count(sent.cells)) != 1:
                yield f"{sent.scale} {sent.id} is on {n} rows"
            if sent.body not in raw and sent.body not in self.let_go:
                yield f"{sent.scale} {sent.id} is lost"

    def rows(self, files: dict[str, bytes], scale: str) -> list[Cells]:
        """The rows of a scale in all sheets that no person has touched."""
        ours = {path: content for path, content in files.items() if path not in self.edited}
        return rows_of(ours, scale)


def _frozen(row: Cells) -> frozenset[tuple[str, str]]:
    return frozenset(row.items())


def rows_of(files: dict[str, bytes], scale: str) -> list[Cells]:
    """The rows of a scale in all sheets: the cells that are not empty, by column."""
    found: list[Cells] = []
    for path, content in files.items():
        if path.startswith(f"active_data/{scale}_"):
            text = io.StringIO(content.decode(errors="replace"), newline="")
            found += [{k: v for k, v in row.items() if v} for row in csv.DictReader(text)]
    return found


def raw_of(files: dict[str, bytes], scale: str) -> bytes:
    """The bytes of all raw files of a scale, in the order of their days and parts."""
    above = f"raw_data/{scale}_"
    return b"\n".join(files[path] for path in sorted(files) if path.startswith(above))
