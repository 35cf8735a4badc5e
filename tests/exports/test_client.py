"""Calls of a client that go wrong: what passes changes no row, what stays is a clear error."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from threading import Thread

import pytest

from mtdata.cake.client.client import TRIES
from mtdata.cake.client.verdict import LONGEST_WAIT_S, wish_of
from mtdata.core.errors import (
    AnswerBroken,
    ExportError,
    ExportRefused,
    ExportSlow,
    NotYet,
    Stopped,
    WindowTooLarge,
)
from mtdata.core.limiter import Limiter
from mtdata.demo.cake.faults import BOMB
from mtdata.demo.cake.site import KEY, CakeSite
from tests.adapters.certificates import self_signed
from tests.cake_account import BERLIN
from tests.exports.conftest import NOON, Connect, clicks


def test_currencies_and_the_key_of_a_user(connect: Connect) -> None:
    for dialect in ("xml", "json"):
        client = connect(dialect=dialect, server_timezone=BERLIN)
        assert client.currencies() == {"1": "USD", "2": "EUR", "3": "GBP"}
        assert client.api_key("cake@example.com", "p&ss wörd") == KEY
        with pytest.raises(ExportRefused, match="does not accept the log-in"):
            client.api_key("cake@example.com", "wrong")


# Faults that pass


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("throttled", {"retry_after": "0"}),
        ("throttled", {"retry_after": ""}),
        ("throttled", {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ("gateway", {}),
        ("gateway", {"code": 503}),
        ("drop", {}),
        ("truncated", {}),
        ("truncated", {"chunked": True}),
        ("truncated", {"share": 0.99}),
        ("truncated", {"ends": True, "share": 0.7}),
        ("html", {}),
        ("refused", {"message": "Restricted"}),
        ("garbled", {"body": b""}),
        ("garbled", {"body": b"{}"}),
        ("fault", {"reason": "Object reference not set to an instance of an object."}),
    ],
)
@pytest.mark.parametrize("dialect", ["xml", "json"])
def test_what_fails_now_and_then_changes_nothing(
    site: CakeSite, connect: Connect, kind: str, detail: dict[str, object], dialect: str
) -> None:
    client = connect(page=30, dialect=dialect, server_timezone=BERLIN)
    client.currencies()
    site.fault(kind, operation="Clicks", every=2, **detail)
    assert clicks(client) == site.clicks_of(*NOON)


def test_retry_after_holds_the_whole_account_back(site: CakeSite, connect: Connect) -> None:
    one, other = connect(), connect()
    site.fault("throttled", operation="Currencies", times=1, retry_after="1")
    moments: list[float] = []
    limiter: Limiter = one._limiter
    limiter._wait = lambda seconds: moments.append(seconds)
    ticks = limiter._ticks
    limiter._ticks = lambda: ticks() + sum(moments)
    one.currencies()
    assert sum(moments) >= 0.9
    assert other._limiter._read() - ticks() > 0.5, "the others see it too"


def test_a_wish_for_long_peace_is_told_and_not_stood_through(
    site: CakeSite, connect: Connect
) -> None:
    client = connect()
    client._patience_s = 10.0
    site.fault("throttled", times=1, retry_after="7200")
    with pytest.raises(NotYet, match="is busy or down") as caught:
        client.currencies()
    assert (caught.value.wait_s, caught.value.again) == (7200, True)
    assert len(site.calls) == 1


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("120", None, 120),
        (" 7 ", None, 7),
        ("Sun, 29 Nov 2026 06:10:00 GMT", "Sun, 29 Nov 2026 06:00:00 GMT", 600),
        ("Sun, 29 Nov 2026 06:00:00 GMT", "Sun, 29 Nov 2026 06:10:00 GMT", 0),
        ("Sun, 29 Nov 2026 06:10:00 GMT", None, 0),
        ("9" * 400, None, LONGEST_WAIT_S),
        ("Sun, 29 Nov 9026 06:10:00 GMT", "Sun, 29 Nov 2026 06:00:00 GMT", LONGEST_WAIT_S),
        ("soon", "now", 0),
        ("-5", None, 0),
        ("", None, 0),
        (None, None, 0),
    ],
)
def test_a_wish_is_a_number_of_seconds_or_a_moment_by_the_instances_clock(
    retry_after: str | None, date: str | None, seconds: float
) -> None:
    assert wish_of(retry_after, date) == seconds


def test_a_fault_that_lasts_is_told_after_some_tries(site: CakeSite, connect: Connect) -> None:
    client = connect()
    client.currencies()
    site.fault("gateway")
    with pytest.raises(ExportError, match=r"is busy or down \(502\)") as caught:
        clicks(client)
    assert caught.value.again
    assert len(site.calls) == 1 + TRIES


def test_restricted_is_tried_a_few_times_and_told(site: CakeSite, connect: Connect) -> None:
    site.fault("refused")
    with pytest.raises(ExportError, match="Restricted"):
        clicks(connect())
    assert len(site.calls) == 4


def test_a_query_that_takes_too_long_is_a_window_too_large(
    site: CakeSite, connect: Connect
) -> None:
    client = connect()
    client.currencies()
    site.slow_above = 50
    with pytest.raises(WindowTooLarge, match="took too long") as caught:
        clicks(client)
    assert caught.value.slow


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("hang", {}),
        ("stall", {}),
        ("stall", {"pieces": 2}),
        ("drip", {"pause_s": 0.01, "piece": 64}),
    ],
)
def test_an_answer_ends_in_time_however_it_drips(
    site: CakeSite, connect: Connect, kind: str, detail: dict[str, object]
) -> None:
    client = connect(timeout_s=0.4)
    client._answered = True
    site.fault(kind, operation="Clicks", **detail)
    with pytest.raises(WindowTooLarge, match=r"kept us waiting beyond TIMEOUT, 0\.4 s") as caught:
        clicks(client)
    assert caught.value.slow


# Faults that stay


def test_an_instance_that_never_answers_may_not_know_our_address(
    site: CakeSite, connect: Connect
) -> None:
    site.fault("hang")
    with pytest.raises(ExportSlow, match="whitelist"):
        clicks(connect(timeout_s=0.2))
    with pytest.raises(ExportSlow, match="whitelist"):
        connect(timeout_s=0.2).currencies()


@pytest.mark.parametrize("key", ["wrong", "expired"])
@pytest.mark.parametrize("dialect", ["xml", "json"])
def test_a_key_that_is_not_accepted_is_told_at_once(
    site: CakeSite, connect: Connect, key: str, dialect: str
) -> None:
    with pytest.raises(ExportRefused, match="see API_KEY in export") as caught:
        clicks(connect(api_key=key, dialect=dialect, server_timezone=BERLIN))
    assert not caught.value.again
    assert len(site.calls) == 1


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("redirect", {}, r"sends us elsewhere \(302\)"),
        ("status", {"code": 401}, "whitelist"),
        ("status", {"code": 403}, "whitelist"),
        ("status", {"code": 404}, "see ADMIN_DOMAIN and the versions"),
        ("refused", {"message": "Invalid date range"}, "refuses: Invalid date range"),
        ("refused", {"message": f"your key {KEY}9 is odd"}, "in words that are not repeated"),
        ("fault", {"reason": "Missing parameter: channel_id."}, "wants the parameter channel_id"),
    ],
)
def test_a_refusal_is_told_at_once_and_repeats_nothing(
    site: CakeSite, connect: Connect, kind: str, detail: dict[str, object], words: str
) -> None:
    site.fault(kind, **detail)
    with pytest.raises(ExportRefused, match=words) as caught:
        clicks(connect())
    assert KEY not in str(caught.value)
    assert len(site.calls) == 1


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("html", {}, r"a web page \(HTML\) came"),
        ("html", {"body": b"\xef\xbb\xbf\n<!DOCTYPE html><p>x"}, r"a web page \(HTML\) came"),
        ("bomb", {}, "document type"),
        ("garbled", {"body": b"<r>&a;</r>"}, "no XML"),
        ("garbled", {"body": b"<r><success>true</success></r>"}, "row_count"),
        ("garbled", {"body": b"<r><row_count>3</row_count></r>"}, "there is no list of them"),
        ("garbled", {"body": b"<r><row_count>1e3</row_count></r>"}, "row_count is no number"),
        ("garbled", {"body": b"\xff\xfe<\0r\0"}, "no UTF-8 text"),
        ("status", {"code": 418}, "answers 418"),
    ],
)
def test_what_is_no_answer_is_told(
    site: CakeSite, connect: Connect, kind: str, detail: dict[str, object], words: str
) -> None:
    site.fault(kind, **detail)
    with pytest.raises(ExportError, match=words):
        clicks(connect())
    assert len(site.calls) == 3, "a wrong domain is not asked for minutes"


def test_a_packed_answer_is_unpacked_within_bounds(site: CakeSite, connect: Connect) -> None:
    client = connect()
    site.fault("packed")
    assert clicks(client) == site.clicks_of(*NOON)
    site.fault("packed", blanks_mb=8)
    with pytest.raises(AnswerBroken, match="came without a row"):
        clicks(client)


def test_an_operation_that_speaks_no_json_says_what_to_set(
    site: CakeSite, connect: Connect
) -> None:
    site.json_for = {"Currencies"}
    client = connect(dialect="json", server_timezone=BERLIN)
    assert client.currencies()
    with pytest.raises(ExportRefused, match="set DIALECT: xml"):
        clicks(client)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = self_signed(tmp_path)
    with CakeSite(clicks_a_day=24_000, tls=files) as site:
        with pytest.raises(ExportError, match=r"the certificate of .* is not trusted"):
            connect(server=f"https://{site.domain}").currencies()
        assert not site.calls, "no key was sent"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", files[0])
        assert clicks(connect(server=f"https://{site.domain}")) == site.clicks_of(*NOON)


def test_more_rows_than_were_asked_for_are_refused(site: CakeSite, connect: Connect) -> None:
    site.fault(
        "garbled", body=b"<r><row_count>9</row_count><clicks>" + b"<click />" * 9 + b"</clicks></r>"
    )
    with pytest.raises(AnswerBroken, match="more rows came than the 5"):
        clicks(connect(page=5))


def test_a_wrong_domain_is_told(connect: Connect) -> None:
    with pytest.raises(ExportError, match=r"could not connect to 127\.0\.0\.1:1: see ADMIN_DOMAIN"):
        clicks(connect(server="http://127.0.0.1:1"))


def test_a_step_that_is_asked_to_end_ends(site: CakeSite, connect: Connect) -> None:
    client = connect()

    def stop() -> None:
        raise Stopped("asked to end")

    client._beat = stop
    with pytest.raises(Stopped):
        clicks(client)


def test_the_key_is_in_no_log_error_or_address(
    site: CakeSite, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "S3cr3tKey99"
    site.keys.add(secret)
    for kind in ("gateway", "drop", "html", "bomb", "refused", "fault", "truncated"):
        client = connect(api_key=secret)
        client.currencies()
        site.fault(kind, operation="Clicks")
        try:
            clicks(client)
        except ExportError as error:
            told = "".join(traceback.format_exception(error)) + repr(error) + repr(client)
            assert secret not in told
        else:
            pytest.fail(f"{kind}: it should have failed")
        site.heal()
    assert secret not in caplog.text
    assert BOMB.decode() not in caplog.text


def test_reports_at_once_are_one_after_another(site: CakeSite, connect: Connect) -> None:
    site.at_once = 1
    found: list[int] = []
    threads = [Thread(target=lambda: found.append(len(clicks(connect(page=20))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [len(site.clicks_of(*NOON))] * 4
