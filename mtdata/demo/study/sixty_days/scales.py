"""The questions of each scale in the study of sixty days, and which numbers may answer them."""

from __future__ import annotations

from typing import NamedTuple

from mtdata.demo.study.rows import DASS, LIFE, READ_EVENTS, REFUSED_TO_SAY

__all__ = ["ADDED_ON", "QUESTIONS", "REFUSED_TO_SAY", "RENAMED_ON", "Questions", "items_of"]


class Questions(NamedTuple):
    """The items of a scale, each answered by a whole number from `lowest` to `highest`.

    REFUSED_TO_SAY and null are legal everywhere: "prefer not to answer", and nothing chosen.
    """

    items: tuple[str, ...]
    lowest: int
    highest: int
    by_twos: tuple[str, ...] = ()
    """Items that every second of these numbers answers, the lowest first."""

    def answers(self, item: str) -> range:
        """The numbers that may answer an item."""
        return range(self.lowest, self.highest + 1, 2 if item in self.by_twos else 1)


def _questions(items: str, highest: int, *by_twos: str) -> Questions:
    return Questions(tuple(items.split()), 0, highest, by_twos)


QUESTIONS = {
    "DASS21_AS": _questions(DASS, 3),
    "DASS21_DS": _questions(
        "nopositive difficult hopeless blue noenthusiastic noworth meaningless", 3
    ),
    "QOL": _questions(LIFE, 6),
    "BBSIQ": _questions(READ_EVENTS, 4),
    "PHQ4": _questions("nervous worry pleasure depressed", 3),
    "GAD7": _questions("nervous control worry relax restless irritable afraid", 3),
    "AUDIT": _questions(
        "frequency drinks binge stop failed morning guilt remember injured concerned",
        4,
        "injured",
        "concerned",
    ),
    "OASIS": _questions("anxious_freq anxious_sev avoid interfere interfere_social", 4),
    "Credibility": _questions("important confident_online confident_design", 4),
}
"""By scale; Demographics and JsPsychTrial have fields of other kinds."""

ADDED_ON = ("GAD7", 30, "difficulty")
"""The scale that has another item from that day on."""
RENAMED_ON = ("PHQ4", 40, "pleasure", "interest")
"""The scale whose item has another name from that day on."""


def items_of(scale: str, day: int) -> tuple[str, ...]:
    """The items of a scale as the site has them on that day of the study."""
    items = QUESTIONS[scale].items
    added_to, added_on, item = ADDED_ON
    renamed_of, renamed_on, before, after = RENAMED_ON
    if scale == added_to and day >= added_on:
        return (*items, item)
    if scale == renamed_of and day >= renamed_on:
        return tuple(after if one == before else one for one in items)
    return items
