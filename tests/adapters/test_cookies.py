"""Cookies of a site: a nonsensical one costs neither the others nor a traceback."""

from __future__ import annotations

from email.message import Message
from types import SimpleNamespace

import pytest

from mtdata.study.collectors.cookies import SiteCookies, prepared_get

SESSION = "JSESSIONID=x; Path=/"


@pytest.mark.parametrize(
    "age", ["9" * 20, "9" * 400, "9" * 5000, "-" + "9" * 400, '"' + "9" * 400, "9_" * 400 + "9"]
)
def test_an_age_that_no_clock_reaches_costs_no_session(age: str) -> None:
    carried = list[str]()
    cookies = SiteCookies(prepared_get("http://127.0.0.1:9/api/export"), carried.append)
    headers = Message()
    for line in (f"odd=y; Path=/; Max-Age={age}", SESSION):
        headers["Set-Cookie"] = line
    cookies.remember(SimpleNamespace(_original_response=SimpleNamespace(msg=headers)))
    assert "JSESSIONID=x" in carried[-1]


def test_an_age_as_usual_is_kept() -> None:
    carried = list[str]()
    cookies = SiteCookies(prepared_get("http://127.0.0.1:9/api/export"), carried.append)
    for age in ("3600", "0000000003600", "0"):
        headers = Message()
        headers["Set-Cookie"] = f"{SESSION}; Max-Age={age}"
        cookies.remember(SimpleNamespace(_original_response=SimpleNamespace(msg=headers)))
    assert carried == ["JSESSIONID=x", "JSESSIONID=x", ""]
