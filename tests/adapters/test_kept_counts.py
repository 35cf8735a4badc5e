"""The counts that a ledger keeps are those of its entries, whatever was done to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from mtdata.core.errors import StorageError
from mtdata.core.sqlite import LedgerDatabase
from mtdata.study.ledger import Ledger
from mtdata.study.ledger.erased import ErasedEntries
from mtdata.study.ledger.kept_counts import ScaleCounts
from mtdata.study.ledger.schema import LEDGER
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import HeldBack, Kept, Placed, Span
from mtdata.study.model.scale import Scale
from mtdata.study.model.states import CONFLICT, DRIFT, MALFORMED, SEALED
from mtdata.study.model.tombstone import Erasure
from tests.fakes import compact
from tests.ledgers import kept, ledger_in_memory

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
SCALES = ("BBSIQ", "QOL")
KINDS = (CONFLICT, DRIFT, MALFORMED, SEALED)


class History:
    """What rounds, people and mending do to a ledger, one thing after another, at random."""

    def __init__(self, ledger: Ledger, random: Random) -> None:
        self.ledger, self.random = ledger, random
        for scale in SCALES:
            ledger.listing.see(Scale(scale, 1, deleteable=True))
        self.acts: tuple[Callable[[str], None], ...] = (
            self.keep, self.keep, self.row, self.row, self.hold, self.release, self.give_up,
            self.fetch_again, self.take_over, self.erase, self.forget_half, self.settle,
        )  # fmt: skip

    def go_on(self) -> None:
        self.random.choice(self.acts)(self.random.choice(SCALES))

    def _file(self, kind: str, scale: str) -> FileMark:
        files, back = self.ledger.files, self.random.randrange(3)
        day = (NOON - timedelta(days=back)).date().isoformat()
        mark = files.live(kind, scale, day)
        return mark or files.begin(files.fresh_mark(kind, scale, day, 1, f"{kind}{scale}{day}"))

    def _seqs(self, scale: str, where: str = "1") -> list[int]:
        found = self.ledger._db.all(f"SELECT seq FROM entries WHERE scale = ? AND {where}", scale)
        seqs = [seq for (seq,) in found]
        return self.random.sample(seqs, min(len(seqs), self.random.randrange(1, 6)))

    def _back_up(self, scale: str, bodies: list[bytes], **how: object) -> None:
        mark = self._file("raw", scale)
        start, entries = mark.length, [read_entry(body) for body in bodies]
        spans = [Span(mark.number, start + 99 * n, len(b)) for n, b in enumerate(bodies)]
        clash = {e.digest for e in entries if not self.random.randrange(4)}
        self.ledger.entries.back_up(
            mark._replace(length=start + 99 * len(bodies)),
            list(zip(entries, spans, strict=True)),
            key=str(start), start=start, piece=b" " * 99 * len(bodies), at=NOON,
            conflicts=frozenset(clash), found=not self.random.randrange(4), **how,
        )  # type: ignore[arg-type]  # fmt: skip

    def _body(self) -> bytes:
        return compact({"id": self.random.randrange(40), "answer": self.random.randrange(3)})

    def keep(self, scale: str) -> None:
        self._back_up(scale, list({self._body() for _ in range(self.random.randrange(1, 6))}))

    def fetch_again(self, scale: str) -> None:
        self.ledger.entries.lose_raw(self._seqs(scale, "start >= 0"))
        self.keep(scale)

    def take_over(self, scale: str) -> None:
        for page in self.ledger.entries.waiting(scale, "keys"):
            body = compact({"id": page[0].id, "answer": self.random.random()})
            self._back_up(scale, [body], same_values={read_entry(body).digest: page[0]})
            return

    def row(self, scale: str) -> None:
        sheet = self._file("sheet", scale)
        kept_ = [Kept(s, 1, b"", Span(1, 0, 9), {}) for s in self._seqs(scale, "state < 2")]
        places = [Span(sheet.number, sheet.length + 9 * n, 9) for n, _ in enumerate(kept_)]
        if not kept_:
            return
        if self.random.randrange(2):
            lines = [Placed(e, b"c", place) for e, place in zip(kept_, places, strict=True)]
            mark = sheet._replace(length=sheet.length + 9 * len(lines))
            self.ledger.entries.record_rows(mark, lines)
        else:
            bound = [(e.seq, place, None) for e, place in zip(kept_, places, strict=True)]
            self.ledger.adopted.bind(bound)

    def hold(self, scale: str) -> None:
        kept_ = [Kept(s, 1, b"", Span(1, 0, 9), {}) for s in self._seqs(scale, "state < 2")]
        held = [HeldBack(one, self.random.choice(KINDS), "why") for one in kept_]
        self.ledger.entries.record_held(held, "keys")

    def release(self, scale: str) -> None:
        self.ledger.entries.release(scale, self.random.choice((None, self.random.randrange(40))))

    def give_up(self, scale: str) -> None:
        self.ledger.files.give_up(self._file("sheet", scale).number)

    def erase(self, scale: str) -> None:
        erased: ErasedEntries = self.ledger.erased
        number = self.random.randbytes(8)
        one = Erasure(number.hex(), NOON.isoformat(), number, bool(self.random.randrange(2)), ())
        seqs = self._seqs(scale, "start >= 0")[:1]
        erased.commit(one, [(seq, number + bytes([seq % 256])) for seq in seqs], (), ())

    def forget_half(self, scale: str) -> None:
        self.ledger.files.set_state(self._file("sheet", scale).number, "entering")
        self.ledger.adopted.drop_half_entered()

    def settle(self, scale: str) -> None:
        self.ledger.adopted.settle()


@pytest.mark.parametrize("number", range(12))
def test_counts_that_are_kept_are_those_that_are_counted(number: int, seed: int) -> None:
    ledger = ledger_in_memory()
    history = History(ledger, Random(seed + number))
    for _ in range(60):
        history.go_on()
        assert ledger.counts.differing() == []
    assert any(counts != (0, 0, 0) for counts in ledger.counts.of_scales().values())


def test_what_is_not_committed_is_not_counted() -> None:
    ledger = ledger_in_memory()
    history = History(ledger, Random(1))
    history.keep("QOL")
    before = ledger.counts.of_scales(), ledger.counts.of_days()
    with suppress(KeyboardInterrupt), ledger.commit():
        runs = [(1, 1)]
        with ledger.entries._counts.carried_over(runs):
            ledger._db.run("UPDATE entries SET state = 2, sheet = 1 WHERE seq = 1")
        raise KeyboardInterrupt
    assert (ledger.counts.of_scales(), ledger.counts.of_days()) == before
    assert ledger.counts.differing() == []


def test_counts_that_somebody_changed_are_told_and_mended() -> None:
    ledger = ledger_in_memory()
    History(ledger, Random(1)).keep("QOL")
    for change in (
        "UPDATE counts SET waiting = waiting + 7", "DELETE FROM counts",
        "UPDATE day_counts SET kept = kept + 1", "DELETE FROM day_counts",
    ):  # fmt: skip
        ledger._db.run(change)
        assert ledger.counts.differing() == ["QOL"]
        ledger.counts.mend()
        assert ledger.counts.differing() == []


def _older(path: Path) -> Path:
    """A ledger as a program left it that kept no counts: of format 4."""
    with closing(Ledger(path)) as ledger:
        history = History(ledger, Random(5))
        for _ in range(40):
            history.go_on()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TABLE counts; DROP TABLE day_counts; PRAGMA user_version = 4")
    return path


def test_an_older_ledger_is_counted_once_when_it_is_made_newer(tmp_path: Path) -> None:
    ledger = kept(Ledger(_older(tmp_path / "ledger.sqlite3")))
    assert ledger._db.format == LEDGER.format
    assert ledger.counts.differing() == []
    assert ledger.counts.of_scales()["QOL"] != ScaleCounts()
    assert ledger.counts.of_days()


def test_one_that_cannot_be_made_newer_to_the_end_stays_as_it_was(tmp_path: Path) -> None:
    path = _older(tmp_path / "ledger.sqlite3")
    with closing(sqlite3.connect(path)) as db, db:
        [(index,)] = db.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_line'")
        db.execute("DROP INDEX entries_line")
    with pytest.raises(StorageError):
        Ledger(path)
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("PRAGMA user_version").fetchone() == (4,)
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name LIKE '%counts'").fetchall() == []
        db.execute(index)
    assert kept(Ledger(path)).counts.differing() == []


def test_who_only_looks_into_an_older_ledger_counts_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = _older(tmp_path / "ledger.sqlite3")
    looked = kept(Ledger(path, only_look=True))
    found = looked.counts.of_scales(), looked.counts.of_days(), looked.entries.counts()
    days = looked.arrivals.by_day("2026-03-11"), looked.arrivals.totals_by_day("2026-03-11")
    assert LedgerDatabase(path, LEDGER, only_look=True).format == 4
    ours = kept(Ledger(path))
    assert (ours.counts.of_scales(), ours.counts.of_days(), ours.entries.counts()) == found
    assert (ours.arrivals.by_day("2026-03-11"), ours.arrivals.totals_by_day("2026-03-11")) == days
