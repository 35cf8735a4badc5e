"""The chain of events and the heads that are signed: pure, whatever was changed is seen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.study.model.events import (
    NO_HEAD,
    DayHead,
    LedgerEvent,
    Linked,
    body_of,
    broken_links,
    runs_in,
    runs_of,
    text_of,
)
from mtdata.study.model.heads import SignedHeads, departure, heads_of

SEQS = st.sets(st.integers(1, 60))
AT = datetime(2026, 3, 12, 12, 5, tzinfo=UTC)


def chain(count: int = 6) -> list[Linked]:
    """A sound chain; each event speaks of the entry of its number."""
    made: list[Linked] = []
    for number in range(1, count + 1):
        at = f"2026-03-{10 + number // 3}T12:00:00+00:00"
        event = LedgerEvent(number, at, "kept", number, number, body_of({}, [(number, number)]))
        made.append(Linked(event, event.head(made[-1].head if made else NO_HEAD)))
    return made


def changed(link: Linked, **fields: object) -> Linked:
    return link._replace(event=link.event._replace(**fields))  # type: ignore[arg-type]


@given(SEQS)
def test_runs_name_each_entry_once_and_no_other(seqs: set[int]) -> None:
    runs = runs_of(seqs)
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(seqs)
    assert list(runs_in(text_of(runs))) == runs
    assert len(runs) == sum(number - 1 not in seqs for number in seqs)


@given(SEQS, st.integers(1, 60))
def test_an_event_speaks_of_its_entries_alone(seqs: set[int], seq: int) -> None:
    runs = runs_of(seqs)
    event = LedgerEvent(1, "", "kept", None, None, body_of({"file": f"a {seq}-{seq}"}, runs))
    assert event.speaks_of(seq) == (seq in seqs)


def test_a_sound_chain_has_no_broken_link() -> None:
    assert list(broken_links(chain())) == []
    assert list(broken_links([])) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"entered_at": "2026-03-11T12:00:01+00:00"},
        {"event": "gone"},
        {"first": 1},
        {"first": None, "last": None},
        {"body": body_of({}, [(3, 4)])},
    ],
)
def test_an_event_that_was_changed_is_told_as_that_one_alone(fields: dict[str, object]) -> None:
    links = chain()
    links[2] = changed(links[2], **fields)
    [told] = broken_links(links)
    assert told.startswith("event 3 of ")


def test_texts_cannot_be_moved_from_one_field_into_another() -> None:
    one = LedgerEvent(1, "a", "b", None, None, 'c"')
    other = LedgerEvent(1, "a", 'b",null,null,"c', None, None, '"')
    assert one.canonical() != other.canonical()


def test_a_head_that_was_changed_fits_neither_its_event_nor_the_next() -> None:
    links = chain()
    links[2] = links[2]._replace(head=bytes(32))
    assert [told.split(" of ")[0] for told in broken_links(links)] == ["event 3", "event 4"]


def test_events_that_are_missing_are_counted_wherever_they_were() -> None:
    links = chain()
    told = list(broken_links(links[1:3] + links[5:]))
    assert [one.partition(" missing")[0] for one in told] == ["event 1 is", "events 4 to 5 are"]


def test_a_chain_in_another_order_is_broken() -> None:
    links = chain()
    assert list(broken_links([links[0], links[2], links[1], *links[3:]]))


def test_an_event_that_is_no_json_any_more_says_nothing_and_ends_nothing() -> None:
    for body in ("", "[1]", '{"entries":[7]}', '{"entries":"x-7"}', "[" * 100_000):
        assert not LedgerEvent(1, "", "kept", 1, 9, body).speaks_of(8)


# heads that were signed


def signed(links: list[Linked]) -> SignedHeads:
    days = (
        DayHead("2026-03-10", 2, links[1].head.hex()),
        DayHead("2026-03-11", 5, links[4].head.hex()),
    )
    return SignedHeads("study", links[0].head.hex(), AT, days)


def head_in(links: list[Linked], number: int) -> str | None:
    return next((head.hex() for event, head in links if event.number == number), None)


def departs(links: list[Linked], of: SignedHeads | None = None) -> str:
    return departure(of or signed(chain()), lambda number: head_in(links, number))


def test_a_chain_that_went_on_has_what_was_signed() -> None:
    assert departs(chain(5)) == departs(chain(6)) == ""


def test_a_tail_that_was_cut_off_is_missed_and_stays_told_the_same_when_it_grows_again() -> None:
    told = departs(chain(4))
    assert told.startswith("event 5, the last of 2026-03-11, is not the one whose head was signed")
    other = chain(4)
    event = LedgerEvent(5, "later", "gone", None, None, "{}")
    assert departs([*other, Linked(event, event.head(other[-1].head))]) == told


def test_a_history_that_was_written_anew_whole_is_not_what_was_signed() -> None:
    links = chain()
    forged = changed(links[1], event="gone").event
    head = forged.head(links[0].head)
    links[1:] = [Linked(forged, head)]
    for event, _ in chain()[2:]:
        links.append(Linked(event, event.head(links[-1].head)))
    assert list(broken_links(links)) == [], "nobody sees it by the chain alone"
    assert departs(links).startswith("event 2, the last of 2026-03-10")


def test_another_ledger_is_told_as_another() -> None:
    assert "of another ledger" in departs([])


def test_heads_are_the_same_bytes_again_when_read_and_written() -> None:
    heads = signed(chain())
    assert heads_of(heads.text()) == heads
    assert heads_of(heads.text()).text() == heads.text()
    with pytest.raises(ValueError, match="another format"):
        heads_of(heads.text().replace(b"heads 1", b"heads 2"))
    assert heads.text().isascii()
    assert heads.text().endswith(b"}\n")
