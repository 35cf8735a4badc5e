"""Words of a command line that become paths, and those of its help; it opens nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

STREAM = Path("-")
"""Standard output, where a file may be that."""


def path_of(word: str) -> Path:
    """A path; an empty word, which would be the folder where one stands, is none."""
    return Path(filled(word))


def filled(word: str) -> str:
    """A word that is not empty: of a shell, `"$UNSET"` is."""
    if not word.strip():
        raise argparse.ArgumentTypeError("an empty word stands there; is a variable unset?")
    return word


def number(word: str) -> int:
    """A whole number that a ledger can hold; ValueError for any other word."""
    from mtdata.core.sqlite import MAX_INTEGER  # with the database

    if word.isascii() and word.isdigit() and len(word) < 20 and int(word) <= MAX_INTEGER:
        return int(word)
    raise ValueError("no whole number")


def seconds(word: str) -> float:
    """A length of time, such as 90 (seconds), 5m or 2h; ValueError for any other word."""
    from mtdata.config import seconds as seconds_of  # with all that reads config files

    return seconds_of(word)


TOLD_AT = 33


def examples(lines: Iterable[tuple[str, str]]) -> str:
    """Examples for a help: the words behind `mtdata`, and what such a command does."""
    shown = ["examples:"]
    for words, told in lines:
        command = f"mtdata {words}"
        if told and len(command) >= TOLD_AT:
            shown += [f"  {command}", f"{'':{TOLD_AT + 2}}{told}"]
        else:
            shown.append(f"  {command:<{TOLD_AT}}{told}".rstrip())
    return "\n".join([*shown, ""])
