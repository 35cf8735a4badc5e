"""How a ledger stands to the files of its pool, and what makes it stand in step again.

In step; behind, when files hold what it does not know: that is taken up by proof; ahead, when files
are shorter than it knows: that is told, and nothing is deleted; lost, when it knows none of them.
Nothing is written over or cut but what a killed round of our own left torn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import islice

from mtdata.core.errors import FileOlder, FileTorn, FileUnplaced, MTDataError
from mtdata.core.pool_files import RAW, SHEETS
from mtdata.core.step import Step, Watch, unwatched
from mtdata.study.files.append_file import digest_of, examine
from mtdata.study.files.archive import CLOSING, keep_format
from mtdata.study.files.sheet_lines import header_of, row_spans
from mtdata.study.integrity.adopt import Adoption
from mtdata.study.integrity.erased_again import AGAIN, cut_again
from mtdata.study.integrity.match import Matching
from mtdata.study.integrity.placing import Unplaced
from mtdata.study.integrity.raw_tails import RawTail
from mtdata.study.ledger import LedgerEntry, LiveLength
from mtdata.study.model.mark import FileFinding, FileMark
from mtdata.study.model.package import BATCH_ENTRIES
from mtdata.study.model.receipt import Span
from mtdata.study.model.row import cells_digest
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import ASIDE, NEWER
from mtdata.study.pool import Pool
from mtdata.study.snapshots import form_of
from mtdata.study.status.report import RoundReport

log = logging.getLogger(__name__)
BEHIND = (
    "the ledger is behind its files: {}. It was put back, or copied without its -wal. What stands "
    "there was taken up by its proof, nothing is collected twice, and what the site still has the "
    "next listing tells"
)
REMEDY = (
    "Put the file back that was there, or let `mtdata verify` mend it from replicas; nothing is "
    "deleted on the site meanwhile"
)
OLDER = f"{{}} is older than the ledger: it has {{}} bytes, and {{}} were committed. {REMEDY}"
GONE = f"{{}} is gone, and the ledger knows entries in it. {REMEDY}"
FOLDERS = {"raw": RAW, "sheet": SHEETS}


@dataclass(slots=True)
class Stand:
    """How the ledger stood to the files, and what was done about it."""

    taken: list[str] = field(default_factory=list)  # files that held more than the ledger knew
    older: dict[str, str] = field(default_factory=dict)  # what is told, by path
    faults: list[tuple[str, MTDataError]] = field(default_factory=list)  # by scale
    unplaced: list[Unplaced] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    cut_again: list[str] = field(default_factory=list)  # files that had erased entries again
    unreadable: dict[str, str] = field(default_factory=dict)  # what is told, by path

    @property
    def behind(self) -> str:
        """What is told of a ledger that was behind; '' when it was not."""
        more = len(self.taken) - 5
        files = ", ".join(self.taken[:5]) + (f" and {more} more" if more > 0 else "")
        return BEHIND.format(files) if self.taken else ""

    def holds_up(self, scale: str) -> bool:
        """Whether a raw file that nobody can place may hold what is collected of that scale."""
        return any(one.blocks(scale) for one in self.unplaced)


def tell_of_stand(report: RoundReport, pool: Pool, stand: Stand) -> None:
    """Tell how ledger and files stood at the beginning of a round; close what is over."""
    if stand.behind:
        report.tell("ledger_behind", "", stand.behind)
    for odd in stand.odd:
        log.warning("%s", odd)
    for scale, fault in stand.faults:
        report.guard(scale, partial(_fail, fault))
    if stand.unreadable:
        report.tell("raw_unreadable", "", named(stand.unreadable), lasts=True)
    else:
        report.close("", ("raw_unreadable",))
    still = {one.scale for one in stand.unplaced}
    for incident in pool.ledger.incidents.open_incidents():
        if incident.kind == "file_unplaced" and incident.scale not in still:
            report.close(incident.scale, ("file_unplaced",))


def named(unreadable: dict[str, str]) -> str:
    """The first of these files, and how many there are."""
    more = len(unreadable) - 5
    return "; ".join(list(unreadable.values())[:5]) + (f"; and {more} more" if more > 0 else "")


def log_stand(stand: Stand) -> None:
    """Log how the ledger stands to the files, where no round is on to tell it."""
    faults = [str(fault) for _, fault in stand.faults]
    for words in [stand.behind, *stand.odd, *faults]:
        if words:
            log.warning("%s", words)


def _fail(fault: MTDataError) -> None:
    raise fault


class CatchUp:
    """One look at every file of a pool, by name and length; the odd ones are read."""

    def __init__(self, pool: Pool, watch: Watch = unwatched) -> None:
        self._pool, self._watch = pool, watch
        self._moved: set[str] = set()  # scales of which raw files held more
        self._tables = {s.name for s in pool.ledger.listing.scales() if not s.deleteable}
        self.stand = Stand()

    def play(self) -> Stand:
        """Raw files first, sheets against them; then what a killed round left is mended."""
        with self._pool.ledger.one_moment():
            return self._play()

    def _play(self) -> Stand:
        pool = self._pool
        adoption = Adoption(pool, self._watch)
        self._cut_erased()
        self._each("raw", self._raw, adoption)
        self._files_unknown(adoption)
        pool.sheets.end_replacements()
        self._each("sheet", self._sheet, adoption)
        self.stand.unreadable = adoption.unreadable()
        adoption.bring_sheets()
        pool.archive.recover()
        pool.sheets.day_files.mend_unfinished()  # replacements were ended above
        self.stand.unplaced, self.stand.odd = adoption.found.unplaced, adoption.found.odd
        self.stand.faults += [(one.scale, FileUnplaced(one.detail)) for one in self.stand.unplaced]
        keep_format(pool.disk, pool.archive.formats)
        return self.stand

    def _cut_erased(self) -> None:
        """Cut what was erased out of files that were put back, also of ones at rest for long."""
        scales = self._pool.ledger.erased.scales()
        marks = self._pool.ledger.files.standing() if scales else []
        for mark in (mark for mark, _ in marks if mark.scale in scales and not mark.writing):
            if mark.kind not in FOLDERS:
                continue
            closing = len(CLOSING) if (mark.kind, mark.mode) == ("raw", "grow") else 0
            if self._pool.disk.size(mark.path) in (None, mark.length + closing):
                continue
            if number := cut_again(self._pool, mark.path, mark.scale):
                self.stand.cut_again.append(AGAIN.format(mark.path, number))

    def _each(
        self, kind: str, look: Callable[[LiveLength, int | None], None], adoption: Adoption
    ) -> None:
        """Hold every live file of that kind against its size, None for one that is gone."""
        sizes = self._pool.disk.sizes(FOLDERS[kind])
        adoption.have_listed(FOLDERS[kind], sizes)
        for known in self._pool.ledger.files.live_lengths(kind):
            look(known, sizes.get(known.path.rpartition("/")[2]))

    def _mark(self, known: LiveLength) -> FileMark:
        return self._pool.ledger.files.by_number(known.number)

    def _files_unknown(self, adoption: Adoption) -> None:
        if adoption.has_raw():
            self._pool.ledger.adopted.forget_the_site(self._pool.clock.now())
        adoption.bring_raw()
        self._moved |= adoption.scales
        if number := adoption.found.raw_files:
            self.stand.taken.append(f"{number} raw files are none that it knows")

    # raw files ------------------------------------------------------------------------------------

    def _raw(self, known: LiveLength, size: int | None) -> None:
        whole = known.length + len(CLOSING)
        if size is None:
            if known.length:
                self._older(self._mark(known), GONE.format(known.path))
        elif size < whole and self._is_earlier(self._mark(known), size):
            self._older(self._mark(known), OLDER.format(known.path, size, whole))
        elif known.writing or size != whole:
            self._tail(self._mark(known))

    def _tail(self, mark: FileMark) -> None:
        tail = RawTail(self._pool, mark, is_table=mark.scale in self._tables)
        if not tail.has_entries:
            return
        self._watch(Step(mark.path))
        if told := tail.is_more_than_a_killed_round_leaves:
            self._pool.ledger.adopted.forget_the_site(self._pool.clock.now())
        tail.take_up()
        self._moved.add(mark.scale)
        said = f"{mark.path} has {tail.entries} entries more"
        log.log(logging.WARNING if told else logging.INFO, "%s; they were taken up", said)
        if told:
            self.stand.taken.append(said)
        if not mark.writing and not tail.tail.closed:
            self._pool.ledger.files.set_state(mark.number, ASIDE)
            words = f"{mark.path} goes on behind its last whole entry as no file of ours does"
            self.stand.faults.append((mark.scale, FileTorn(f"{words}; it stays as it is")))

    def _is_earlier(self, mark: FileMark, size: int) -> bool:
        """Whether the file is what it was when an earlier append was committed, to the byte."""
        end = size - len(CLOSING)
        for start, length, digest in self._pool.ledger.files.ranges(mark.number):
            if start + length == end:
                stands = self._pool.disk.read(mark.path, start, length + len(CLOSING))
                return stands[length:] == CLOSING and sha256(stands[:length]).digest() == digest
        return False

    def _older(self, mark: FileMark, told: str) -> None:
        """A file that ends before what was committed; not set aside: the newer may come back."""
        self.stand.older[mark.path] = told
        self.stand.faults.append((mark.scale, FileOlder(told)))

    # sheets ---------------------------------------------------------------------------------------

    def _sheet(self, known: LiveLength, size: int | None) -> None:
        """A sheet that goes on with rows that raw gives is newer than the ledger, not changed."""
        is_suspect = size not in (None, known.length) and not known.writing
        if size is None or not (is_suspect or known.scale in self._moved):
            return
        mark = self._mark(known)
        if examine(self._pool.disk, mark, b"") is FileFinding.SOUND:
            return
        is_newer = self._goes_on if mark.mode == "grow" else self._is_newer_table
        if is_newer(mark):
            self._pool.ledger.files.give_up(mark.number, NEWER)
            if mark.scale not in self._moved:
                self.stand.taken.append(f"{mark.path} has rows more")

    def _goes_on(self, mark: FileMark) -> bool:
        now = mark._replace(columns=header_of(self._pool.disk, mark.path))
        known = self._known_rows(mark, now.columns)
        return known >= 0 and Matching(self._pool, now).would_fit(known)

    def _known_rows(self, mark: FileMark, columns: tuple[str, ...]) -> int:
        """How many rows the ledger knows, if all stand there still in their order; else -1."""
        pool, number = self._pool, 0
        claims = pool.ledger.entries.lines(mark.number)
        places = row_spans(pool.disk, mark.path)
        while page := list(islice(claims, BATCH_ENTRIES)):
            spans = [Span(mark.number, *place) for place in islice(places, len(page))]
            stand = list(pool.sheets.lenient(spans))
            if len(stand) < len(page) or not all(map(partial(_shows, columns), page, stand)):
                return -1
            number += len(page)
        return number

    def _is_newer_table(self, mark: FileMark) -> bool:
        last = self._pool.ledger.snapshots.last(mark.scale, mark.day)
        if last is None or last.sheet not in (None, mark.number):
            return False
        scale = Scale(mark.scale, 0, deleteable=False)
        return form_of(self._pool, scale, last, digest_of(self._pool.disk, mark.path)) is not None


def _shows(columns: tuple[str, ...], claim: LedgerEntry, cells: list[str]) -> bool:
    """Whether these cells are the row that was committed; wider sheets keep a row's digest."""
    is_row = len(cells) == len(columns)
    return is_row and claim.cells in (None, cells_digest(columns, cells))
