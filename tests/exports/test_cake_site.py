"""The stand-in for CAKE: true to the wire where clients have been bitten, and quick to answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from mtdata.cake.account import cake_client, cake_columns, cake_limiter, first_window_size
from mtdata.cake.client import wire
from mtdata.cake.window import Window
from mtdata.config.export import CakeConfig
from mtdata.demo.cake.calls import OPERATIONS
from mtdata.demo.cake.site import KEY, CakeSite
from mtdata.demo.cake.traffic import Stream, wall_ms
from tests.cake_account import BERLIN, account_at
from tests.exports.conftest import NOON, rows_of

WINDOW = {"start_date": "2023-05-02T12:00:00", "end_date": "05/02/2023 12:05:00"}
SOAP = (
    '<soap12:Envelope xmlns:soap12="http://www.w3.org/2003/05/soap-envelope"><soap12:Body>'
    '<Clicks xmlns="http://cakemarketing.com/api/12/">{}</Clicks></soap12:Body></soap12:Envelope>'
)


@pytest.fixture(scope="module")
def running() -> Iterator[CakeSite]:
    with CakeSite(clicks_a_day=24_000) as site:
        yield site


def every(operation: str = "Clicks", version: int = 12, **more: Any) -> dict[str, str]:
    table = OPERATIONS["get" if operation == "Currencies" else "reports", operation][version]
    names = [word.partition(":") for word in table.split()]
    given = {name: "" if not kind else {"bool": "FALSE"}.get(kind, "0") for name, _, kind in names}
    return given | {"api_key": KEY, **WINDOW, **more}


def ask(
    site: CakeSite, path: str = "/api/12/reports.asmx/Clicks", **more: Any
) -> requests.Response:
    method = more.pop("method", "POST")
    return requests.request(method, f"http://{site.domain}{path}", timeout=30, **more)


def test_get_and_form_give_the_same_xml(running: CakeSite) -> None:
    by_form = ask(running, data=every())
    by_get = ask(running, method="GET", params=every())
    assert by_form.content == by_get.content
    assert by_form.headers["Content-Type"].startswith("text/xml")
    assert b'<click_report_response xmlns:xsi="' in by_form.content
    assert b'xmlns="http://cakemarketing.com/api/12/"' in by_form.content


@pytest.mark.parametrize("dialect", ["form", "json"])
def test_every_parameter_must_be_there_but_in_soap(running: CakeSite, dialect: str) -> None:
    for name in every():
        given = {key: text for key, text in every().items() if key != name}
        answer = ask(running, **{"json" if dialect == "json" else "data": given})
        assert answer.status_code == 500
        assert name in answer.text
    few = "<api_key>{}</api_key><start_date>2023-05-02</start_date><end_date>2023-05-03</end_date>"
    soap = {"Content-Type": "application/soap+xml;charset=UTF-8"}
    body = SOAP.format(few.format(KEY) + "<row_limit>1</row_limit>")
    answer = ask(running, "/api/12/reports.asmx", data=body, headers=soap)
    assert answer.status_code == 200
    assert "<ClicksResult><success>true</success><row_count>24000</row_count>" in answer.text
    body = SOAP.format(f"<api_key>{KEY}</api_key>")
    answer = ask(running, "/api/12/reports.asmx", data=body, headers=soap)
    assert (answer.status_code, "SqlDateTime overflow" in answer.text) == (500, True)


def test_row_0_is_row_1_and_a_limit_of_0_is_all(running: CakeSite) -> None:
    pages = [
        ask(running, data=every(start_at_row=start, row_limit=5)).content for start in ("0", "1")
    ]
    assert pages[0] == pages[1]
    whole = ask(running, data=every(row_limit="0")).text
    assert whole.count("<click>") == len(running.clicks_of(*NOON))
    beyond = ask(running, data=every(row_limit="5", start_at_row="9999")).text
    assert ("<click>" in beyond, "<clicks></clicks>" in beyond) == (False, True)


def test_clicks_are_newest_first_and_the_end_is_not_in_it(running: CakeSite) -> None:
    rows = running.clicks_of(*NOON)
    dates = [row["click_date"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    last = datetime.fromisoformat(dates[0])
    assert running.clicks_of(NOON.start, last) == rows[1:]
    assert running.clicks_of(last, NOON.end) == rows[:1]


def test_a_number_that_is_none_and_an_address_that_is_none(running: CakeSite) -> None:
    answer = ask(running, data=every(offer_id="many"))
    assert (answer.status_code, "Cannot convert many" in answer.text) == (500, True)
    assert ask(running, data=every(end_date="soon")).status_code == 500
    assert ask(running, "/api/9/reports.asmx/Clicks", data=every()).status_code == 404
    assert ask(running, "/nowhere", data=every()).status_code == 404
    assert "Restricted" in ask(running, data=every(affiliate_id="-2")).text


def test_json_may_be_off_for_an_operation(running: CakeSite) -> None:
    running.json_for = {"GetAPIKey"}
    try:
        answer = ask(running, json=every())
    finally:
        running.json_for = None
    assert answer.status_code == 500
    body = {"username": "cake@example.com", "password": "p&ss wörd"}
    assert ask(running, "/api/1/get.asmx/GetAPIKey", json=body).json() == {"d": KEY}
    wrong = ask(running, "/api/1/get.asmx/GetAPIKey", json={**body, "password": "x"})
    assert (wrong.status_code, wrong.json()) == (200, {"d": ""})
    login = ask(running, "/api/2/auth.asmx/Login", data={**body, "ip_address": ""})
    assert f"<api_key>{KEY}</api_key>" in login.text


def test_a_day_has_its_number_whatever_the_clock_does() -> None:
    site = CakeSite(clicks_a_day=500_000)
    counts = {
        day: site.reports.click_count(day, day + timedelta(days=1), ["plain"])
        for day in (datetime(2023, 5, 2), datetime(2023, 10, 29), datetime(2023, 3, 26))
    }
    ordinary, long, short = counts.values()
    assert ordinary == 500_000
    assert long > ordinary > short


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.datetimes(datetime(2022, 1, 1), datetime(2024, 1, 1)),
    st.lists(st.integers(0, 20_000), min_size=2, max_size=5),
)
def test_windows_that_tile_a_time_have_each_of_its_rows_once(
    zone: str, start: datetime, lengths: list[int]
) -> None:
    stream = Stream(ZoneInfo(zone), 3000, 1, 7)
    far = 10**14
    cuts = [wall_ms(start)]
    for length in lengths:
        cuts.append(cuts[-1] + length * 1000)
    parts = [
        born
        for a, b in pairwise(cuts)
        for run in stream.runs(a, b, far)
        for born in stream.born(run)
    ]
    whole = [born for run in stream.runs(cuts[0], cuts[-1], far) for born in stream.born(run)]
    assert sorted(parts) == sorted(whole)
    assert len({born.id for born in whole}) == len(whole)
    assert all(cuts[0] <= born.wall_ms < cuts[-1] for born in whole)
    assert all(stream.find(born.id) == born for born in whole[:20])


def test_what_has_not_happened_yet_is_not_there(running: CakeSite) -> None:
    running.reports.now = lambda: datetime(2023, 5, 2, 12, 2, tzinfo=BERLIN)
    try:
        rows = running.clicks_of(*NOON)
    finally:
        running.reports.now = lambda: datetime.now(UTC)
    assert "2023-05-02T12:01" < rows[0]["click_date"] < "2023-05-02T12:02"


# What we ask, held against what the API takes


@pytest.mark.parametrize("version", [15, 16, 17, 18])
def test_our_questions_have_exactly_the_parameters_of_the_api(version: int) -> None:
    versions = {"conversions_version": version, "changes_version": max(17, version)}
    account = account_at("https://x.example", **versions)
    since = datetime(2023, 5, 2)
    questions = [
        wire.clicks(account, NOON, 1),
        wire.conversions(account, NOON, 1),
        wire.changes(account, since, 1),
        wire.currencies(),
        wire.api_key("a", "b"),
    ]
    for question in questions:
        table = OPERATIONS[question.service, question.operation][question.version]
        kind, body = wire.body(question, account)
        sent = dict(pair.split("=") for pair in body.decode().split("&"))
        assert kind == "application/x-www-form-urlencoded"
        assert list(sent) == [word.partition(":")[0] for word in table.split()]
        assert KEY not in repr(question) + question.path


def test_what_a_form_holds_is_quoted() -> None:
    account = account_at("https://x.example")
    _, body = wire.body(wire.api_key("a&b=c", "ü %"), account)
    assert body.decode() == urlencode({"username": "a&b=c", "password": "ü %"})


def test_an_account_of_the_config_becomes_a_client(running: CakeSite, tmp_path: Path) -> None:
    account = CakeConfig.model_validate(
        {
            "ADMIN_DOMAIN": running.domain,
            "SCHEME": "http",
            "API_KEY": KEY,
            "TIMEZONE": "Europe/Berlin",
            "ROW_CAP": "500",
            "COLUMNS": "original",
            "CLICK_COLUMNS": ["search_term"],
            "RATE": "100",
            "CONVERSION_WINDOW": "10m",
        },
        context={"home": tmp_path},
    )
    assert account.rows_a_page == 500, "a page is no larger than the cap"
    client = cake_client(account, cake_limiter(tmp_path, account), lambda: None)
    window = Window(NOON.start, NOON.start + timedelta(minutes=1))
    assert rows_of(client.clicks(window, dict)) == running.clicks_of(*window)
    client.close()
    assert {path.parent for path in tmp_path.rglob("*.lock")} == {tmp_path / "state"}
    columns = cake_columns(account, "clicks", client.currencies())
    assert columns.header[-1] == "search_term"
    assert b"'=1" not in columns.line({"sub_id_1": "=1"}), "a browser's copy alone is guarded"
    every = account.model_copy(update={"csv_guard": "all"})
    assert b"'=1" in cake_columns(every, "clicks", {}).line({"sub_id_1": "=1"})
    assert first_window_size(account, "conversions").now == timedelta(minutes=10)
    assert first_window_size(account, "clicks").now == timedelta(minutes=5)
    with cake_limiter(tmp_path, account).turn():
        pass
