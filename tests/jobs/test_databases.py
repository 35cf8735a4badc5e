"""Databases as they are run: behind a pooler, with TLS, in latin1; and why one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from mtdata.config import Settings
from mtdata.core.errors import ConfigError, RecordsError
from mtdata.jobs.check import check_jobs
from mtdata.jobs.records import connecting, faults, setting
from mtdata.jobs.records.asking import asking
from tests.adapters.certificates import self_signed
from tests.jobs.conftest import ask
from tests.jobs.place import Place
from tests.jobs.pooler import pooler, requires_pooler

SECRET = "an-invented-secret"
postgres = pytest.mark.parametrize("place", ["postgres"], indirect=True)
mysql = pytest.mark.parametrize("place", ["mysql"], indirect=True)
shared = pytest.mark.parametrize("place", ["postgres", "mysql"], indirect=True)


def turned_to(place: Place, **changed: Any) -> Settings:
    """The place's records by another host, port, role or name; opened."""
    known = place.settings.database
    value = {name: changed.get(name, getattr(known, name)) for name in ("user", "port", "name")}
    password = f":{changed['password']}" if "password" in changed else ""
    url = f"{known.engine}://{value['user']}{password}@127.0.0.1:{value['port']}/{value['name']}"
    keys = {key: word for key, word in changed.items() if key.isupper()}
    place.configure(DATABASE=url, **keys)
    setting.open_records(place.settings.database)
    return place.settings


