"""One pool on its way into a backup, as its ledger knows it in one moment; it changes nothing.

Files are listed before the ledger is copied: what a round begins after that the copy knows or
nobody does.  A file that grows goes up to the length that the copy knows, closed as it was then;
one that was replaced meanwhile does not fit, and all is taken anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from mtdata.config import SiteConfig
from mtdata.core.backups.manifest import BackedUpFile
from mtdata.core.backups.sending import BackupSender, kept_files
from mtdata.core.disk import FolderDisk
from mtdata.core.errors import BusyError
from mtdata.core.pool_files import ERASING_PLAN, INCOMING, LEDGER_FILE, LOCK
from mtdata.core.reach import translated_faults
from mtdata.core.read_only import DatabaseState, database_state
from mtdata.study.files.archive import CLOSING
from mtdata.study.ledger.read_only import ReadOnlyLedger
from mtdata.study.model.mark import FileMark
from mtdata.study.model.states import LIVE

TRIES = 3
LEFT_OUT = frozenset({LOCK, LEDGER_FILE, ".shared", ".check", ".check.sqlite3"})
ERASING = (
    "{}: an erasure is under way there, and files and ledger are not in step. Nothing was entered; "
    "the next round, or `mtdata status`, ends it: then call it again"
)
ODD = "{} is not as the ledger knows it, and was taken as it stands: `mtdata verify` says more"


class PoolCopy:
    """The pool of one site; `told` is what was not as it should be."""

    def __init__(self, site: SiteConfig, sender: BackupSender) -> None:
        self._site, self._sender = site, sender
        self._disk = FolderDisk(site.path)
        self.told: list[str] = []

    def play(self) -> list[BackedUpFile]:
        """Every file, sent.  BusyError while an erasure is under way."""
        for number in range(TRIES):
            before = self._ledger_state()
            files, odd = self._one_moment()
            if not odd or number + 1 == TRIES or before == self._ledger_state():
                break
        self.told += [ODD.format(path) for path in odd]
        return files

    def _ledger_state(self) -> DatabaseState:
        path = self._site.path / LEDGER_FILE
        with translated_faults(path, "look at the ledger"):
            return database_state(path)

    def _one_moment(self) -> tuple[list[BackedUpFile], list[str]]:
        """All files with the ledger of one moment, and those that do not fit it."""
        self._refuse_erasing()
        listed, links = kept_files(self._site.path, LEFT_OUT)
        ledger, fault = self._sender.send_database(self._site.path, LEDGER_FILE)
        self.told = [*links, *([fault] if fault else [])]
        with closing(ReadOnlyLedger(self._sender.spooled)) as known:
            marks = {mark.path: mark for mark in map(_live, known.files.standing()) if mark}
        files, odd = [ledger], []
        for path in sorted({*listed, *marks}):
            if path.startswith(f"{INCOMING}/"):
                continue
            file, fits = self._sent(path, marks.get(path))
            files += [file] if file else []
            odd += [] if fits else [path]
        self._refuse_erasing()
        return files, odd

    def _sent(self, path: str, mark: FileMark | None) -> tuple[BackedUpFile | None, bool]:
        """The file, None for one that is not there, and whether that fits its mark."""
        if mark is None:
            return self._sender.send_plain(self._disk, path), True
        if mark.length == 0:
            return None, True  # begun, and nothing of it was committed
        if self._disk.size(path) is None:
            return None, False
        return self._marked(mark)

    def _marked(self, mark: FileMark) -> tuple[BackedUpFile, bool]:
        """A live file up to the length that was committed; one that does not fit as it stands."""
        grows = mark.mode == "grow"
        ends = CLOSING if grows and mark.kind == "raw" else b""

        def committed() -> Iterator[bytes]:
            return self._disk.stream(mark.path, 0, mark.length if grows else None)

        file, fits = self._sender.send(mark.path, committed, ends, mark.digest)
        if not fits and (plain := self._sender.send_plain(self._disk, mark.path)):
            file = plain
        return file, fits

    def _refuse_erasing(self) -> None:
        if self._disk.size(ERASING_PLAN) is not None:
            raise BusyError(ERASING.format(self._site.path))


def _live(standing: tuple[FileMark, str]) -> FileMark | None:
    """The mark of a file that may be written; what is at rest goes as it stands."""
    mark, state = standing
    return mark if state == LIVE else None
