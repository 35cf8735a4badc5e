"""Turns that machines share by their records: no more at once, each in its time, none left behind.

A machine is a thread here, with a folder for its own locks and a session of the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from mtdata.cake.accounts import account_named
from mtdata.cake.report import turns_of
from mtdata.core.errors import BusyError
from mtdata.core.limiter import Limiter
from mtdata.jobs.records import setting, turns
from mtdata.jobs.records.turns import SharedTurns
from tests.jobs.cable import Cable
from tests.jobs.place import Place, until
from tests.jobs.pooler import pooler, requires_pooler

shared = pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)
NAME = "admin.example.com"
ACCOUNT = {"ADMIN_DOMAIN": NAME, "API_KEY": "nobodys-key", "TIMEZONE": "Europe/Berlin"}


def machine(folder: Path, name: str = NAME, *, rate: float = 1000.0, **more: float) -> SharedTurns:
    own = Limiter(folder, name, rate=rate, at_once=int(more.get("at_once", 1)))
    return SharedTurns(own, name, rate=rate, **more)  # type: ignore[arg-type]


def elsewhere(act: Callable[[], None]) -> threading.Thread:
    def whole() -> None:
        with closing(connection):
            act()

    thread = threading.Thread(target=whole)
    thread.start()
    return thread


def end_every_session() -> None:
    """As the server does when it is begun again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        else:
            cursor.execute(
                "SELECT id FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
    connection.close()


@shared
@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_than_so_many_machines_ask_at_once(
    place: Place, tmp_path: Path, at_once: int
) -> None:
    inside, most, turns = set(), [0], dict.fromkeys(range(4), 0)

    def work(number: int) -> None:
        own = machine(tmp_path / str(number), at_once=at_once)
        for _ in range(10):
            with own.turn():
                inside.add(number)
                most[0] = max(most[0], len(inside))
                turns[number] += 1
                time.sleep(0.005)  # so that who should not be in here is seen
                inside.remove(number)

    threads = [elsewhere(lambda number=number: work(number)) for number in turns]  # type: ignore[misc]
    for thread in threads:
        thread.join(60)
    assert turns == dict.fromkeys(turns, 10)
    assert most[0] <= at_once


@shared
def test_who_waits_is_heard_of_and_told_in_the_end(place: Place, tmp_path: Path) -> None:
    taken, done, beats = threading.Event(), threading.Event(), [0]

    def hold() -> None:
        with machine(tmp_path / "one").turn():
            taken.set()
            done.wait(60)

    holder = elsewhere(hold)
    assert taken.wait(60)

    def beat() -> None:
        beats[0] += 1

    waits = machine(tmp_path / "two", longest_s=0.0)
    with pytest.raises(BusyError, match="another machine uses the account"), waits.turn(beat):
        raise AssertionError("two at once")
    assert beats[0]
    with machine(tmp_path / "two", "other.example.com").turn():
        done.set()  # another account has turns of its own
    holder.join(60)
    with machine(tmp_path / "two").turn():
        assert not holder.is_alive()


@shared
def test_a_session_that_is_gone_leaves_no_seat_taken(place: Place, tmp_path: Path) -> None:
    taken = threading.Event()

    def die() -> None:
        with machine(tmp_path / "one").turn():
            end_every_session()
            taken.set()

    elsewhere(die).join(60)
    assert taken.is_set()
    with machine(tmp_path / "two").turn():
        assert taken.is_set()


@shared
def test_who_lost_a_seat_in_the_middle_of_a_call_stops_asking_before_the_next(
    place: Place, tmp_path: Path
) -> None:
    own = machine(tmp_path / "one")
    with own.turn():
        elsewhere(end_every_session).join(60)
    with pytest.raises(BusyError, match="nothing more is asked now"), own.turn():
        raise AssertionError("it asked again")
    with own.turn(), machine(tmp_path / "two", "other.example.com").turn():
        assert True, "what is tried again has a seat of its own"


@shared
def test_a_seat_outlasts_what_ends_idle_sessions(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SIGN_S", 0.1, raising=False)
    known = place.settings.database
    cable = Cable(known.port, idle_s=3.0)
    try:
        url = f"{known.engine}://{known.user}@127.0.0.1:{cable.port}/{known.name}"
        place.configure(DATABASE=url)
        setting.open_records(place.settings.database)
        own, other = machine(tmp_path / "one"), machine(tmp_path / "two", longest_s=0.0)
        with own.turn():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # this one is idle from here on
            until(lambda: cable.ended, "the end of an idle session")
            with pytest.raises(BusyError, match="another machine"), other.turn():
                raise AssertionError("two at once")
        with own.turn():
            assert cable.ended
        setting.close_records()
    finally:
        cable.close()


@shared
def test_a_turn_that_was_short_keeps_its_seat_for_its_time(place: Place, tmp_path: Path) -> None:
    now, waited = [0.0], []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    own = Limiter(tmp_path, NAME, rate=1000.0)
    turns = SharedTurns(own, NAME, rate=0.5, ticks=lambda: now[0], wait=wait)
    with turns.turn():
        now[0] += 0.75
    assert sum(waited) == pytest.approx(1.25)
    waited.clear()
    with turns.turn():
        now[0] += 5.0
    assert waited == []


@shared
def test_an_account_has_them_where_its_records_are_shared(place: Place) -> None:
    place.write("export", {"CAKE": ACCOUNT})
    place.configure()
    assert isinstance(turns_of(place.settings, account_named(place.settings)), SharedTurns)
    place.configure(DATABASE="sqlite:///state/programme.sqlite3")
    assert isinstance(turns_of(place.settings, account_named(place.settings)), Limiter)


@requires_pooler
@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_pooler_that_shares_connections_shares_no_turn(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_S", 0.1)
    known = place.settings.database
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with machine(tmp_path / "one").turn():
            taken.set()
            done.wait(60)

    with pooler("transaction") as port:
        place.configure(DATABASE=f"postgres://{known.user}@127.0.0.1:{port}/{known.name}")
        setting.open_records(place.settings.database)
        holder = elsewhere(hold)
        assert taken.wait(60)
        waits = machine(tmp_path / "two", longest_s=0.0)
        with pytest.raises(BusyError), waits.turn():
            raise AssertionError("two at once")
        done.set()
        holder.join(60)
        with waits.turn():
            assert not holder.is_alive()  # it was given back, whichever connection had it
        setting.close_records()
