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


TOLD_AT = 33


def examples(lines: Iterable[tuple[str, str]]) -> str:
    """Examples for a help: the words behind `mtdata`, and what such a command does."""
    shown = (f"  {f'mtdata {words}':<{TOLD_AT}}{told}".rstrip() for words, told in lines)
    return "\n".join(["examples:", *shown, ""])