def answer(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def database_of(settings: Settings) -> tuple[str, str]:
    [found] = [one for one in check_jobs(settings) if one.what == "DATABASE"]
    return found.verdict, found.told


def said(place: Place, **changed: Any) -> str:
    """What `check` says of records that are not there, and every other command alike."""
    settings = turned_to(place, **changed)
    verdict, told = database_of(settings)
    assert verdict == "bad"
    with pytest.raises(RecordsError) as raised:
        setting.open_migrated(settings.database)
    assert str(raised.value) == told
    assert SECRET not in told
    return told


# behind a pooler


@requires_pooler
@postgres
def test_a_job_is_carried_by_a_pooler_that_refuses_options(place: Place) -> None:
    with pooler("transaction") as port:
        turned_to(place, port=port)
        job = place.add(rows=20, parts=2)
        place.carry()
        place.ended(job, "Success")
        assert (place.rows(job), place.distinct(job)) == (40, 40)
        place.stop()
        setting.close_records()


@requires_pooler
@postgres
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_check_tells_a_pooler_that_shares_connections_and_no_other(place: Place, mode: str) -> None:
    with pooler(mode) as port:
        verdict, told = database_of(turned_to(place, port=port))
    if mode == "session":
        assert (verdict, told.endswith("it answers")) == ("good", True)
    else:
        assert (verdict, "pool_mode = session" in told) == ("odd", True)


@requires_pooler
@postgres
def test_what_a_pooler_refuses_is_told_as_what_it_is(place: Place) -> None:
    with pooler("transaction") as port:
        assert faults.ROLE in said(place, port=port, user="mtdata_nobody", password=SECRET)
        assert faults.NO_TLS in said(place, port=port, DATABASE_TLS="require")
        wrong = {"port": port, "user": "postgres", "name": "mtdata_nobodys"}
        turned_to(place, **wrong, DATABASE_TLS="prefer")
        assert faults.DATABASE in database_of(place.settings)[1]  # at once, but only once


@postgres
def test_each_new_connection_has_its_limits(place: Place) -> None:
    for _ in range(2):
        shown = {name: answer(f"SHOW {name}") for name in connecting.LIMITS}
        assert shown == {
            "lock_timeout": "20s",
            "statement_timeout": "1min",
            "idle_in_transaction_session_timeout": "1min",
        }
        setting.close_records()


@postgres
def test_a_connection_without_its_limits_is_not_used(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.close_records()
    monkeypatch.setitem(connecting.LIMITS, "no_such_limit", 1)
    for _ in range(2):
        with pytest.raises(RecordsError):
            setting.open_existing(place.settings.database)
    monkeypatch.undo()
    setting.open_existing(place.settings.database)
    assert answer("SHOW lock_timeout") == "20s"


# TLS


@requires_pooler
@postgres
def test_tls_is_asked_for_and_the_server_is_known_by_its_authority(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    ours, others = self_signed(tmp_path), self_signed(tmp_path / "other")
    with pooler("session", ours) as port:
        assert faults.IN_CLEAR in said(place, port=port, DATABASE_TLS="off")
        turned_to(place, port=port, DATABASE_TLS="require")
        assert answer("SELECT 1") == 1
        turned_to(place, port=port, DATABASE_TLS="verify", DATABASE_CA=ours[0])
        assert answer("SELECT 1") == 1
        told = said(place, port=port, DATABASE_TLS="verify", DATABASE_CA=others[0])
        assert faults.CERTIFICATE in told


@shared
def test_a_server_without_tls_is_not_talked_to_where_it_is_asked_for(place: Place) -> None:
    assert faults.NO_TLS in said(place, DATABASE_TLS="require")


@pytest.mark.parametrize(("engine", "text"), [("mysql", None), ("postgres", "no certificate")])
def test_a_file_that_is_no_authority_is_told_without_what_was_written(
    plain: Place,
    engine: str,
    text: str | None,
) -> None:
    if text is not None:
        (plain.folder / SECRET).write_text(text)
    url = f"{engine}://127.0.0.1/none"
    plain.configure(DATABASE=url, DATABASE_TLS="verify", DATABASE_CA=SECRET)
    with pytest.raises(ConfigError, match="DATABASE_CA"):
        setting.open_records(plain.settings.database)
    [found] = [one for one in check_jobs(plain.settings) if one.what == "DATABASE"]
    assert (found.verdict, found.exit, "DATABASE_CA" in found.told) == ("bad", 78, True)
    assert SECRET not in found.told


# why one refuses


@shared
def test_a_refused_log_in_says_what_is_wrong_and_no_password(place: Place, nobody: int) -> None:
    assert faults.DATABASE in said(place, name="mtdata_nobodys")
    role = said(place, user="mtdata_nobody", password=SECRET)
    assert (faults.NO_ROLE in role) or (faults.ROLE in role)  # MySQL tells nobody which
    assert faults.PORT in said(place, port=nobody)
    assert f"127.0.0.1:{nobody}" in said(place, port=nobody)


@postgres
def test_a_server_that_takes_no_change_is_told_as_read_only(place: Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(RecordsError) as raised:
        place.add(rows=1, parts=1)
    assert faults.READ_ONLY in str(raised.value)


# what a database can hold


@contextmanager
def narrow(place: Place, how: str) -> Iterator[None]:
    """The place's records in a database of their own that does not keep every name."""
    engine = place.settings.database.engine
    name = f"{place.settings.database.name}_narrow"
    ask(engine, f"CREATE DATABASE {name} {how}")
    try:
        turned_to(place, name=name)
        yield
    finally:
        setting.close_records()
        ask(engine, f"DROP DATABASE {name}")


def lines_done(told: str) -> None:
    """Do what the words tell an admin to do, line by line."""
    with connection.cursor() as cursor:
        for line in told.partition("let its admin do: ")[2].rstrip(";").split(";"):
            cursor.execute(line)
    setting.close_records()


@mysql
def test_a_latin1_database_is_refused_until_its_line_was_done(place: Place) -> None:
    with narrow(place, "CHARACTER SET latin1"):
        verdict, told = database_of(place.settings)
        assert (verdict, "latin1" in told) == ("bad", True)
        setting.open_records(place.settings.database)
        with pytest.raises(RecordsError, match="ALTER DATABASE"):
            setting.migrate()
        assert connection.introspection.table_names() == []
        lines_done(told)
        assert faults.TABLES in database_of(place.settings)[1]


@mysql
def test_a_table_of_another_charset_is_refused_until_its_lines_were_done(place: Place) -> None:
    from mtdata.jobs.records.models import Runner

    table, at = Runner._meta.db_table, "2026-03-12T00:00:00Z"
    known = {"pid": 1, "engine": "", "slots": 1, "version": "", "started_at": at, "seen_at": at}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks=0")
            cursor.execute(f"ALTER TABLE `{table}` CONVERT TO CHARACTER SET latin1")
        before = Runner.objects.create(host="Zürich", **known)
        with pytest.raises(RecordsError) as raised, asking():
            Runner.objects.create(host="Łódź 🌍", **known)  # and no `?` is kept
        assert faults.TEXT in str(raised.value)
    finally:
        verdict, told = database_of(place.settings)
        setting.open_records(place.settings.database)
        lines_done(told)
    assert (verdict, f"ALTER TABLE `{table}`" in told) == ("bad", True)
    assert database_of(place.settings)[0] == "good"
    after = Runner.objects.create(host="Łódź 🌍", **known)
    kept = Runner.objects.filter(pk__in=(before.pk, after.pk)).values_list("host", flat=True)
    assert set(kept) == {"Zürich", "Łódź 🌍"}


@postgres
def test_a_database_of_another_encoding_is_refused(place: Place) -> None:
    encoding = "LATIN1"
    with narrow(place, f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"):
        verdict, told = database_of(place.settings)
        assert (verdict, encoding in told, "-E UTF8" in told) == ("bad", True, True)
        with pytest.raises(RecordsError, match=encoding):
            setting.migrate()
        assert connection.introspection.table_names() == []


@mysql
def test_a_text_that_does_not_fit_is_refused_whatever_the_server_has(place: Place) -> None:
    before = answer("SELECT @@GLOBAL.sql_mode")
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.sql_mode, @@SESSION.time_zone, @@default_storage_engine")
        modes, zone, engine = cursor.fetchone()
    assert "STRICT_TRANS_TABLES" in modes
    assert (zone, engine) == ("+00:00", "InnoDB")
    assert "ANSI_QUOTES" not in modes
    assert answer("SELECT @@GLOBAL.sql_mode") == before
