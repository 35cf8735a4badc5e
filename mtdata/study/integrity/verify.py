"""Every byte of a pool against its ledger, longest unread first; it mends what it can, and says so.

A sheet is mended by making its rows again from raw, a raw file from replicas.  Raw bytes are never
guessed: what no replica has is fetched again while the site has it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256

from mtdata.alerts.incident import DAMAGE
from mtdata.core.errors import MTDataError, StorageError
from mtdata.core.pool_files import LEDGER_FILE
from mtdata.study.integrity.catch_up import Stand
from mtdata.study.integrity.chain import HeadsFolder, hold_chain
from mtdata.study.integrity.erased_again import AGAIN, cut_again
from mtdata.study.integrity.findings import Findings, Paced, read_copies, step_up, tell_of_strangers
from mtdata.study.integrity.marked_file import MarkedFile, PageWorkers
from mtdata.study.integrity.match import Matching
from mtdata.study.integrity.repair import RawRepair
from mtdata.study.ledger.evidence import log_incident
from mtdata.study.ledger.schema import REBUILD
from mtdata.study.model.mark import FileFinding, FileMark
from mtdata.study.model.states import ASIDE, CLOSED, LIVE, REPLACED
from mtdata.study.pending import make_waiting_rows, release_files
from mtdata.study.pool import Pool
from mtdata.study.scale_report import ScaleReport

NOTED_AT_ONCE = 64
AT_REST = (FileFinding.SOUND, FileFinding.UNBORN)
"""A file that was begun, and whose first bytes never got there, has nothing to lose."""


class PoolVerification:
    """One pass over the files of a pool, each held against the ledger byte by byte."""

    def __init__(
        self,
        pool: Pool,
        paced: Paced = lambda count: None,
        is_over: Callable[[], bool] = lambda: False,
        *,
        holds_drift: bool = False,
        heads: HeadsFolder | None = None,
        workers: PageWorkers | None = None,
    ) -> None:
        """`heads` has those of the ledger's events that were signed last.

        `workers` read large files beside this process; None where it is to read alone.
        """
        self._pool, self._paced, self._is_over = pool, paced, is_over
        self._holds_drift, self._heads, self._workers = holds_drift, heads, workers
        self._stand: Stand | None = None  # None until ledger and files are in step
        self._seen: set[int] = set()  # numbers of files
        self._read: list[int] = []  # those read whole, not noted yet
        self._begun = pool.clock.now()
        self.found = Findings()

    def play(self) -> Findings:
        """Read every file, or as many as there is time for; the next pass begins with the rest."""
        try:
            self._all()
        except MTDataError:
            if self._stand is not None:
                release_files(self._pool)
            raise
        return self.found

    def _all(self) -> None:
        self._stand = step_up(self._pool, self.found)
        files = self._pool.ledger.files
        if not self._pool.ledger.is_sound():
            told = f"{LEDGER_FILE} is damaged.{REBUILD}"
            self.found.wrong.append(told)
            self._pool.evidence.enter("pool_damaged", "", told)
        else:
            self._counts()
        self.found.history = hold_chain(self._pool, self._heads)
        self._files()
        self._tell_of_losses()
        tell_of_strangers(self._pool, self.found)
        read_copies(self._pool, self.found, self._paced, self._is_over)
        self._make_rows_again()
        self._files()  # what was made just now: unread, it would keep an incident open
        files.release_all()
        if not self.found.wrong:  # what a pass mends, the next one finds well and closes
            self._pool.evidence.close(files.all_read, self._begun)

    def _counts(self) -> None:
        """Counts that are not those of the entries are made again; nothing rests on them."""
        counts = self._pool.ledger.counts
        if scales := counts.differing():
            told = f"{LEDGER_FILE}: the counts of {', '.join(scales[:5])}"
            told += f" and {len(scales) - 5} more" if len(scales) > 5 else ""
            self.found.wrong.append(f"{told} are not those of the entries")
            counts.mend()
            self.found.mended.append(f"{told} were made again from the entries")

    def _files(self) -> None:
        """Every file that this pass has not read yet, longest unread first.

        It counts as read when the pass began: what is damaged is met after that.
        """
        files = self._pool.ledger.files
        try:
            for mark, state in files.standing(now=self._pool.clock.now()):
                if mark.number not in self._seen:
                    self._seen.add(mark.number)
                    self._in_turn(mark, state)
        finally:  # also of a pass that is stopped: the next begins behind what this one read
            self._note_read(at_least=1)

    def _in_turn(self, mark: FileMark, state: str) -> None:
        if self._is_over():
            self.found.unread += 1
            return
        try:
            self._file(mark, state)
        except StorageError as error:  # a disk that refuses to read has lost nothing yet
            self.found.wrong.append(str(error))
            if error.incident in DAMAGE:
                self._pool.evidence.enter(error.incident, mark.scale, str(error))
            return
        self._read.append(mark.number)
        self._note_read(at_least=NOTED_AT_ONCE)

    def _note_read(self, *, at_least: int) -> None:
        """Commit which files were read, many at once: what a kill forgets is read once more."""
        if len(self._read) >= at_least:
            noted, self._read = self._read, []
            self._pool.ledger.files.have_read(noted, self._begun)

    def total(self) -> int:
        """Bytes that a whole pass reads, nearly: for a progress bar."""
        return sum(mark.length for mark, _ in self._pool.ledger.files.standing())

    def _file(self, mark: FileMark, state: str) -> None:
        if mark.kind == "raw":
            self._raw(mark, state)
        elif mark.kind == "sheet":
            self._sheet(mark, state)
        else:
            self._held(mark)

    # raw ----------------------------------------------------------------------------------------

    def _raw(self, mark: FileMark, state: str) -> None:
        self.found.raw_files += 1
        file = self._marked(mark)
        damaged, changed = self._looked_at(file)
        if changed and self._cut_again(mark):
            damaged, changed = self._looked_at(file)
            if not changed and not damaged:
                self._pool.ledger.entries.find_raw(mark.number)
        if (changed or damaged) and self._put_back(mark, state):
            damaged, changed = 0, False
        if changed and state != ASIDE:
            self._pool.ledger.files.set_state(mark.number, ASIDE)
            if self._stand is None or mark.path not in self._stand.older:  # that is told already
                self._wrong(
                    "raw_changed", mark, "is not as it was left; a new part takes what comes"
                )
        if state == ASIDE and not changed and not damaged:  # a person put it back
            self._pool.ledger.files.set_state(mark.number, CLOSED)
            self._pool.ledger.entries.find_raw(mark.number)
            self.found.mended.append(f"{mark.path}: is as it was committed again")
        if damaged:
            self._pool.ledger.snapshots.distrust(mark.number)
        if lost := file.lost_entries():
            self._pool.ledger.entries.lose_raw(lost)

    def _looked_at(self, file: MarkedFile) -> tuple[int, bool]:
        """How many appends of a raw file are damaged, and whether it is another than was left."""
        damaged, whole = file.damaged_ranges()
        return damaged, file.raw_finding(whole) not in AT_REST

    def _marked(self, mark: FileMark) -> MarkedFile:
        return MarkedFile(self._pool, mark, self.found, self._paced, self._workers)

    def _cut_again(self, mark: FileMark) -> bool:
        if number := cut_again(self._pool, mark.path, mark.scale):
            self.found.mended.append(AGAIN.format(mark.path, number))
        return number > 0

    def _put_back(self, mark: FileMark, state: str) -> bool:
        repair = RawRepair(self._pool, mark)
        if not repair.play():
            return False
        if state == ASIDE:  # a later part goes on with the day
            self._pool.ledger.files.set_state(mark.number, CLOSED)
        self._wrong("raw_changed", mark, "was not as it was left")
        kept = f"; the damaged file is {repair.kept_as}" if repair.kept_as else ""
        self.found.mended.append(
            f"{mark.path}: put back as it was, {repair.restored} ranges from replicas{kept}"
        )
        return True

    def _tell_of_losses(self) -> None:
        """Raw bytes that are lost are told each time, until a person closes the incident."""
        for scale, path, number in self._pool.ledger.entries.raw_lost():
            told = (
                f"{path}: the raw bytes of {number} entries are damaged; they are not deleted on "
                "the site, and the next round fetches them again while the site has them"
            )
            open_ones = self._pool.ledger.incidents.open_incidents(scale)
            if any(one.kind in ("raw_changed", "files_older") for one in open_ones):
                self.found.wrong.append(told)

    def _held(self, mark: FileMark) -> None:
        content = self._marked(mark).read(0, mark.length + 1)
        if sha256(content).digest() != mark.digest:
            pages = self._pool.ledger.entries.in_raw(mark.number)
            self._pool.ledger.entries.lose_raw([c.seq for claims in pages for c in claims])
            # last: a file that is given up is not looked at again
            self._pool.ledger.files.set_state(mark.number, REPLACED)
            self._wrong("raw_changed", mark, "is not as it was left")

    # sheets ---------------------------------------------------------------------------------------

    def _sheet(self, mark: FileMark, state: str) -> None:
        self.found.sheets += 1
        # hold lines against raw that no key could open when the ledger was made
        unproven = self._pool.ledger.adopted.unproven(mark.number)
        if unproven and (proven := Matching(self._pool, mark).play().proven):
            self.found.mended.append(f"{mark.path}: {proven} rows were proven against raw")
        file = self._marked(mark)
        rows = file.odd_rows(alone=state in (LIVE, CLOSED) and mark.mode == "grow")
        if state != ASIDE and file.sheet_finding() in AT_REST and not rows:
            return
        if state != ASIDE and self._cut_again(mark):
            self.found.sheets -= 1  # it is read once more
            self._sheet(mark, state)
            return
        told = f"rows that differ: {', '.join(rows[:10])}" if rows else "its rows are as they were"
        self._wrong("sheet_changed", mark, f"was changed or set aside; {told}")
        lost = self._pool.ledger.files.give_up(mark.number) or "all"
        # the file that somebody changed stays there
        self.found.mended.append(f"{mark.path}: {lost} rows made again from raw in a new part")

    def _make_rows_again(self) -> None:
        pool = self._pool
        holds_up = self._stand.holds_up if self._stand else lambda scale: False
        report_of = partial(ScaleReport.begin, pool, drift_holds=self._holds_drift)
        make_waiting_rows(pool, report_of, holds_up=holds_up)
        for told in self.found.mended:
            pool.ledger.incidents.raise_incident("mended", "", told, pool.clock.now())
            log_incident("mended", "", told)

    def _wrong(self, kind: str, mark: FileMark, told: str) -> None:
        self.found.wrong.append(f"{mark.path}: {told}")
        self._pool.evidence.enter(kind, mark.scale, f"{mark.path}: {told}")
        log_incident(kind, mark.scale, f"{mark.path}: {told}")
