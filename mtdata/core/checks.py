"""One thing that `mtdata check` looked at, and what is to be said of it; pure."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that `mtdata check` looked at; `verdict` is good, odd or bad."""

    site: str
    what: str
    verdict: str
    told: str
    exit: int = 0


def of_program(what: str, verdict: str, told: str, exit: int = 0) -> Finding:
    """A finding that concerns the program and no site."""
    return Finding(PROGRAM, what, verdict, told, exit)


PROGRAM = "(program)"
"""The book of the program's own incidents; no site can have this name."""
