"""What the suites tried, counted by suite and kind, and how long they took; it judges nothing."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection

TRIED: Counter[tuple[str, str]] = Counter()
"""For docs/RELIABILITY.md."""
FILES: defaultdict[str, set[str]] = defaultdict(set)
"""The files of tests that count for a suite."""
SECONDS: dict[str, float] = {}
"""By folder, of all processes together."""


def tried(suite: str, kind: str, count: int = 1) -> None:
    """Count what was tried: `suite` as the table names it, `kind` what was done to the program."""
    TRIED[suite, kind] += count
    FILES[suite].add(file_of(os.environ.get("PYTEST_CURRENT_TEST", "")))


def file_of(test: str) -> str:
    """The file of a test, by its node id."""
    return test.partition("::")[0]


def of_whole_suites(broken: Collection[str]) -> dict[tuple[str, str], int]:
    """What was tried of the suites of which no file is among these, in which a test failed."""
    whole = {suite for suite, files in FILES.items() if files.isdisjoint(broken)}
    return {key: count for key, count in TRIED.items() if key[0] in whole}


def took(test: str, seconds: float) -> None:
    """Add what a test took to its folder; `test` is its node id."""
    folder = test.partition("::")[0].split("/")[1:-1]
    suite = "/".join(folder) or "."
    SECONDS[suite] = SECONDS.get(suite, 0.0) + seconds
