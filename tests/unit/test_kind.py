"""What a kind makes of the words that it is given: values, or every fault at its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtdata.config import Settings
from mtdata.core.errors import JobError, UsageError
from mtdata.jobs.kind import day, named_by_days
from mtdata.jobs.parameters import MOST_VALUE, validate
from mtdata.study.operations.jobs import DECODE
from tests.jobs.kinds import DATED
from tests.unit.test_programme_config import loaded

FIRST, LAST = "2026-03-01", "2026-03-02"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a home with one site."""
    return loaded(tmp_path)


def test_every_fault_is_told_at_its_parameter(settings: Settings) -> None:
    faults = validate(DATED, settings, {"start": "x", "note": "\x07", "colour": "red"}).faults
    assert faults == {
        "colour": "there is no such parameter",
        "end": "it is needed",
        "start": "it is neither YYYY-MM-DD nor dd-mm-yyyy",
        "note": "it holds control characters, or is not UTF-8",
    }


def test_values_that_do_not_go_together_are_told_at_one_of_them(settings: Settings) -> None:
    found = validate(DATED, settings, {"start": LAST, "end": FIRST})
    told = f"start {LAST} is after end {FIRST}; both days are included"
    assert found.faults == {"start": told}
    given = {"start": LAST, "end": FIRST, "note": "\x07", "colour": "red"}
    faults = validate(DATED, settings, given).faults
    assert (faults["start"], set(faults)) == (told, {"start", "note", "colour"})
    with pytest.raises(JobError, match=f"^dated: {told}$"):
        validate(DATED, settings, {"start": LAST, "end": FIRST}).sound()


def test_the_command_line_is_told_the_first_fault_in_one_line(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"^dated needs start, end=; it takes start= "):
        validate(DATED, settings, {}).sound()
    with pytest.raises(UsageError, match="has no parameter 'colour'"):
        validate(DATED, settings, {"colour": "red"}).sound()
    with pytest.raises(JobError, match=r"^dated: end: allowed is a day \(there is no such day\)$"):
        validate(DATED, settings, {"start": FIRST, "end": "2026-02-30"}).sound()


def test_what_is_good_is_kept(settings: Settings) -> None:
    given = {"start": "01-03-2026", "end": LAST}
    found = validate(DATED, settings, given)
    assert found.faults == {}
    assert found.sound() == {"start": FIRST, "end": LAST, "note": ""}
    assert named_by_days(found.parameters) == "report_01032026_02032026"
    assert named_by_days(found.parameters, what="clicks") == "clicks_01032026_02032026"


@pytest.mark.parametrize("words", ["a\nb", "a\0", "a\x9b", "a\ufffdb", chr(0xDCFF), "x" * 1001])
def test_odd_and_overlong_values_are_refused(settings: Settings, words: str) -> None:
    given = {"start": FIRST, "end": LAST, "note": words}
    assert set(validate(DATED, settings, given).faults) == {"note"}
    with pytest.raises(JobError, match="note: allowed is a word"):
        validate(DATED, settings, given).sound()


def test_what_is_only_unusual_is_taken(settings: Settings) -> None:
    given = {"start": FIRST, "end": LAST, "note": "Ünïcode 日本 " + "x" * (MOST_VALUE - 11)}
    assert validate(DATED, settings, given).faults == {}


def test_a_day_is_refused_until_it_has_come_somewhere(settings: Settings) -> None:
    furthest = datetime.now(UTC) + timedelta(hours=13, minutes=50)
    assert day(settings, str(furthest.date())) == str(furthest.date())
    tomorrow = str((furthest + timedelta(days=2)).date())
    with pytest.raises(ValueError, match=f"{tomorrow} has not come yet"):
        day(settings, tomorrow)


def test_pages_are_offered_what_the_command_line_takes(settings: Settings) -> None:
    server, scale = DECODE.parameters
    assert server.choices is not None
    for choice in server.choices(settings):
        assert server.read(settings, choice) == choice
    for example in scale.examples:
        assert scale.read(settings, example) == example
