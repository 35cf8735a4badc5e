"""Spans of time, counts and sizes in words, and the known word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta


def span(length: timedelta) -> str:
    """A length of time in the largest unit that tells it well."""
    hours = length.total_seconds() / 3600
    if hours >= 72:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} h" if hours >= 2 else f"{hours * 60:.0f} min"


def counted(number: int, one: str, many: str = "") -> str:
    """How many of what, in the plural where it is not one."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def counted_times(number: int) -> str:
    """How often, in words where it was one time."""
    return "once" if number == 1 else f"{number:,} times"


def size(count: int) -> str:
    """Bytes in the largest unit that tells them well."""
    for unit, length in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count} B"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one; '' when none is."""
    import difflib  # late: most words are right

    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the nearest known word, empty when none is near."""
    near = nearest(word, known)
    return f" Did you mean {near}?" if near else ""
