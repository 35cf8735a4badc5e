"""Where a file of the pool belongs, by its name and what stands in it; it enters nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice, product
from typing import NamedTuple

from mtdata.core.control import in_utf8
from mtdata.core.errors import NameRefused, PackageError
from mtdata.core.pool_files import BENCHMARK, FORMATS, RAW
from mtdata.core.ports import Disk
from mtdata.study.files import json_of
from mtdata.study.files.archive import CLOSING, Formats, formats_of
from mtdata.study.files.rawfile import opening_key, raw_entries
from mtdata.study.model.days import Named, read_name
from mtdata.study.model.package import Entry, is_json
from mtdata.study.model.scale import checked_name
from mtdata.study.model.states import ASIDE
from mtdata.study.pool import Pool

PAGE = 1024


class Unplaced(NamedTuple):
    """A raw file that holds entries, and whose name is that of no scale and day."""

    path: str
    scale: str  # as its own packages are named, '' where they do not say
    entries: int  # of them, those that the ledger does not know

    @property
    def detail(self) -> str:
        """What a person has to know."""
        return (
            f"{in_utf8(self.path)} holds {self.entries} entries that the ledger does not know, "
            "and its name is that of no scale and day by any DATE_FORMAT known here. Nothing of "
            f"its scale is collected or deleted meanwhile. Add its formats to {FORMATS} of the "
            'pool ([["%d_%m_%Y", "%H_%M_%S"]]), give it its name back, or move it out of raw_data'
        )

    def blocks(self, scale: str) -> bool:
        """Whether the file may be one of this scale."""
        name = self.path.rpartition("/")[2].casefold()
        return scale.casefold() == self.scale.casefold() or name.startswith(f"{scale}_".casefold())


class Placing:
    """The names of one pool's files, by every format that they may have been named by."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._deleteable = {s.name: s.deleteable for s in pool.ledger.listing.scales()}
        self._known: set[str] = set()
        self._known_at: object = None  # how the ledger stood when it was asked
        self._names: dict[str, Sequence[str]] = {}  # what stood in a folder then

    @cached_property
    def _formats(self) -> list[Formats]:
        """Every pair; most rounds meet no file that has to be placed."""
        formats = formats_of(self._pool.disk, self._pool.archive.formats)
        dates, times = (dict.fromkeys(words) for words in zip(*formats, strict=True))
        return [Formats(*pair) for pair in product(dates, times)]

    @cached_property
    def _stays(self) -> set[str]:
        return staying(self._pool.disk)

    def is_deleteable(self, scale: str) -> bool:
        """Whether the site may lose the scale's entries: by the ledger, else by the benchmarks."""
        return self._deleteable.get(scale, scale not in self._stays)

    def _paths(self) -> set[str]:
        """Files that the ledger knows, asked again only where anybody has written to it."""
        ledger = self._pool.ledger
        if (stamp := ledger.stamp()) != self._known_at:
            self._known, self._known_at = ledger.files.paths() | {BENCHMARK}, stamp
            self._names.clear()  # who changes a file of ours enters that
        return self._known

    def have_listed(self, folder: str, names: Iterable[str]) -> None:
        """Take it that these stand there, as somebody just listed them, until anybody writes."""
        self._paths()
        self._names[folder] = list(names)

    def _listed(self, folder: str) -> Sequence[str]:
        if folder not in self._names:
            self._names[folder] = self._pool.disk.names(folder)
        return self._names[folder]

    def unknown(self, folder: str, ending: str) -> Iterator[str]:
        """Files there that the ledger does not know."""
        known = self._paths()
        for name in self._listed(folder):
            base, _, last = name.rpartition(".")
            if last == ending and base and f"{folder}/{name}" not in known:
                yield f"{folder}/{name}"

    def of(self, path: str) -> Named | None:
        """What the name says; where it may say several, the one that the file's own words bear out.

        None for a name that is none of a scale and a day.
        """
        base = path.rpartition("/")[2].rpartition(".")[0]
        found = [named for one in self._formats if (named := _checked(base, one))]
        if len({named.scale for named in found}) > 1 and path.startswith(RAW):
            key = opening_key(self._pool.disk, path)
            borne_out = [named for named in found if key.startswith(f"{named.scale}_")]
            found = borne_out or found
        return found[0] if found else None

    def unplaced(self, path: str) -> Unplaced | None:
        """What is lost when the file is passed by; None when nothing is."""
        unknown = self.unknown_entries(path, "")
        return Unplaced(path, self._owner(path), unknown) if unknown else None

    def unknown_entries(self, path: str, scale: str, *, by_id: bool = False) -> int:
        """How many entries of a raw file the ledger does not know under that scale.

        '' is any scale, and then what has no id is no entry.  `by_id`: of an id that is known other
        content counts as known.
        """
        known, number = self._pool.ledger.adopted, 0
        source = _followed(self._pool.disk, path, any_id=bool(scale))
        while page := [(entry.id, entry.digest) for entry in islice(source, PAGE)]:
            if by_id:
                number += known.unknown_ids(scale, [number for number, _ in page])
            else:
                number += known.unknown(scale, page)
        return number

    def unreadable(self) -> dict[str, str]:
        """What is wrong with files there that look like raw files, and that no round ever takes up.

        The ledger does not know them, and they have the name of a raw file and are none, or have
        entries and another ending.  What is neither is somebody's own.
        """
        known, found = self._paths(), {}
        for name in self._listed(RAW):
            path = f"{RAW}/{name}"
            if path in known or name.startswith(".") or ".json" not in name.lower():
                continue
            if not self.is_readable(path):
                base = name[: name.lower().index(".json")]
                if not any(_checked(base, one) for one in self._formats):
                    continue
                found[path] = f"{path} is unknown to the ledger and cannot be read as a raw file"
            elif not name.endswith(".json") and (number := self.unknown_entries(path, "")):
                found[path] = f"{path} holds {number} entries that the ledger does not know"
        return found

    def is_readable(self, path: str) -> bool:
        """Whether it is a raw file from its first byte to its last."""
        try:
            for _ in raw_entries(self._pool.disk.stream(path)):
                pass
        except PackageError:
            return False
        return True

    def _owner(self, path: str) -> str:
        """The scale by the name of the first package: <Scale>_<TIME>, perhaps with a number."""
        key = opening_key(self._pool.disk, path)
        for name, one in product((key, key.rpartition("_")[0]), self._formats):
            if name and (named := _checked(name, Formats(one.time, one.time))):
                return named.scale
        return ""


