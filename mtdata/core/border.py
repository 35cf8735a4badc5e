"""Where foreign things become ours: whatever a parser or a calendar throws is the border's fault.

What a library throws over nonsense is a kind and no list: it changes with its version, and with the
machine.  This room reads nothing; tests/test_architecture.py lists the borders that may use it.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from types import TracebackType
from typing import Literal

from mtdata.core.errors import MTDataError

PASSING = (MTDataError, MemoryError)
"""What goes through a border as it is: it has its words, or says nothing of what was read."""


class Border(ContextDecorator):
    """`with Border(AnswerBroken, "no JSON"):` makes of any exception an AnswerBroken so worded.

    Errors of ours, MemoryError, KeyboardInterrupt and whatever else ends a program pass.  The sort
    of the exception is told, never its text, which may quote what was read.  `also` are sorts that
    pass elsewhere and are a parser's own words here.
    """

    def __init__(
        self, fault: type[Exception], words: str = "", also: tuple[type[BaseException], ...] = ()
    ) -> None:
        self._fault, self._words, self._also = fault, words, also

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if kind is None or issubclass(kind, self._fault):
            return False
        passes = not issubclass(kind, Exception) or issubclass(kind, PASSING)
        if passes and not issubclass(kind, self._also):
            return False
        raise self._fault(f"{self._words} ({kind.__name__})") from None
