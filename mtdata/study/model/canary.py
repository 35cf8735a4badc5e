"""How many deletes may go out next: one by one until the site has done one, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtdata.study.model.receipt import DeleteAnswer, Outcome, Placed

CANARIES = 3
"""Deletes that may say "there is none" before the site is asked no more in this round."""


class CanaryGroups:
    """Groups of lines to be asked for, each on the word of those before; at most `limit` lines."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._is_trusted = False
        self.is_over = False

    def of(self, lines: Sequence[Placed]) -> Iterator[list[Placed]]:
        """The next groups out of these lines; `heard` is told the answers to each in turn."""
        rest = list(lines[: self._left])
        asked = 0
        while rest and not self._is_trusted and not self.is_over and asked < CANARIES:
            yield [rest.pop(0)]
            asked += 1
        if asked and not self._is_trusted:
            self.is_over = True
        if rest and not self.is_over:
            yield rest

    def note_answers(self, answers: Sequence[DeleteAnswer]) -> None:
        """Take what the site said to a group; no answers mean that it was not asked."""
        self._left -= len(answers)
        outcomes = {answer.outcome for answer in answers}
        if not self._is_trusted:
            self._is_trusted = outcomes == {Outcome.DONE}
            self.is_over = not outcomes <= {Outcome.DONE, Outcome.ABSENT}
        self.is_over |= not outcomes or Outcome.REFUSED in outcomes or self._left <= 0
