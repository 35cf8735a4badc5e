"""Entries in the ledger: once by scale, id and digest; what waits, is owed, is in doubt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mtdata.study.ledger import Classified
from mtdata.study.model.package import Entry, read_entry
from mtdata.study.model.receipt import DeleteAnswer, HeldBack, Kept, Outcome, Placed, Span
from mtdata.study.model.scale import Scale
from tests.fakes import compact
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, tzinfo=UTC)
DAY = "2026-03-12"


def entry(id: object, **more: Any) -> Entry:
    return read_entry(compact({"id": id, **more}))


class Book:
    """A ledger in memory and the short ways of a round through it; scale QOL if none is named."""

    def __init__(self) -> None:
        self.ledger = ledger_in_memory()
        self.entries, self.listing = self.ledger.entries, self.ledger.listing
        self.seqs: dict[bytes, int] = {}
        for name in ("QOL", "BBSIQ"):
            self.listing.see(Scale(name, 1, True))
        files = self.ledger.files
        self.raw = files.begin(files.fresh_mark("raw", "QOL", DAY, 1, "raw"))
        self.sheet = files.begin(files.fresh_mark("sheet", "QOL", DAY, 1, "sheet"))
        self._start = 0

    def show(self, *batch: Entry, scale: str = "QOL") -> Classified:
        """A package of the site, and its entries entered."""
        self.listing.begin()
        classified = self.entries.classify(scale, list(batch))
        self._start += 100
        added = [
            (e, Span(self.raw.number, self._start + n, 1)) for n, e in enumerate(classified.fresh)
        ]
        added += [(e, Span(self.raw.number, self._start + 50, 1)) for e in classified.refetch]
        seqs = self.entries.back_up(
            self.raw._replace(scale=scale, length=self._start + 1),
            added,
            key=f"k{self._start}",
            start=self._start,
            piece=b"",
            conflicts=classified.conflicts,
            at=AT,
        )
        self.seqs |= {e.digest: seq for (e, _), seq in zip(added, seqs, strict=True)}
        return classified

    def conclude(self, scale: str = "QOL") -> None:
        self.listing.conclude(scale, AT)

    def kept(self, one: Entry) -> Kept:
        return Kept(self.seqs[one.digest], one.id, one.digest, Span(0, 0, 0), one.values or {})

    def make_row(self, *entries: Entry) -> None:
        """Commit a line for each."""
        placed = []
        for one in entries:
            seq = self.seqs[one.digest]
            placed.append(Placed(self.kept(one), b"cells", Span(self.sheet.number, seq * 10, 9)))
        self.entries.record_rows(self.sheet, placed)

    def hold(self, one: Entry, kind: str, fingerprint: str = "keys") -> None:
        self.entries.record_held([HeldBack(self.kept(one), kind, "why")], fingerprint)

    def waiting(self, fingerprint: str = "keys", scale: str = "QOL") -> list[int | None]:
        pages = self.entries.waiting(scale, fingerprint)
        return [claim.id for page in pages for claim in page]

    def owed(self, scale: str = "QOL") -> list[int | None]:
        return [claim.id for page in self.entries.owed(scale) for claim in page]

    def ask(self, *entries: Entry, outcome: Outcome = Outcome.DONE) -> None:
        seqs = [self.seqs[one.digest] for one in entries]
        self.listing.ask(seqs, AT)
        self.listing.answered((seq, DeleteAnswer(1, outcome, "said")) for seq in seqs)


@pytest.fixture
def book() -> Book:
    return Book()


def test_an_entry_is_fresh_once_whatever_the_order_of_ids(book: Book) -> None:
    high, low = entry(9), entry(3)
    assert book.show(high).fresh == [high]
    assert book.show(high, low).fresh == [low]
    assert book.show(low, high).fresh == []


def test_an_entry_that_stands_twice_in_a_package_is_fresh_once(book: Book) -> None:
    one = entry(1)
    assert book.show(one, one).fresh == [one]


def test_the_same_bytes_of_another_scale_are_another_entry(book: Book) -> None:
    one = entry(1)
    book.show(one)
    assert book.show(one, scale="BBSIQ").fresh == [one]
    assert book.owed("BBSIQ") == []


def test_other_content_under_a_known_id_is_a_conflict_before_and_within_a_package(
    book: Book,
) -> None:
    old, new, third = entry(1), entry(1, a=2), entry(1, a=3)
    book.show(old)
    classified = book.show(new, third)
    assert (classified.fresh, classified.conflicts) == ([new, third], {new.digest, third.digest})
    assert classified.reused_ids == frozenset()
    assert book.waiting() == [1]
    assert book.entries.counts()["QOL"].held_back == 2


def test_an_id_that_was_gone_and_comes_with_other_content_began_anew(book: Book) -> None:
    old, new = entry(1), entry(1, a=2)
    book.show(old)
    book.make_row(old)
    book.ask(old)
    book.show()
    book.conclude()
    assert book.show(new).reused_ids == {new.digest}


def test_an_entry_whose_content_was_changed_on_the_site_did_not_begin_anew(book: Book) -> None:
    old, new, newer = entry(1), entry(1, a=2), entry(1, a=3)
    book.show(old)
    book.show(new)
    book.conclude()
    classified = book.show(newer)
    assert (classified.conflicts, classified.reused_ids) == ({newer.digest}, frozenset())


def test_what_waits_is_what_has_no_row_and_may_get_one_now(book: Book) -> None:
    stored, sealed, drift, malformed, rowed = (entry(number) for number in range(5))
    book.show(stored, sealed, drift, malformed, rowed)
    book.make_row(rowed)
    for one, kind in ((sealed, "sealed"), (drift, "drift"), (malformed, "malformed")):
        book.hold(one, kind)
    assert book.waiting("keys") == [0]
    assert book.waiting("other keys") == [0, 1, 2]
    assert book.entries.scales_waiting("keys") == ["QOL"]
    book.make_row(stored)
    assert book.entries.scales_waiting("keys") == []


def test_waiting_comes_in_pages_and_ends_though_all_of_it_is_held_again(book: Book) -> None:
    many = [entry(number) for number in range(1, 2600)]
    book.show(*many)
    seen: list[int | None] = []
    sizes = []
    for page in book.entries.waiting("QOL", "keys"):
        sizes.append(len(page))
        seen += [claim.id for claim in page]
        for claim in page:
            book.hold(entry(claim.id), "sealed", fingerprint="older keys")
    assert seen == list(range(1, 2600))
    assert max(sizes) <= 1024


def test_owed_is_what_has_a_row_and_is_shown_by_the_last_listing_concluded(book: Book) -> None:
    one, two, three = entry(1), entry(2), entry(3)
    book.show(one, two, three)
    book.make_row(one, two)
    assert book.owed() == [1, 2]
    book.show(two, three)
    book.conclude()
    assert book.owed() == [2]


def test_an_entry_whose_raw_bytes_are_lost_is_not_owed_and_is_fetched_again(book: Book) -> None:
    one = entry(1)
    book.show(one)
    book.make_row(one)
    book.entries.lose_raw([book.seqs[one.digest]])
    classified = book.entries.classify("QOL", [one])
    assert (classified.fresh, classified.refetch, book.owed()) == ([], [one], [])
    assert list(book.entries.in_raw(1)) == []
    book.show(one)
    assert book.owed() == [1]
    assert [c.id for claims in book.entries.in_raw(1) for c in claims] == [1]


@pytest.mark.parametrize("kind", ["conflict", "sealed", "drift"])
def test_an_id_is_not_owed_while_another_version_of_it_is_held(book: Book, kind: str) -> None:
    old, new = entry(1), entry(1, a=2)
    book.show(old, new)
    book.make_row(old)
    if kind != "conflict":
        book.hold(new, kind)
    assert book.owed() == []
    book.show(old)
    book.conclude()
    assert book.owed() == [], "nobody has said yet that the other version is all right"
    assert sum(book.entries.release("QOL", 1)) == 1
    assert book.owed() == [1]


def test_a_held_version_that_the_site_shows_keeps_its_id_though_it_was_let_through(
    book: Book,
) -> None:
    old, new = entry(1), entry(1, a=2)
    book.show(old, new)
    book.make_row(old)
    book.entries.release("QOL", 1)
    book.hold(new, "sealed")
    assert book.owed() == []


def test_a_malformed_version_is_in_doubt_only_while_the_site_shows_it(book: Book) -> None:
    bad, good = entry(1, a=1), entry(1)
    book.show(bad)
    book.hold(bad, "malformed")
    book.show(bad, good)
    book.make_row(good)
    assert book.owed() == []
    assert "malformed" in book.entries.held_kinds("QOL")
    book.show(good)
    book.conclude()
    assert book.owed() == [1]
    assert book.entries.held_kinds("QOL") == {}
    assert [row[1:3] for row in book.entries.held("QOL")] == [(1, "malformed")]


def test_only_what_a_person_may_decide_is_let_through(book: Book) -> None:
    kinds = {"conflict": (1, 0), "drift": (1, 0), "sealed": (0, 1), "malformed": (0, 0)}
    for number, (kind, released) in enumerate(kinds.items()):
        one = entry(number)
        book.show(one)
        book.hold(one, kind)
        assert book.entries.release("QOL", number) == released
        assert book.entries.release("BBSIQ", number) == (0, 0)
        assert (book.seqs[one.digest] in book.entries.accepted([book.seqs[one.digest]])) == any(
            released
        )


def test_lines_come_in_their_order_and_can_be_lost_together(book: Book) -> None:
    many = [entry(number) for number in range(5)]
    book.show(*many)
    book.make_row(*many[::-1])
    assert [claim.id for claim in book.entries.lines(book.sheet.number)] == [0, 1, 2, 3, 4]
    assert book.ledger.files.give_up(book.sheet.number) == 5
    assert list(book.entries.lines(book.sheet.number)) == []
    assert book.waiting() == [0, 1, 2, 3, 4]


def test_no_id_is_an_entry_by_its_bytes_alone_and_is_never_owed(book: Book) -> None:
    first, second = read_entry(b'{"a":1}'), read_entry(b'{"a":2}')
    classified = book.show(first, second)
    assert (classified.fresh, classified.conflicts) == ([first, second], frozenset())
    assert book.show(first, second).fresh == []
    assert book.owed() == []
    assert book.entries.counts()["QOL"].held_back == 2
