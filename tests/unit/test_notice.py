"""Which news are due: told once when it opens, in digests while it lasts, once when it is over."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.alerts.incident import NOTES
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.notice import AlertIntervals, News, Notice, due
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PACE = AlertIntervals(6 * HOUR, 24 * HOUR)


class Lab:
    """Pools with incidents, a clock set by hand, and what was told so far."""

    def __init__(self, *sites: str) -> None:
        self.ledgers = {site: ledger_in_memory() for site in sites or ("study",)}
        self.now = AT
        self.told: list[tuple[datetime, Notice]] = []

    def opens(self, kind: str = "site_unreachable", scale: str = "", site: str = "study") -> None:
        self.ledgers[site].incidents.raise_incident(kind, scale, "so", self.now)

    def ends(self, kind: str = "site_unreachable", scale: str = "", site: str = "study") -> None:
        self.ledgers[site].incidents.close_as_mended(kind, scale, self.now)

    def news(self) -> list[News]:
        return [n for site, ledger in self.ledgers.items() for n in ledger.notifications.news(site)]

    def tell(self) -> list[str]:
        """One pass: what is due is told and entered; the sorts."""
        notices = due(self.news(), self.now, PACE)
        for notice in notices:
            self.told.append((self.now, notice))
            for one in notice.settled:
                number, late = [one.incident.number], notice.sort == "escalated"
                first = one.told.opened_at is None or notice.sort == "lasting"
                self.ledgers[one.book].notifications.enter(
                    self.now,
                    told=number if first and not late else (),
                    over=number if not one.is_open and not late else (),
                    escalated=number if late else (),
                )
        return [notice.sort for notice in notices]

    def passes(self, span: timedelta, step: timedelta = 5 * MINUTE) -> list[str]:
        """Passes every `step` for so long; the sorts told."""
        told = []
        for _ in range(round(span / step)):
            self.now += step
            told += self.tell()
        return told


def test_a_trouble_is_told_when_it_opens_in_digests_and_when_it_is_over() -> None:
    lab = Lab()
    lab.opens()
    assert lab.tell() == ["opened"]
    assert lab.passes(13 * HOUR) == ["lasting", "lasting"]
    lab.ends()
    assert lab.passes(DAY) == ["over"]


def test_five_sites_that_are_down_are_one_mail_and_one_digest() -> None:
    lab = Lab("a", "b", "c", "d", "e")
    for site in "abcde":
        lab.opens(site=site)
        lab.now += timedelta(seconds=1)
    assert lab.tell() == ["opened"]
    assert len(lab.told[0][1].items) == 5
    lab.now += HOUR
    lab.opens("name_refused", "QOL", site="b")
    assert lab.tell() == ["opened"]
    assert lab.passes(6 * HOUR) == ["lasting"]
    assert len(lab.told[-1][1].items) == 6


def test_what_lasts_long_is_escalated_once_if_it_is_grave() -> None:
    lab = Lab()
    lab.opens()
    lab.opens("leftover", "QOL")
    told = lab.passes(5 * DAY)
    assert Counter(told)["escalated"] == 1
    [notice] = [notice for _, notice in lab.told if notice.sort == "escalated"]
    assert [item.news.incident.kind for item in notice.items] == ["site_unreachable"]
    assert next(at for at, n in lab.told if n is notice) == AT + DAY


def test_nobody_is_told_of_what_lasts_long_where_nobody_is_to_be() -> None:
    lab = Lab()
    lab.opens()
    lab.now += 9 * DAY
    assert [n.sort for n in due(lab.news(), lab.now, AlertIntervals(6 * HOUR, None))] == ["opened"]


def test_a_trouble_that_comes_and_goes_is_no_storm() -> None:
    lab = Lab()
    told = []
    for _ in range(24):
        lab.opens()
        told += lab.passes(5 * MINUTE)
        lab.ends()
        told += lab.passes(10 * MINUTE)
    assert told[:2] == ["opened", "over"]
    assert len(told) <= 4
    told += lab.passes(6 * HOUR)
    [digest, *_] = [notice for _, notice in lab.told if notice.sort == "lasting"]
    assert [item.back for item in digest.items] == [len(digest.settled)]
    assert digest.items[0].back > 20


def test_a_trouble_that_comes_again_next_week_is_told_at_once() -> None:
    lab = Lab()
    lab.opens()
    lab.tell()
    lab.ends()
    assert lab.passes(7 * DAY, HOUR) == ["over"]
    lab.opens()
    assert lab.tell() == ["opened"]


def test_what_came_and_went_between_two_passes_is_told_by_a_digest_alone() -> None:
    lab = Lab()
    lab.opens()
    lab.ends()
    assert lab.tell() == []
    assert lab.passes(2 * DAY) == ["lasting"]
    assert [item.back for item in lab.told[0][1].items] == [0]


def test_notes_go_with_the_next_mail() -> None:
    lab = Lab()
    lab.opens("mended", "QOL")
    assert lab.tell() == []
    lab.opens()
    assert lab.tell() == ["opened"]
    assert {item.news.incident.kind for item in lab.told[0][1].items} == {
        "mended",
        "site_unreachable",
    }
    lab.ends()
    assert lab.passes(DAY) == ["over"]


def test_notes_alone_come_with_a_digest_each_for_itself() -> None:
    lab = Lab()
    lab.opens("mended", "QOL")
    lab.opens("mended", "QOL")
    assert lab.passes(2 * DAY) == ["lasting"]
    assert len(lab.told[0][1].items) == 2


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_by_a_day_makes_no_flood_and_no_silence(jump: timedelta) -> None:
    lab = Lab()
    lab.opens()
    lab.tell()
    lab.passes(HOUR)
    lab.now += jump
    assert len(lab.passes(HOUR)) <= 2  # a digest, and once that it lasts so long
    lab.now -= jump
    assert len(lab.passes(HOUR)) <= 2
    assert len(lab.passes(12 * HOUR)) in (2, 3)
    lab.ends()
    assert lab.passes(HOUR) == ["over"]
    lab.opens("storage")
    assert lab.passes(5 * MINUTE) == ["opened"]


def test_a_trouble_that_opens_after_the_clock_was_put_back_is_told() -> None:
    lab = Lab()
    lab.opens()
    lab.tell()
    lab.ends()
    lab.tell()
    lab.now -= DAY
    lab.opens()
    assert lab.tell() == ["opened"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "end", "tell", "tell", "tell"]),
        st.sampled_from(["site_unreachable", "silence", "entry_malformed", "mended"]),
        st.sampled_from(["", "QOL"]),
        st.sampled_from([0, 1, 7, 45, 400]),
    ),
    max_size=60,
)


@given(STEPS)
def test_over_any_history_each_trouble_is_told_once_and_its_end_once(
    steps: list[tuple[str, str, str, int]],
) -> None:
    lab = Lab()
    for act, kind, scale, minutes in steps:
        lab.now += minutes * MINUTE
        if act == "open":
            lab.opens(kind, scale)
        elif act == "end" and kind not in NOTES:
            lab.ends(kind, scale)
        if minutes:
            lab.tell()
    lab.passes(14 * HOUR, 15 * MINUTE)
    first, over = Counter[int](), Counter[int]()
    for at, notice in lab.told:
        for one in notice.settled:
            if notice.sort == "escalated":
                continue
            first[one.incident.number] += one.told.opened_at is None
            over[one.incident.number] += not one.is_open
            if one.told.opened_at is None:  # the digest that tells it is at most one digest away
                assert at - one.incident.opened_at <= PACE.digest + 401 * MINUTE
    everything = lab.ledgers["study"].incidents.incidents()
    assert first == {one.number: 1 for one in everything}
    assert {n: c for n, c in over.items() if c} == {o.number: 1 for o in everything if o.closed_at}
    spans = [at for at, notice in lab.told if notice.sort == "lasting"]
    assert all(b - a >= PACE.digest for a, b in pairwise(spans))


@given(STEPS, st.lists(st.sampled_from([-DAY, DAY, -HOUR, HOUR]), max_size=4))
def test_whatever_the_clock_does_nothing_is_told_twice_and_nothing_never(
    steps: list[tuple[str, str, str, int]], jumps: list[timedelta]
) -> None:
    lab = Lab()
    jumping = iter(jumps)
    for number, (act, kind, scale, minutes) in enumerate(steps):
        lab.now += minutes * MINUTE + (next(jumping, MINUTE) if number % 7 == 6 else MINUTE)
        if act == "open":
            lab.opens(kind, scale)
        elif act == "end" and kind not in NOTES:
            lab.ends(kind, scale)
        lab.tell()
    before = len(lab.told)
    told = lab.passes(14 * HOUR, 15 * MINUTE)
    assert Counter(told)["lasting"] <= 4
    assert before <= 3 * len(steps)
    first, over, late = Counter[int](), Counter[int](), Counter[int]()
    for _, notice in lab.told:
        for one in notice.settled:
            if notice.sort == "escalated":
                late[one.incident.number] += 1
            else:
                first[one.incident.number] += one.told.opened_at is None
                over[one.incident.number] += not one.is_open
    everything = lab.ledgers["study"].incidents.incidents()
    assert first == {one.number: 1 for one in everything}
    assert {n: c for n, c in over.items() if c} == {o.number: 1 for o in everything if o.closed_at}
    assert set(late.values()) <= {1}


def test_every_kind_has_a_level_that_is_known() -> None:
    assert {kind.level for kind in KINDS.values()} <= {"critical", "error", "warning", "notice"}
