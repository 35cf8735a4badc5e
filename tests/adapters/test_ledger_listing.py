"""What listings prove: gone, vanished, come back, left over; a site's word proves nothing."""

from __future__ import annotations

import pytest

from mtdata.study.model.benchmark import Benchmark
from mtdata.study.model.package import read_entry
from mtdata.study.model.receipt import DeleteAnswer, Outcome
from mtdata.study.model.scale import Scale
from tests.adapters.test_ledger_entries import AT, Book, entry


@pytest.fixture
def book() -> Book:
    made = Book()
    made.show(*(entry(number) for number in (1, 2, 3)))
    made.make_row(*(entry(number) for number in (1, 2, 3)))
    return made


@pytest.mark.parametrize("outcome", list(Outcome))
def test_nothing_that_the_site_says_to_a_delete_proves_it(book: Book, outcome: Outcome) -> None:
    book.ask(entry(1), outcome=outcome)
    assert book.listing.unproven_deletes("QOL") == (outcome is not Outcome.REFUSED)
    book.show(entry(1), entry(2), entry(3))
    assert book.listing.missing("QOL") == (0, 0, None)
    book.conclude()
    assert book.owed() == [1, 2, 3]
    assert book.listing.leftover("QOL") == (3, 1, f"{outcome.value}: said")


def test_an_entry_whose_delete_was_refused_and_that_is_not_shown_vanished(book: Book) -> None:
    book.ask(entry(1), outcome=Outcome.REFUSED)
    book.show(entry(2), entry(3))
    assert book.listing.missing("QOL") == (0, 1, 1)


def test_asking_and_answers_are_of_their_entries_alone_and_of_no_neighbour(book: Book) -> None:
    first, third = (book.seqs[entry(number).digest] for number in (1, 3))
    book.listing.ask([third, first], AT)
    said = DeleteAnswer(1, Outcome.REFUSED, "no"), DeleteAnswer(3, Outcome.DONE, "")
    book.listing.answered([(first, said[0]), (first, said[0]), (third, said[1])])
    assert book.listing.unproven_deletes("QOL") == 1
    book.show()
    assert book.listing.missing("QOL") == (1, 2, 1)


def test_an_entry_that_was_asked_for_and_is_not_shown_is_gone_once(book: Book) -> None:
    book.ask(entry(2))
    book.show(entry(1), entry(3))
    assert book.listing.missing("QOL") == (1, 0, None)
    book.conclude()
    assert book.listing.missing("QOL") == (0, 0, None)
    assert book.listing.leftover("QOL")[:2] == (2, 1)
    assert book.listing.unproven_deletes("QOL") == 0


def test_entries_that_nobody_asked_for_and_are_not_shown_vanished(book: Book) -> None:
    book.ask(entry(1))
    book.show()
    assert book.listing.missing("QOL") == (1, 2, 2)


def test_a_changed_entry_did_not_vanish(book: Book) -> None:
    book.show(entry(1, a=2), entry(2), entry(3))
    assert book.listing.missing("QOL").vanished == 0


def test_a_malformed_entry_that_was_put_right_did_not_vanish(book: Book) -> None:
    bad = read_entry(b'{"id":"x"}')
    book.show(bad, entry(1), entry(2), entry(3))
    book.show(entry(1), entry(2), entry(3))
    assert book.listing.missing("QOL").vanished == 0


def test_what_is_shown_again_is_on_the_site_and_was_not_asked_for(book: Book) -> None:
    book.ask(entry(1))
    book.show(entry(2), entry(3))
    book.conclude()
    book.show(entry(1), entry(2), entry(3))
    book.conclude()
    assert book.owed() == [1, 2, 3]
    assert book.listing.unproven_deletes("QOL") == 0


def test_a_listing_speaks_of_its_own_scale_only(book: Book) -> None:
    book.show(entry(1), scale="BBSIQ")
    assert book.listing.missing("BBSIQ") == (0, 0, None)
    book.conclude("BBSIQ")
    book.show(entry(1), entry(2), entry(3))
    assert book.listing.missing("QOL") == (0, 0, None)
    assert book.listing.missing("BBSIQ").vanished == 0


def test_what_the_last_whole_listing_shows_is_owed_while_another_scale_is_listed(
    book: Book,
) -> None:
    book.ask(entry(2))
    book.show(entry(1), entry(3))
    book.conclude()
    book.show(entry(2), scale="BBSIQ")
    book.conclude("BBSIQ")
    assert book.owed() == [1, 3]
    assert book.owed("BBSIQ") == []


def test_newcomers_are_those_not_noted_before_each_once(book: Book) -> None:
    book.listing.begin()
    one, two = entry(1), entry(2)
    assert book.listing.newcomers([one, one, two]) == [one, two]
    assert book.listing.newcomers([two, entry(3)]) == [entry(3)]


def test_a_scale_keeps_its_fields_when_its_nature_changes(book: Book) -> None:
    book.listing.set_columns("QOL", ["a", "b"])
    book.listing.see(Scale("QOL", 9, False))
    assert book.listing.columns("QOL") == ("a", "b")
    assert book.listing.columns("BBSIQ") is None
    assert [scale for scale in book.listing.scales() if not scale.deleteable] == [
        Scale("QOL", 1, False)
    ]


def test_the_benchmark_is_the_highest_id_that_ever_came(book: Book) -> None:
    book.show(entry(2))
    book.conclude()
    assert book.listing.benchmarks() == {"QOL": Benchmark(3, True)}


def test_all_that_is_on_the_site_is_named_with_its_state(book: Book) -> None:
    book.show(entry(1), entry(2), entry(3), entry(4), read_entry(b"{}"))
    book.ask(entry(1))
    assert [row[:2] for row in book.listing.on_site("QOL")] == [
        (-1, "held"), (1, "safe"), (2, "safe"), (3, "safe"), (4, "stored"),
    ]  # fmt: skip


def test_many_entries_of_one_id_are_all_named_whatever_the_page(book: Book) -> None:
    many = [read_entry(b'{"a":%d}' % number) for number in range(1500)]
    book.show(*many)
    assert sum(number == -1 for number, *_ in book.listing.on_site("QOL")) == 1500


def test_many_versions_of_one_id_are_all_owed_whatever_the_page(book: Book) -> None:
    many = [entry(7, a=number) for number in range(1500)]
    book.show(*many)
    book.entries.release("QOL", 7)
    book.make_row(*many)
    book.conclude()
    assert len(book.owed()) == 1500


def test_a_scale_is_at_rest_once_nothing_of_it_is_on_the_site_or_waits(book: Book) -> None:
    book.listing.see(Scale("QOL", 3, deleteable=True))
    book.listing.see(Scale("Study", 0, deleteable=False))
    assert "QOL" not in book.listing.at_rest()
    book.show()
    book.conclude()
    assert "QOL" in book.listing.at_rest()
    book.show(entry(4))
    book.show()
    book.conclude()
    assert "QOL" not in book.listing.at_rest()  # 4 has no row yet
    book.make_row(entry(4))
    assert "QOL" in book.listing.at_rest()
    assert "Study" not in book.listing.at_rest()  # it stays
