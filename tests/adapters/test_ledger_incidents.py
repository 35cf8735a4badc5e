"""Incidents: opened once, counted, closed by who may; a person's word stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mtdata.alerts.incident import BLOCKING, DAMAGE, NOTES
from mtdata.alerts.incident_kinds import KINDS
from mtdata.alerts.incidents import Incidents
from mtdata.study.ledger.evidence import Evidence
from tests.ledgers import ledger_in_memory

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def incidents() -> Incidents:
    return ledger_in_memory().incidents


def test_a_trouble_that_lasts_is_one_incident_with_its_count_and_newest_words(
    incidents: Incidents,
) -> None:
    assert incidents.raise_incident("leftover", "QOL", "3 entries", AT)
    assert not incidents.raise_incident("leftover", "QOL", "4 entries", LATER)
    [one] = incidents.open_incidents()
    assert (one.seen, one.detail, one.opened_at, one.last_at) == (2, "4 entries", AT, LATER)


def test_each_scale_and_kind_has_an_incident_of_its_own(incidents: Incidents) -> None:
    for kind, scale in (
        ("leftover", "QOL"),
        ("leftover", "BBSIQ"),
        ("silence", "QOL"),
        ("storage", ""),
    ):
        assert incidents.raise_incident(kind, scale, "so", AT)
    assert len(incidents.open_incidents()) == 4
    assert {one.kind for one in incidents.open_incidents("QOL")} == {"leftover", "silence"}
    assert [one.kind for one in incidents.open_incidents("")] == ["storage"]


def test_a_trouble_that_comes_again_after_its_end_is_a_new_incident(incidents: Incidents) -> None:
    incidents.raise_incident("leftover", "QOL", "so", AT)
    assert incidents.close_incidents("QOL", ["leftover", "silence"], LATER) == ["leftover"]
    assert incidents.close_incidents("QOL", ["leftover"], LATER) == []
    assert incidents.raise_incident("leftover", "QOL", "so", LATER)
    assert [one.closed_at for one in incidents.incidents()] == [None, LATER]


@pytest.mark.parametrize("kind", sorted(name for name in KINDS if KINDS[name].stays))
def test_what_a_person_must_look_at_is_closed_by_no_round(incidents: Incidents, kind: str) -> None:
    incidents.raise_incident(kind, "QOL", "so", AT)
    assert incidents.close_incidents("QOL", [kind], LATER) == []
    [one] = incidents.open_incidents()
    assert incidents.close_by_hand(one.number, LATER)
    assert not incidents.close_by_hand(one.number, LATER)
    assert incidents.open_incidents() == []


def test_what_was_mended_is_closed_as_mended(incidents: Incidents) -> None:
    incidents.raise_incident("sheet_changed", "QOL", "so", AT)
    incidents.close_as_mended("sheet_changed", "BBSIQ", LATER)
    assert len(incidents.open_incidents()) == 1
    incidents.close_as_mended("sheet_changed", "QOL", LATER)
    assert incidents.open_incidents() == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_deletes_are_forbidden_while_an_incident_that_blocks_is_open(
    incidents: Incidents, kind: str
) -> None:
    evidence = Evidence(incidents, lambda: AT)
    evidence.enter(kind, "QOL", "so")
    assert [one.kind for one in evidence.against("QOL")] == ([kind] if kind in BLOCKING else [])
    assert [one.kind for one in evidence.against("BBSIQ")] == ([kind] if kind in DAMAGE else [])
    assert evidence.code() == (74 if kind in DAMAGE else 1 if kind in BLOCKING else 0)
    for one in incidents.open_incidents():
        incidents.close_by_hand(one.number, LATER)
    assert evidence.against("QOL") == []
    assert evidence.code() == 0


@pytest.mark.parametrize("kind", sorted(NOTES))
def test_a_note_is_entered_and_never_open(incidents: Incidents, kind: str) -> None:
    assert incidents.raise_incident(kind, "", "so", AT)
    assert incidents.open_incidents() == []
    assert [one.kind for one in incidents.incidents()] == [kind]


def test_what_follows_from_an_open_cause_is_not_opened_and_opens_when_that_is_over() -> None:
    incidents = ledger_in_memory().incidents
    assert incidents.raise_incident("entry_sealed", "QOL", "4 held", AT)
    assert incidents.raise_incident("key_wrong", "", "1 scale, 4 entries held", AT)
    assert not incidents.raise_incident("entry_sealed", "BBSIQ", "2 held", LATER)
    assert [one.kind for one in incidents.open_incidents()] == ["key_wrong"]
    assert incidents.close_incidents("", ["key_wrong"], LATER) == ["key_wrong"]
    assert incidents.raise_incident("entry_sealed", "BBSIQ", "2 held", LATER)


def test_a_cause_of_one_scale_takes_in_nothing_of_another_but_damage_does() -> None:
    incidents = ledger_in_memory().incidents
    incidents.raise_incident("delete_failed", "QOL", "so", AT)
    assert not incidents.raise_incident("leftover", "QOL", "so", AT)
    assert incidents.raise_incident("leftover", "BBSIQ", "so", AT)
    incidents.raise_incident("raw_changed", "QOL", "so", LATER)
    assert {one.kind for one in incidents.open_incidents()} == {"delete_failed", "raw_changed"}


def test_nobody_is_told_of_what_its_cause_took_in() -> None:
    ledger = ledger_in_memory()
    for number in range(200):
        ledger.incidents.raise_incident("entry_sealed", f"S{number}", "so", AT)
    ledger.incidents.raise_incident("key_wrong", "", "200 scales, 2,000 entries held", AT)
    assert [one.incident.kind for one in ledger.notifications.news("study")] == ["key_wrong"]


def test_nothing_that_hinders_deletes_or_waits_for_a_person_is_ever_taken_in() -> None:
    followers = [kind for kind in KINDS.values() if kind.follows]
    assert followers
    assert not [kind for kind in followers if kind.blocks or kind.stays]
    assert {cause for kind in followers for cause in kind.follows} <= set(KINDS)
    assert not [cause for kind in followers for cause in kind.follows if KINDS[cause].follows]