def by_scale(unplaced: Iterable[Unplaced]) -> dict[str, str]:
    """What is told of raw files that nobody can place, by the scale that they name."""
    found: dict[str, list[str]] = {}
    for one in unplaced:
        found.setdefault(one.scale, []).append(one.detail)
    return {scale: " · ".join(details) for scale, details in found.items()}


def not_taken_up(pool: Pool) -> dict[str, str]:
    """What is wrong with raw files that hold what the ledger does not know, or cannot be read."""
    return {**Placing(pool).unreadable(), **strangers(pool)}


def strangers(pool: Pool) -> dict[str, str]:
    """What is wrong with each raw file of the folder that holds what the ledger does not know.

    A file of the known length is passed by: its bytes are held against the ledger elsewhere.  Of a
    file that was set aside an entry counts when its id is nowhere else.
    """
    placing, marks, found = Placing(pool), pool.ledger.files.raw_marks(), {}
    tables = {scale.name for scale in pool.ledger.listing.scales() if not scale.deleteable}
    for path in (f"{RAW}/{name}" for name in pool.disk.names(RAW) if name.endswith(".json")):
        mark, state = marks.get(path, (None, ""))
        if mark and state != ASIDE:
            closing = len(CLOSING) if mark.mode == "grow" else 0
            if pool.disk.size(path) == mark.length + closing:
                continue
        named = mark or placing.of(path)
        scale = named.scale if named else ""
        if scale in tables and state == ASIDE:
            continue
        if number := placing.unknown_entries(path, scale, by_id=state == ASIDE):
            told = f"{in_utf8(path)} holds {number} entries that the ledger does not know"
            found[path] = f"{told}; `mtdata verify` takes up what can be placed"
    return found


def staying(disk: Disk) -> set[str]:
    """Scales that must stay on the site, as the benchmark file says."""
    try:
        marks = json_of(disk, BENCHMARK).items()
        return {name for name, mark in marks if mark.get("deleteable") is False}
    except AttributeError:
        return set()


def _checked(base: str, formats: Formats) -> Named | None:
    named = read_name(base, *formats)
    try:
        checked_name(named and named.scale)
    except NameRefused:
        return None
    return named


def _followed(disk: Disk, path: str, *, any_id: bool) -> Iterator[Entry]:
    """Its entries, as far as the file can be followed; without an id only where that is asked."""
    try:
        for one in raw_entries(disk.stream(path)):
            if one.entry.id is not None or (any_id and is_json(one.entry)):
                yield one.entry
    except PackageError:
        return
