"""Which objects are of a site's day: by the date in the key, or by a day of the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtdata.config.weblogs import WeblogSite
from mtdata.weblogs.days import Belonging, belonging, day_span, of_day, prefixes
from mtdata.weblogs.source import LogObject

DAY = date(2026, 3, 29)  # Berlin's short one


def site(**keys: Any) -> WeblogSite:
    base = {"domain": "www.example.org", "idsite": 3, "pull_bucket": "logs"}
    return WeblogSite(**{**base, **keys})


def upload(key: str, modified: datetime = datetime(2026, 3, 29, 12, tzinfo=UTC)) -> LogObject:
    return LogObject("s3://logs", key, 1, "e", modified)


def test_a_day_has_as_many_hours_as_the_zone_gives_it() -> None:
    berlin = site(zone="Europe/Berlin")
    lengths = {
        date(2026, 3, 29): 23,
        date(2026, 10, 25): 25,
        date(2026, 6, 1): 24,
    }
    for day, hours in lengths.items():
        span = day_span(berlin, day)
        assert span.end - span.start == timedelta(hours=hours)
        assert span.start.tzinfo is UTC
    assert day_span(berlin, DAY).start == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_a_zone_whose_midnight_does_not_exist_has_days_all_the_same() -> None:
    beirut = site(zone="Asia/Beirut")  # its clocks go from 00:00 to 01:00
    spans = [day_span(beirut, date(2026, 3, 28) + timedelta(days=n)) for n in range(3)]
    assert [one.end for one in spans[:2]] == [one.start for one in spans[1:]]


@given(
    st.dates(date(2000, 1, 1), date(2040, 12, 30)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Asia/Beirut"]),
    st.timedeltas(timedelta(hours=-30), timedelta(hours=54)),
)
def test_each_moment_is_of_one_day(day: date, zone: str, off: timedelta) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + off
    where = site(zone=zone, by="last_modified")
    near = [day + timedelta(days=number) for number in range(-3, 5)]
    assert sum(belonging(where, one, upload("k", at)) is Belonging.DAY for one in near) == 1


def test_a_day_is_half_open() -> None:
    where = site(by="last_modified")
    for at, is_ours in [
        (datetime(2026, 3, 29, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 23, 59, 59, 999_999, tzinfo=UTC), True),
        (datetime(2026, 3, 30, tzinfo=UTC), False),
    ]:
        assert (belonging(where, DAY, upload("k", at)) is Belonging.DAY) == is_ours


@pytest.mark.parametrize(
    ("pattern", "form", "key"),
    [
        (r"(?P<date>\d{4}-\d{2}-\d{2})", "%Y-%m-%d", "E2ABC.2026-03-29-14.8f.gz"),
        (r"access-(?P<date>\d{8})", "%Y%m%d", "www/access-20260329.log.gz"),
        (r"(?P<date>\d{4}/\d{2}/\d{2})", "%Y/%m/%d", "AWSLogs/elb/2026/03/29/x.log.gz"),
        (r"u_ex(?P<date>\d{6})", "%y%m%d", "W3SVC1/u_ex260329.log"),
        (r"(?P<date>\d{2}-[A-Z][a-z]{2}-\d{4})", "%d-%b-%Y", "29-Mar-2026.zip"),
    ],
)
def test_the_date_of_a_key_names_its_day_whenever_it_came(
    pattern: str, form: str, key: str
) -> None:
    where = site(key_pattern=pattern, date_format=form)
    late = datetime(2026, 4, 17, tzinfo=UTC)
    assert belonging(where, DAY, upload(key, late)) is Belonging.DAY
    assert belonging(where, date(2026, 3, 28), upload(key, late)) is Belonging.OTHER_DAY
    assert list(of_day(where, DAY, [upload(key, late), upload("other")])) == [upload(key, late)]


def test_what_is_of_no_day_says_why() -> None:
    where = site(key_pattern=r"log-(?P<date>\S+)?")
    assert belonging(where, DAY, upload("other")) is Belonging.OTHER_KEY
    for key in ("log-2026-02-30", "log-", "log-x", "log-2026-03-29.gz"):
        assert belonging(where, DAY, upload(key)) is Belonging.NO_DATE


def test_a_pattern_may_choose_keys_where_the_upload_counts() -> None:
    where = site(key_pattern=r"^www", by="last_modified")
    assert belonging(where, DAY, upload("www-1")) is Belonging.DAY
    assert belonging(where, DAY, upload("shop-1")) is Belonging.OTHER_KEY


def test_no_more_is_listed_than_the_day() -> None:
    dated = {"key_pattern": r"(?P<date>\d{4}-\d{2}-\d{2})"}
    assert prefixes(site(), DAY) == ("",)
    assert prefixes(site(pull_prefix="logs/{site}/", **dated), DAY) == ("logs/www.example.org/",)
    narrow = "{site}/{date:%Y/%m/%d}/"
    assert prefixes(site(pull_prefix=narrow, **dated), DAY) == ("www.example.org/2026/03/29/",)
    assert prefixes(site(pull_prefix=narrow), DAY) == tuple(
        f"www.example.org/2026/03/{day}/" for day in (28, 29, 30)
    )
    assert prefixes(site(pull_prefix="{date:%Y/%m}/"), DAY) == ("2026/03/",)
