"""Batches larger than one statement takes: each entry is entered and bound as if it came alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mtdata.core.errors import StorageError
from mtdata.core.many_rows import GROUP
from mtdata.study.ledger import Ledger, LedgerEntry
from mtdata.study.ledger import entries as entries_room
from mtdata.study.model.mark import FileMark
from mtdata.study.model.package import Entry, read_entry
from mtdata.study.model.receipt import Kept, Placed, Span
from mtdata.study.model.scale import Scale
from tests.fakes import compact
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, tzinfo=UTC)
COUNT = 2 * GROUP + 3
BROKEN = GROUP + 1
"""The place of an entry that is malformed, in the second statement."""


@pytest.fixture
def ledger() -> Ledger:
    made = ledger_in_memory()
    made.listing.see(Scale("QOL", COUNT, True))
    made.listing.begin()
    return made


def entries_of(words: str = "", broken: int | None = None) -> list[Entry]:
    ids: list[object] = [*range(COUNT)]
    if broken is not None:
        ids[broken] = "none"
    return [read_entry(compact({"id": id, "words": words})) for id in ids]


def begun(ledger: Ledger, kind: str) -> FileMark:
    return ledger.files.begin(ledger.files.fresh_mark(kind, "QOL", "2026-03-12", 1, kind))


def back_up(ledger: Ledger, batch: list[Entry], raw: FileMark, start: int = 0) -> list[Kept]:
    """Enter a batch as one that a package shows; entry n stands at 10 n behind the start."""
    found = ledger.entries.classify("QOL", batch)
    spans = [Span(raw.number, start + 10 * n, 9) for n in range(len(batch))]
    seqs = ledger.entries.back_up(
        raw._replace(length=start + 10 * len(batch)),
        list(zip(batch, spans, strict=True)),
        key=f"k{start}",
        start=start,
        piece=b"",
        conflicts=found.conflicts,
        at=AT,
    )
    kept = zip(seqs, batch, spans, strict=True)
    return [Kept(seq, e.id, e.digest, span, e.values or {}) for seq, e, span in kept]


def known(ledger: Ledger, raw: FileMark) -> list[LedgerEntry]:
    return [entry for page in ledger.entries.in_raw(raw.number) for entry in page]


def test_each_entry_of_a_large_batch_has_its_own_place_and_line(ledger: Ledger) -> None:
    raw, sheet = begun(ledger, "raw"), begun(ledger, "sheet")
    kept = back_up(ledger, entries_of(), raw)
    lines = [Placed(e, e.digest[::-1], Span(sheet.number, 7 * e.seq, 6)) for e in kept]
    ledger.entries.record_rows(sheet, lines)
    assert [(e.seq, e.id, e.digest, e.span) for e in known(ledger, raw)] == [k[:4] for k in kept]
    bound = [(e.seq, e.line, e.cells) for e in ledger.entries.lines(sheet.number)]
    assert bound == [(line.entry.seq, line.span, line.digest) for line in lines]
    assert ledger.entries.counts()["QOL"] == (0, 0, COUNT)


def test_the_entries_in_a_sheet_come_a_page_at_a_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, sheet = begun(ledger, "raw"), begun(ledger, "sheet")
    kept = back_up(ledger, entries_of(), raw)
    lines = [Placed(e, e.digest[::-1], Span(sheet.number, 7 * e.seq, 6)) for e in reversed(kept)]
    ledger.entries.record_rows(sheet, lines)
    wanted = [(*k[:3], tuple(k.span)) for k in kept]
    for page in (COUNT + 1, COUNT, COUNT - 1, 7):
        monkeypatch.setattr(entries_room, "PAGE", page)
        found = list(ledger.entries.entries_in_sheet(sheet.number))
        assert [one for part in found for one in zip(*part, strict=True)] == wanted
        assert {len(part.seqs) for part in found[:-1]} <= {page}
    ledger._db.run("UPDATE entries SET line_length = NULL WHERE seq = ?", kept[3].seq)
    with pytest.raises(StorageError, match="no line in it"):
        list(ledger.entries.entries_in_sheet(sheet.number))


def test_one_held_entry_of_a_large_batch_leaves_the_others_as_they_are(ledger: Ledger) -> None:
    back_up(ledger, entries_of(broken=BROKEN), begun(ledger, "raw"))
    assert ledger.entries.counts()["QOL"][:2] == (COUNT - 1, 1)
    assert ledger.entries.held("QOL") == [("QOL", -1, "malformed", "no whole number as id", 1)]
    waiting = [entry.id for page in ledger.entries.waiting("QOL", "") for entry in page]
    assert waiting == [id for id in range(COUNT) if id != BROKEN]


def test_other_content_of_a_large_batch_is_held_and_the_first_stays(ledger: Ledger) -> None:
    raw = begun(ledger, "raw")
    back_up(ledger, entries_of(), raw)
    back_up(ledger, entries_of("other"), raw, start=10 * COUNT)
    assert ledger.entries.counts()["QOL"][:2] == (COUNT, COUNT)
    assert set(ledger.entries.held_kinds("QOL")) == {"conflict"}


def test_a_large_batch_that_was_lost_stands_where_it_was_fetched_again(ledger: Ledger) -> None:
    raw = begun(ledger, "raw")
    kept = back_up(ledger, entries_of(), raw)
    ledger.entries.lose_raw(entry.seq for entry in kept)
    again = back_up(ledger, entries_of(), raw, start=10 * COUNT)
    stands = [(e.seq, e.digest, e.span) for e in known(ledger, raw)]
    assert stands == [(e.seq, n.digest, n.span) for e, n in zip(kept, again, strict=True)]
