"""Numbers and words that come in an address; whatever is odd there is as if it were not."""

from __future__ import annotations

from collections.abc import Mapping

from mtdata.core.sqlite import MAX_INTEGER

MOST_WORDS = 128


def number_in(given: Mapping[str, str], name: str, otherwise: int) -> int:
    """A whole number from 1 on."""
    word = given.get(name, "")
    if word.isascii() and word.isdigit() and len(word) < 20:
        return min(max(1, int(word)), MAX_INTEGER)
    return otherwise


def job_filters(given: Mapping[str, str]) -> dict[str, str]:
    """By what the list of jobs is filtered."""
    names = ("status", "kind", "name", "owner")
    return {name: text_in(given, name, MOST_WORDS).strip() for name in names}


def text_in(given: Mapping[str, str], name: str, most: int = 255) -> str:
    """A word of that length at most."""
    return given.get(name, "")[:most].replace("\0", "")
