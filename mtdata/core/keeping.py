"""What grows with time, a line for each: how much there is, how long it is kept; it forgets none.

The lines stand on the floors above, where each thing is known: `daemon/keeping.py` has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mtdata.core.checks import PROGRAM

DAY_S = 86_400.0


class Amount(NamedTuple):
    """How many there are, and since when the oldest of them; None where nobody can tell."""

    number: int
    since: datetime | None = None


def _nothing() -> Iterator[int]:
    return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """Something that grows with time.

    `forget` forgets what is older than `keep_s`, a piece at each step and each in a commit of its
    own, and tells how many that were: wherever it is cut off, what was committed stays forgotten
    and the rest is found by the next pass.  It may raise StorageError and RecordsError.
    """

    name: str
    """What it is, in words, many of them: `ended jobs`."""
    amount: Callable[[], Amount]
    whose: str = PROGRAM
    key: str = ""
    """The key of the config that says how long, '' where none does."""
    keep_s: float | None = None
    """None: for ever."""
    why: str = ""
    """Why it is kept for ever, where no key says how long; else what bounds it besides."""
    forget: Callable[[], Iterator[int]] = _nothing

    @property
    def rule(self) -> str:
        """How long it is kept, in words."""
        if self.keep_s is not None:
            span = _span(self.keep_s)
            return f"{self.key}: {span}" if self.key else span
        if not self.key:
            return self.why or "for ever"
        return f"{self.key}: off, {self.why}" if self.why else f"{self.key}: off"


def _span(seconds: float) -> str:
    """As a config file has it: `400d`, `36h`, `90s`; for none `until it ends`."""
    if not seconds:
        return "until it ends"
    for unit, length in (("d", DAY_S), ("h", 3600.0), ("m", 60.0)):
        if seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"
