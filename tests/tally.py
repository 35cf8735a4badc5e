"""What the suites tried, counted by suite and kind, and how long they took; it judges nothing."""

from __future__ import annotations

from collections import Counter

TRIED: Counter[tuple[str, str]] = Counter()
"""For docs/RELIABILITY.md."""
SECONDS: dict[str, float] = {}
"""By folder, of all processes together."""


def tried(suite: str, kind: str, count: int = 1) -> None:
    """Count what was tried: `suite` as the table names it, `kind` what was done to the program."""
    TRIED[suite, kind] += count


def took(test: str, seconds: float) -> None:
    """Add what a test took to its folder; `test` is its node id."""
    folder = test.partition("::")[0].split("/")[1:-1]
    suite = "/".join(folder) or "."
    SECONDS[suite] = SECONDS.get(suite, 0.0) + seconds
