"""What a task that lasts has in hand, as it tells those who watch; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mtdata.core.words import size


class Step(NamedTuple):
    """A step: the `place`th of `of` things called `what`, and how many rows of it are done.

    A number that is not known, or has no meaning, is 0; `ever` counts rows of all steps together.
    """

    what: str
    place: int = 0
    of: int = 0
    rows: int = 0
    expected: int = 0
    ever: int = 0
    doing: str = ""  # while no row is done
    came: int = 0  # bytes, while no row is done

    def __str__(self) -> str:
        """The step in words, such as "QOL (37 of 200), 12,000 of 40,000 rows"."""
        told = f"{self.what} ({self.place:,} of {self.of:,})" if self.of > 1 else self.what
        if not self.rows:
            came = f" {size(self.came)}" if self.came else ""
            return f"{told}, {self.doing}{came}" if self.doing else told
        of = f" of {self.expected:,}" if self.expected else ""
        return f"{told}, {self.rows:,}{of} rows"


Watch = Callable[[Step], None]
"""Is told each step; it may raise to end the task."""


def unwatched(step: Step) -> None:
    """Where nobody watches."""
