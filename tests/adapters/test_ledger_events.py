"""Events in the ledger: each in the commit that it tells of, one for a batch, in one chain."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtdata.core.errors import BusyError
from mtdata.study.ledger import Ledger
from mtdata.study.model.events import EventKind, LedgerEvent, broken_links
from mtdata.study.model.receipt import Kept, Outcome, Placed, Span
from tests.adapters.test_ledger_entries import Book, entry
from tests.ledgers import kept

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def book() -> Book:
    return Book()


def events(ledger: Ledger) -> list[LedgerEvent]:
    return [event for event, _ in ledger.events.chain()]


def told(ledger: Ledger) -> list[tuple[str, Any]]:
    """Kind and entries of each event that speaks of some."""
    said = [(one.event, one.says().get("entries")) for one in events(ledger)]
    return [(kind, entries) for kind, entries in said if entries]


def test_a_round_of_many_entries_has_few_events_and_each_names_its_entries(book: Book) -> None:
    many = [entry(number) for number in range(1, 1001)]
    book.show(*many)
    book.make_row(*many)
    book.ask(*many)
    book.show()
    book.conclude()
    whole = "1-1000"
    assert told(book.ledger) == [
        ("kept", whole), ("rowed", whole), ("asked", whole), ("answered", whole), ("gone", whole),
    ]  # fmt: skip
    assert list(broken_links(book.ledger.events.chain())) == []
    assert [one.event for one in book.ledger.events.of_entry(500)] == [
        "kept", "rowed", "asked", "answered", "gone",
    ]  # fmt: skip
    assert book.ledger.events.of_entry(1001) == []


def test_a_listing_that_brings_nothing_new_enters_nothing(book: Book) -> None:
    one = entry(1)
    book.show(one)
    before = len(events(book.ledger))
    book.conclude()
    book.listing.begin()
    book.entries.classify("QOL", [one])
    book.conclude()
    assert len(events(book.ledger)) == before


def test_scattered_entries_that_are_gone_are_named_one_by_one(book: Book) -> None:
    many = [entry(number) for number in range(1, 4001)]
    book.show(*many)
    book.show(*many[::2])
    book.conclude()
    gone = [one for one in events(book.ledger) if one.event == "gone"]
    assert len(gone) > 1, "no event is longer than people and memory can bear"
    for seq in (1, 2, 3, 3999, 4000):
        assert any(one.speaks_of(seq) for one in gone) == (seq % 2 == 0)


def test_an_entry_that_was_fetched_again_is_named_by_the_number_it_had(book: Book) -> None:
    one, two = entry(1), entry(2)
    book.show(one)
    book.entries.lose_raw([book.seqs[one.digest]])
    book.show(one, two)
    assert told(book.ledger) == [("kept", "1"), ("raw lost", "1"), ("kept", "1-2")]


def test_answers_are_entered_by_what_the_site_said_and_not_in_its_words(book: Book) -> None:
    one, two = entry(1), entry(2)
    book.show(one, two)
    book.make_row(one, two)
    book.ask(one)
    book.ask(two, outcome=Outcome.REFUSED)
    answered = [one.says() for one in events(book.ledger) if one.event == "answered"]
    assert answered == [
        {"entries": "1", "outcome": "done"},
        {"entries": "2", "outcome": "refused"},
    ]


def test_rows_that_several_keys_opened_are_told_apart(book: Book) -> None:
    many = [entry(number) for number in range(1, 6)]
    book.show(*many)
    keys: list[tuple[str, ...]] = [("a",), ("b",), ("a",), (), ("a", "b")]
    placed = [
        Placed(book.kept(one), b"cells", Span(2, place, 1), opened)
        for place, (one, opened) in enumerate(zip(many, keys, strict=True))
    ]
    book.entries.record_rows(book.sheet, placed)
    rowed = [one.says() for one in events(book.ledger) if one.event == "rowed"]
    assert [(one["keys"], one["entries"]) for one in rowed] == [
        (["a"], "1,3"), (["b"], "2"), ([], "4"), (["a", "b"], "5"),
    ]  # fmt: skip


def test_an_event_stays_out_of_the_ledger_when_its_commit_fails(book: Book) -> None:
    one = entry(1)
    book.show(one)
    before = events(book.ledger)

    def lines() -> Iterator[Placed]:
        yield Placed(Kept(1, 1, one.digest, Span(1, 0, 1), {}), b"cells", Span(2, 0, 1))
        raise KeyError

    def lost() -> None:
        raise BusyError("the lock is lost")

    with pytest.raises(KeyError):
        book.entries.record_rows(book.sheet, lines())  # type: ignore[arg-type]
    book.ledger.take_turn(lost)
    with pytest.raises(BusyError):
        book.listing.ask([1], NOON)
    with pytest.raises(BusyError):
        book.listing.answered([])
    assert events(book.ledger) == before


def test_a_day_has_the_head_of_its_last_event_also_where_the_clock_is_set_back(
    tmp_path: Path,
) -> None:
    now = [NOON]
    ledger = kept(Ledger(tmp_path / "ledger.sqlite3", lambda: now[0]))

    def enter(days: float) -> None:
        now[0] += timedelta(days=days)
        with ledger._db.commit():
            ledger.events.enter(EventKind.SITE_UNKNOWN)

    for step in (0, 0.1, 1, 0.1, 3, -3, 0.1):
        enter(step)
    heads = ledger.events.day_heads()
    assert [(one.day, one.events) for one in heads] == [
        ("2026-03-12", 3), ("2026-03-13", 5), ("2026-03-16", 6), ("2026-03-13", 8),
    ]  # fmt: skip
    assert [one.head for one in heads] == [ledger.events.head_of(one.events) for one in heads]
    assert ledger.events.head_of(9) is None


def test_the_first_event_says_of_what_the_chain_is_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(Ledger(path)) as ledger:
        ledger.files.begin(ledger.files.fresh_mark("raw", "QOL", "2026-03-12", 1, "raw"))
        with ledger._db.commit():
            ledger.events.enter(EventKind.SITE_UNKNOWN)
        assert events(ledger)[0].says()["why"] == "a new ledger"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM events")  # as an older program leaves it, which knows of none
    with closing(Ledger(path)) as ledger:
        with ledger._db.commit():
            ledger.events.enter(EventKind.SITE_UNKNOWN)
        assert "not recorded" in events(ledger)[0].says()["why"]


def test_events_hold_no_id_and_no_value(book: Book) -> None:
    secret = entry(987654321, answer="an answer")
    book.show(secret)
    book.make_row(secret)
    book.ask(secret)
    book.hold(entry(987654321, answer="an answer"), "sealed")
    shown = json.dumps(events(book.ledger))
    assert "987654321" not in shown
    assert "an answer" not in shown
