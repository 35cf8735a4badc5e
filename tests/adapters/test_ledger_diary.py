"""Incidents and rounds: opened once, counted, closed by who may; a person's word stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mtdata.alerts.incident import BLOCKING, DAMAGE, KINDS, NOTES
from mtdata.alerts.incidents import Incidents
from mtdata.study.ledger.evidence import Evidence
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def diary() -> Incidents:
    return ledger_in_memory().diary


def test_a_trouble_that_lasts_is_one_incident_with_its_count_and_newest_words(
    diary: Incidents,
) -> None:
    assert diary.raise_incident("leftover", "QOL", "3 entries", AT)
    assert not diary.raise_incident("leftover", "QOL", "4 entries", LATER)
    [one] = diary.open_incidents()
    assert (one.seen, one.detail, one.opened_at, one.last_at) == (2, "4 entries", AT, LATER)


def test_each_scale_and_kind_has_an_incident_of_its_own(diary: Incidents) -> None:
    for kind, scale in (
        ("leftover", "QOL"),
        ("leftover", "BBSIQ"),
        ("drift", "QOL"),
        ("storage", ""),
    ):
        assert diary.raise_incident(kind, scale, "so", AT)
    assert len(diary.open_incidents()) == 4
    assert {one.kind for one in diary.open_incidents("QOL")} == {"leftover", "drift"}
    assert [one.kind for one in diary.open_incidents("")] == ["storage"]


def test_a_trouble_that_comes_again_after_its_end_is_a_new_incident(diary: Incidents) -> None:
    diary.raise_incident("leftover", "QOL", "so", AT)
    assert diary.close_incidents("QOL", ["leftover", "drift"], LATER) == ["leftover"]
    assert diary.close_incidents("QOL", ["leftover"], LATER) == []
    assert diary.raise_incident("leftover", "QOL", "so", LATER)
    assert [one.closed_at for one in diary.incidents()] == [None, LATER]


@pytest.mark.parametrize("kind", sorted(name for name in KINDS if KINDS[name].stays))
def test_what_a_person_must_look_at_is_closed_by_no_round(diary: Incidents, kind: str) -> None:
    diary.raise_incident(kind, "QOL", "so", AT)
    assert diary.close_incidents("QOL", [kind], LATER) == []
    [one] = diary.open_incidents()
    assert diary.close_by_hand(one.number, LATER)
    assert not diary.close_by_hand(one.number, LATER)
    assert diary.open_incidents() == []


def test_what_was_mended_is_closed_as_mended(diary: Incidents) -> None:
    diary.raise_incident("sheet_changed", "QOL", "so", AT)
    diary.close_as_mended("sheet_changed", "BBSIQ", LATER)
    assert len(diary.open_incidents()) == 1
    diary.close_as_mended("sheet_changed", "QOL", LATER)
    assert diary.open_incidents() == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_deletes_are_forbidden_while_an_incident_that_blocks_is_open(
    diary: Incidents, kind: str
) -> None:
    evidence = Evidence(diary, lambda: AT)
    evidence.enter(kind, "QOL", "so")
    assert [one.kind for one in evidence.against("QOL")] == ([kind] if kind in BLOCKING else [])
    assert [one.kind for one in evidence.against("BBSIQ")] == ([kind] if kind in DAMAGE else [])
    assert evidence.code() == (74 if kind in DAMAGE else 1 if kind in BLOCKING else 0)
    for one in diary.open_incidents():
        diary.close_by_hand(one.number, LATER)
    assert evidence.against("QOL") == []
    assert evidence.code() == 0


@pytest.mark.parametrize("kind", sorted(NOTES))
def test_a_note_is_entered_and_never_open(diary: Incidents, kind: str) -> None:
    assert diary.raise_incident(kind, "", "so", AT)
    assert diary.open_incidents() == []
    assert [one.kind for one in diary.incidents()] == [kind]


def test_a_round_without_an_end_is_not_the_last_one(diary: Incidents) -> None:
    assert diary.last_run() is None
    first = diary.begin_run("export", AT)
    diary.end_run(first, 0, {}, AT)
    second = diary.begin_run("export", LATER)
    assert diary.last_run() == (AT, 0)
    diary.end_run(second, 69, {}, LATER)
    assert diary.last_run() == (LATER, 69)
    assert diary.last_run(LATER) == (AT, 0)
    diary.begin_run("export", LATER)
    assert second == first + 1


def test_old_rounds_are_forgotten(diary: Incidents) -> None:
    for _ in range(3):
        diary.end_run(diary.begin_run("export", AT), 0, {}, AT)
    diary._db.run("UPDATE runs SET number = number - 10000 WHERE number < 3")
    diary.end_run(diary.begin_run("export", AT), 0, {}, AT)
    assert diary._db.all("SELECT number FROM runs ORDER BY number") == [(3,), (4,)]
