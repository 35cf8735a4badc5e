"""How long something is kept, in words: the key and its span, or why it goes by none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mtdata.core.keeping import Amount, Growing
from mtdata.daemon.keeping import in_words


def rule(**line: Any) -> str:
    return Growing(name="jobs", amount=lambda: Amount(0), **line).rule


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"key": "JOBS_KEEP", "keep_s": 400 * 86_400.0}, "JOBS_KEEP: 400d"),
        ({"key": "JOBS_KEEP"}, "JOBS_KEEP: off"),
        ({"key": "RUNS_KEEP", "why": "the newest 10,000"}, "RUNS_KEEP: off, the newest 10,000"),
        ({"keep_s": 0.0}, "until it ends"),
        ({"keep_s": 36 * 3600.0}, "36h"),
        ({"keep_s": 90.0}, "90s"),
        ({"why": "each goes with its job"}, "each goes with its job"),
        ({}, "for ever"),
    ],
)
def test_how_long_something_is_kept_is_told_as_the_config_has_it(
    line: dict[str, Any], told: str
) -> None:
    assert rule(**line) == told


def test_what_has_no_key_and_no_time_forgets_nothing() -> None:
    assert list(Growing(name="jobs", amount=lambda: Amount(0)).forget()) == []


def test_how_much_there_is_is_told_with_its_beginning() -> None:
    line = Growing(name="jobs", amount=lambda: Amount(0), key="JOBS_KEEP")
    since = datetime(2026, 1, 31, tzinfo=UTC)
    assert in_words(line, Amount(1234, since)) == "jobs: 1,234 since 2026-01-31 (JOBS_KEEP: off)"
    assert in_words(line, Amount(1)) == "jobs: 1 (JOBS_KEEP: off)"
