"""Words of a command line that become paths; it opens none of them."""

from __future__ import annotations

import argparse
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
