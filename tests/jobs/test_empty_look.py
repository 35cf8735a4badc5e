"""A look that found nothing is not made again until there can be something; never later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from mtdata.core.errors import RecordsError
from mtdata.jobs import empty_look
from mtdata.jobs.empty_look import EmptyLook
from mtdata.jobs.records import claims, setting
from mtdata.jobs.records.asking import now
from mtdata.jobs.records.inside_django import sqlite_stamp
from mtdata.jobs.records.models import Job, Part
from tests.jobs.place import Place, until

FOR_EVER = timedelta(days=1)


def elsewhere(act: Callable[[], object]) -> None:
    """Do it by a session of another thread."""

    def do() -> None:
        try:
            act()
        finally:
            setting.close_records()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def put_off(place: Place, by: timedelta) -> None:
    """Have a job whose only part is due in so long."""
    place.enter()
    at = now() + by
    Part.objects.update(not_before=at)
    Job.objects.update(not_before=at)


def looked() -> EmptyLook:
    """After a look that found nothing."""
    last = EmptyLook(["rows"])
    assert not last.holds(), "nobody has looked yet"
    last.found_nothing()
    return last


def test_it_holds_while_nobody_commits_and_no_longer(plain: Place) -> None:
    last = looked()
    assert last.holds()
    assert last.holds()
    elsewhere(plain.enter)
    assert not last.holds()


def test_what_is_ordered_while_it_looks_is_looked_for_at_once(plain: Place) -> None:
    last = EmptyLook(["rows"])
    assert not last.holds()
    elsewhere(plain.enter)  # behind the look that found nothing, before that is noted
    last.found_nothing()
    assert not last.holds()


def test_what_this_slot_itself_commits_ends_it_too(plain: Place) -> None:
    last = looked()
    plain.enter()
    assert not last.holds()


def test_what_was_put_off_is_looked_for_when_it_is_due(plain: Place) -> None:
    put_off(plain, timedelta(milliseconds=200))
    last = looked()
    until(lambda: not last.holds(), "the part that is due")
    put_off(plain, FOR_EVER)
    assert looked().holds()


def test_no_look_holds_for_longer_than_a_while(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_off(plain, FOR_EVER)
    monkeypatch.setattr(empty_look, "HOLDS_S", 0.05)
    last = looked()
    until(lambda: not last.holds(), "its end")


def test_a_look_that_a_fault_ended_is_made_again(plain: Place) -> None:
    last = looked()
    elsewhere(plain.enter)
    assert not last.holds()
    assert not last.holds(), "nobody has said what came of it"


def test_another_session_counts_anew_and_proves_nothing(plain: Place) -> None:
    connection.close()
    last = looked()
    before = sqlite_stamp()
    connection.close()
    after = sqlite_stamp()
    assert before
    assert after
    assert before[1:] == after[1:], "its numbers alone tell nothing"
    assert not last.holds()


@pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)
def test_where_no_number_tells_of_commits_every_look_is_made(place: Place) -> None:
    last = EmptyLook(["rows"])
    for _ in range(2):
        assert not last.holds()
        last.found_nothing()


def test_a_file_that_is_no_database_is_told_in_words(plain: Place) -> None:
    connection.ensure_connection()
    connection.connection.close()
    with pytest.raises(RecordsError):
        EmptyLook(["rows"]).holds()


def test_an_idle_slot_looks_once_and_carries_what_comes(
    plain: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[str] = []
    claim, holds = claims.claim, EmptyLook.holds
    plain.configure(SWEEP_S="1h")  # a runner says by a commit that it is there

    def look(*given: Any, **named: Any) -> Any:
        did.append("look")
        return claim(*given, **named)

    def ask(last: EmptyLook) -> bool:
        if is_spared := holds(last):
            did.append("spared")
        return is_spared

    monkeypatch.setattr(claims, "claim", look)
    monkeypatch.setattr(EmptyLook, "holds", ask)
    plain.carry()
    until(lambda: did[-3:] == ["spared"] * 3, "three looks that were spared")
    job = plain.enter(rows=20, parts=1)
    plain.ended(job, "Success")
    assert plain.rows(job) == plain.distinct(job) == 20
