"""The document of what was tried: merged by suite, and what people wrote in it stays."""

from __future__ import annotations

from collections import Counter

from tests import tally
from tests.reliability import MARK, Run, merged

MONDAY = Run("2026-03-09", "1", "3.11.7", "6.1", "6.1")
FRIDAY = Run("2026-03-13", "2", "3.12.1", "6.2", "none")
TEXT = f"# Reliability\n\nBy hand | with | bars.\n\n{MARK}\n"


def test_what_is_above_the_mark_stays_and_counts_come_below() -> None:
    text = merged(TEXT, {("cuts", "SIGKILL at write"): 1234, ("cuts", "EIO at write"): 2}, MONDAY)
    assert text.startswith(TEXT)
    assert "| cuts | 1,236 | 2026-03-09 | 1 | 3.11.7 | 6.1 | 6.1 |" in text
    assert "| cuts | SIGKILL at write | 1,234 |" in text


def test_a_suite_that_was_run_replaces_its_counts_and_the_others_stay() -> None:
    before = merged(TEXT, {("cuts", "gone kind"): 5, ("disk", "torn"): 7000}, MONDAY)
    text = merged(before, {("cuts", "new kind"): 6}, FRIDAY)
    assert "gone kind" not in text
    assert "| cuts | new kind | 6 |" in text
    assert "| cuts | 6 | 2026-03-13 | 2 | 3.12.1 | 6.2 | none |" in text
    assert "| disk | 7,000 | 2026-03-09 | 1 | 3.11.7 | 6.1 | 6.1 |" in text
    assert "| disk | torn | 7,000 |" in text


def test_the_same_counts_twice_are_the_same_document() -> None:
    tried = {("cuts", "SIGKILL at write"): 3, ("disk", "torn"): 4}
    once = merged(TEXT, tried, MONDAY)
    assert merged(once, tried, MONDAY) == once


def test_a_suite_in_whose_files_a_test_failed_is_not_counted() -> None:
    before, files = Counter(tally.TRIED), {one: set(some) for one, some in tally.FILES.items()}
    try:
        tally.tried("made up", "kind", 3)
        [file] = tally.FILES["made up"]
        assert file == "tests/unit/test_reliability.py"
        assert tally.of_whole_suites([])["made up", "kind"] == 3
        assert ("made up", "kind") not in tally.of_whole_suites([file])
    finally:
        tally.TRIED.clear()
        tally.TRIED.update(before)
        tally.FILES.clear()
        tally.FILES.update(files)
