"""What a pool held at one moment, for who only reads; nothing is written, and no round waits.

Its sheets come with the length and digest that the ledger proves, and everything else is of that
same moment.  What is asked later is answered by the ledger of then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError, UsageError
from mtdata.core.pool_files import LEDGER_FILE, SHEETS
from mtdata.core.words import did_you_mean
from mtdata.study.files.identity import identity_of
from mtdata.study.ledger.entry_list import EntryRow, HeldRow
from mtdata.study.ledger.kept_counts import NONE
from mtdata.study.ledger.read_only import ReadOnlyLedger, at_one_moment
from mtdata.study.operations.known_pool import ledger_stands
from mtdata.study.operations.reading import PoolSheet, sheets_by_name, sheets_by_number
from mtdata.study.operations.receipts import shown_entries

DATE_FORMAT, TIME_FORMAT = "%b_%d_%Y", "%H_%M_%S"
NO_LEDGER = (
    "this pool has no ledger, so nothing is known of single entries; `mtdata export` or `mtdata "
    "verify` makes one of its files"
)


class SnapshotOver(BusyError):
    """A sheet was replaced since the pool was opened, so nobody has that moment any more."""


class ScaleStand(NamedTuple):
    """How a scale stood: entries with a row, held ones, and those whose row is to be made.

    `stays`: it is kept as whole tables, and `rows` are those of the newest.  `rows` is None where
    nobody has counted them.
    """

    name: str
    stays: bool
    rows: int | None
    held: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class PoolMoment:
    """A pool as it stood when it was asked."""

    root: Path
    site: str
    sheets: tuple[PoolSheet, ...]
    """By scale, day and part."""
    scales: Mapping[str, ScaleStand]
    """By name; those that have no sheet yet as well."""
    held: tuple[HeldRow, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    """The number of each sheet in the ledger, by its path."""
    newest: int = 0
    """The seq of the entry that came last."""
    has_ledger: bool = True

    @cached_property
    def by_scale(self) -> dict[str, list[PoolSheet]]:
        """The sheets of each scale that has some, in the order of days."""
        found: dict[str, list[PoolSheet]] = {}
        for sheet in self.sheets:
            found.setdefault(sheet.scale, []).append(sheet)
        return found

    def stand(self, scale: str) -> ScaleStand:
        """How a scale stood; UsageError, with the nearest name, where there is none."""
        if scale in self.scales:
            return self.scales[scale]
        names = ", ".join(self.scales) or "none yet"
        raise UsageError(
            f"{self.root}: there is no scale {ascii(scale)[:80]}; there is {names}."
            f"{did_you_mean(scale, self.scales)}"
        )

    def refuse_over(self, scale: str) -> None:
        """SnapshotOver where another sheet of a scale stands in the place of one by now."""
        if self.has_ledger:
            at_one_moment(self.root, lambda ledger: self._refuse_over(ledger, scale))

    def _refuse_over(self, ledger: ReadOnlyLedger, scale: str) -> None:
        now = sheets_by_number(ledger, self.root)
        sheets = self.by_scale.get(scale, ())
        if any(_is_other(one, now.get(self.numbers[one.name])) for one in sheets):
            raise SnapshotOver(
                f"{self.root}: since this pool was opened another sheet was put in the place of "
                f"one of {scale}, so its rows of that moment are not to be had any more. Nothing "
                "is lost: `pool = pool.refreshed()` opens it as it is now"
            )

    def receipt(self, scale: str, number: int) -> dict[str, Any]:
        """All that can be shown of the entries of one id now, as `mtdata receipt` does.

        UsageError for a scale that stays or is none; UnknownEntry for an id that never came.
        """
        self._refuse_without_ledger()
        disk = FolderDisk(self.root)
        entries = at_one_moment(
            self.root, lambda ledger: shown_entries(ledger, disk, self.site, scale, number)
        )
        return {"site": self.site, "scale": scale, "id": number, "entries": entries}

    def entries(self, scale: str) -> list[EntryPlace]:
        """Every entry of a scale that had come, by id.

        Where its row stands is as it was then; what happened on the site since is told as well.
        UsageError for a scale that is none; SnapshotOver where that is not to be told any more.
        """
        self._refuse_without_ledger()
        name = self.stand(scale).name
        lengths = {self.numbers[one.name]: one.length or 0 for one in self.by_scale.get(name, ())}

        def question(ledger: ReadOnlyLedger) -> list[EntryPlace]:
            self._refuse_over(ledger, name)
            return list(_entry_places(ledger, name, self.newest, lengths))

        return at_one_moment(self.root, question)

    def _refuse_without_ledger(self) -> None:
        if not self.has_ledger:
            raise UsageError(f"{self.root}: {NO_LEDGER}")


class EntryPlace(NamedTuple):
    """An entry, with the paths of the files in which its bytes and its row stand; '' for none."""

    row: EntryRow
    raw: str
    sheet: str


def pool_moment(
    root: Path, site: str = "", date_format: str = DATE_FORMAT, time_format: str = TIME_FORMAT
) -> PoolMoment:
    """The pool of a folder as it stands now; `site` is its name where it does not say one itself.

    The formats are those of names of sheets in a pool without a ledger.  UsageError where there is
    no pool; StorageError where it cannot be read; BusyError where rounds never let it rest.
    """
    if ledger_stands(root):
        return at_one_moment(root, lambda ledger: _by_ledger(ledger, root, site))
    if not (root / SHEETS).is_dir():
        raise UsageError(
            f"{root}: there is no pool: neither {LEDGER_FILE} nor the folder {SHEETS}. PATH of the "
            "site in server.config names it"
        )
    sheets = sorted(sheets_by_name(root, date_format, time_format))
    scales = {one.scale: ScaleStand(one.scale, one.is_snapshot, None) for one in sheets}
    return PoolMoment(root, _name_of(root, site), tuple(sheets), scales, has_ledger=False)


def _by_ledger(ledger: ReadOnlyLedger, root: Path, site: str) -> PoolMoment:
    by_number = sheets_by_number(ledger, root)
    sheets = tuple(sorted(by_number.values()))
    known = {one.name: one for one in ledger.listing.scales()}
    stays = {one.scale: one.is_snapshot for one in sheets}
    stays |= {name: not one.deleteable for name, one in known.items()}
    return PoolMoment(
        root,
        _name_of(root, site),
        sheets,
        _stands(ledger, stays),
        tuple(ledger.entry_list.held()),
        {one.name: number for number, one in by_number.items()},
        ledger.entry_list.newest(),
    )


def _stands(ledger: ReadOnlyLedger, stays: Mapping[str, bool]) -> dict[str, ScaleStand]:
    counts, found = ledger.counts.of_scales(), {}
    for name in sorted(stays):
        if stays[name]:
            last = ledger.snapshots.last(name)
            sealed = last.sealed or 0 if last else 0
            rows = last.rows - sealed if last and last.sheet is not None else None
            left_out = sealed + last.malformed if last else 0
            found[name] = ScaleStand(name, True, rows, held=left_out)
        else:
            waiting, held, rows = counts.get(name, NONE)
            found[name] = ScaleStand(name, False, rows, held, waiting)
    return found


def _name_of(root: Path, site: str) -> str:
    known = identity_of(FolderDisk(root))
    return (known.name if known else "") or site or root.absolute().name


def _is_other(then: PoolSheet, now: PoolSheet | None) -> bool:
    """Whether what was proven then may be there no more: a sheet that only grew still has it."""
    if now is None or then.length is None or now.length is None or now.length < then.length:
        return True
    return now.length == then.length and now.digest != then.digest


def _entry_places(
    ledger: ReadOnlyLedger, scale: str, newest: int, lengths: Mapping[int, int]
) -> Iterator[EntryPlace]:
    paths = ledger.entry_list.file_paths(scale)
    for page in ledger.entry_list.of_scale(scale, newest):
        for row in page:
            number = row.sheet or 0
            stood = number in lengths and (row.line_start or 0) < lengths[number]
            yield EntryPlace(row, paths.get(row.file, ""), paths.get(number, "") if stood else "")
