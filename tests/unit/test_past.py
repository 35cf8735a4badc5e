"""What lies in the future proves nothing: no stored time of a clock that stood ahead counts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from mtdata.core.past import SLACK, latest_counted, past
from mtdata.core.schedule import is_due, is_due_daily
from mtdata.study.model import forecast
from mtdata.study.model.forecast import RoundTries

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (None, None),
        (NOW - YEAR, NOW - YEAR),
        (NOW, NOW),
        (NOW + SLACK, NOW),  # two machines' clocks: now at the latest
        (NOW + SLACK + timedelta(seconds=1), None),
        (NOW + YEAR, None),
    ],
)
def test_a_time_counts_unless_it_lies_in_the_future(
    moment: datetime | None, counts: datetime | None
) -> None:
    assert past(moment, NOW) == counts
    assert moment is None or (moment <= latest_counted(NOW)) == (counts is not None)


def test_what_was_done_a_year_ahead_is_due() -> None:
    assert is_due(NOW + YEAR, 300, NOW)
    assert is_due_daily(NOW + YEAR, time(3), UTC, NOW)


def test_rounds_that_all_lie_in_the_future_are_waited_for_at_once() -> None:
    ahead = RoundTries(ahead=3)
    assert forecast.is_missed(ahead, 300, NOW)
    assert forecast.is_missed_daily(ahead, time(3), UTC, NOW)
    assert forecast.waited_since(ahead, NOW) == NOW


def test_rounds_in_the_future_hide_no_older_one_that_counts() -> None:
    ahead = RoundTries(NOW - timedelta(hours=1), ahead=3)
    assert forecast.is_missed(ahead, 300, NOW)
    assert forecast.waited_since(ahead, NOW) == NOW - timedelta(hours=1)
    assert not forecast.is_missed(RoundTries(NOW - timedelta(minutes=5), ahead=3), 300, NOW)
