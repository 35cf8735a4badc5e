"""Incidents: opened once, counted, closed by who may; a person's word stays."""

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
        ("drift", "QOL"),
        ("storage", ""),
    ):
        assert incidents.raise_incident(kind, scale, "so", AT)
    assert len(incidents.open_incidents()) == 4
    assert {one.kind for one in incidents.open_incidents("QOL")} == {"leftover", "drift"}
    assert [one.kind for one in incidents.open_incidents("")] == ["storage"]


def test_a_trouble_that_comes_again_after_its_end_is_a_new_incident(incidents: Incidents) -> None:
    incidents.raise_incident("leftover", "QOL", "so", AT)
    assert incidents.close_incidents("QOL", ["leftover", "drift"], LATER) == ["leftover"]
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
