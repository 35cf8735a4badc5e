"""What the suites tried, counted by suite and kind, for docs/RELIABILITY.md; it judges nothing."""

from __future__ import annotations

from collections import Counter

TRIED: Counter[tuple[str, str]] = Counter()


def tried(suite: str, kind: str, count: int = 1) -> None:
    """Count what was tried: `suite` as the table names it, `kind` what was done to the program."""
    TRIED[suite, kind] += count
