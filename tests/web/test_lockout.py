"""Guessing passwords from many addresses, with many names, many at once; what is kept of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from tests.web.site import PASSWORD, Visitor, WebSite


def come(web: WebSite, name: str, address: str, password: str = "a wrong word") -> Any:
    visitor = Visitor(web.url)
    visitor.headers["X-Forwarded-For"] = address
    return visitor.log_in(name, password)


def _next_turn(in_s: float) -> None:
    at = datetime.now(UTC) + timedelta(seconds=in_s)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_tries SET next_at = %s WHERE next_at IS NOT NULL", [at])


def test_a_name_is_tried_from_many_addresses_by_turns_and_nobody_is_shut_out(web: WebSite) -> None:
    web.add_user("wanted")
    assert come(web, "wanted", "198.51.100.1", PASSWORD).status_code == 302
    with ThreadPoolExecutor(6) as crew:
        tried = crew.map(lambda i: come(web, "wanted", f"192.0.2.{i}").status_code, range(6))
        assert set(tried) == {200}
    _next_turn(60)
    later = come(web, "wanted", "198.51.100.2", PASSWORD)
    assert (later.status_code, 50 < int(later.headers["Retry-After"]) <= 61) == (429, True)
    assert "Try again in" in later.text or "minutes" in later.text
    assert come(web, "wanted", "198.51.100.1", PASSWORD).status_code == 302, "known there"
    _next_turn(0)
    assert come(web, "wanted", "198.51.100.2", PASSWORD).status_code == 302


def test_a_name_in_another_form_from_another_address_of_its_network_is_the_same(
    web: WebSite,
) -> None:
    forms = ("Formed", "FORMED", "ｆormed", "formed ", "fórmed")  # noqa: RUF001
    codes = [come(web, form, f"2001:db8::{i}").status_code for i, form in enumerate(forms)]
    assert codes == [200] * 4 + [429]


@pytest.mark.parametrize("name", ["n" * 256, "é" * 100_000])
def test_a_name_longer_than_any_is_a_wrong_log_in(web: WebSite, name: str) -> None:
    assert come(web, name, "203.0.113.7").status_code == 200


def test_what_was_typed_as_a_name_is_nowhere(web: WebSite) -> None:
    typed = "MySecretPassw0rdTyped"
    come(web, typed, "203.0.113.9")
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert typed.lower() not in str(cursor.fetchall()).lower(), table
    state = web.place.folder / "state"
    for path in state.rglob("*"):
        assert not path.is_file() or typed.encode() not in path.read_bytes()


def test_the_tables_that_held_names_in_clear_are_dropped(web: WebSite) -> None:
    forget = import_module("mtdata.web.migrations.0004_tries").forget
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE axes_accessattempt (username TEXT)")
        cursor.execute("INSERT INTO axes_accessattempt VALUES ('typed in clear')")
    forget(None, SimpleNamespace(connection=connection))
    assert not [name for name in connection.introspection.table_names() if "axes" in name]
    forget(None, SimpleNamespace(connection=connection))
