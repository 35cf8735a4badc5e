"""What is wrong with a codebook that each key alone does not show; pure, it reads no file.

Every function gives all faults that it sees, as lines `key: what is wrong`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

SHOWN = 60


class AnyVariable(Protocol):
    """What a variable says that is judged here."""

    @property
    def type(self) -> str: ...
    @property
    def values(self) -> Mapping[str, str]: ...
    @property
    def no_answer(self) -> Sequence[str]: ...
    @property
    def lowest(self) -> float | None: ...
    @property
    def highest(self) -> float | None: ...
    @property
    def reversed(self) -> bool: ...


class AnyScore(Protocol):
    """What a score says that is judged here."""

    @property
    def items(self) -> Sequence[str]: ...
    @property
    def least(self) -> int: ...
    @property
    def times(self) -> float: ...


def number_of(word: str) -> float | None:
    """The number that a word is, None where it is none."""
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def bounds_of(variable: AnyVariable) -> tuple[float, float] | None:
    """Least and greatest number that count as an answer; None where one of them is not known.

    0 and 1 of a flag, which a score counts as such; None of any other that is no number.
    """
    if variable.type == "flag":
        return 0, 1
    if not is_numeric(variable):
        return None
    refused = {number_of(word) for word in variable.no_answer}
    numbers = [number_of(word) for word in variable.values]
    coded = [number for number in numbers if number is not None and number not in refused]
    low = variable.lowest if variable.lowest is not None else min(coded, default=None)
    high = variable.highest if variable.highest is not None else max(coded, default=None)
    return None if low is None or high is None else (low, high)


def is_numeric(variable: AnyVariable) -> bool:
    """Whether every answer to it is a number: by its type, or a choice among numbers."""
    if variable.type == "choice":
        return all(number_of(word) is not None for word in variable.values)
    return variable.type in ("integer", "number")


def is_counted(variable: AnyVariable) -> bool:
    """Whether a score can be made of it."""
    return variable.type == "flag" or is_numeric(variable)


def of_variable(variable: AnyVariable) -> list[str]:
    """What does not fit together within one variable."""
    bounds = bounds_of(variable)
    numeric = is_numeric(variable)
    has_limits = variable.lowest is not None or variable.highest is not None
    wrong = {
        "reversed: wants the type integer, number or choice, and lowest and highest, or values "
        "that are numbers": variable.reversed and not bounds,
        "values: a choice wants each value that may stand": (
            variable.type == "choice" and not variable.values
        ),
        "lowest: it is above highest": bounds is not None and bounds[0] > bounds[1],
        "lowest, highest: are for numbers; the type is none": has_limits and not numeric,
    }
    return [fault for fault, is_so in wrong.items() if is_so] + _of_values(variable)


def _of_values(variable: AnyVariable) -> list[str]:
    known = {word: number_of(word) for word in [*variable.values, *variable.no_answer]}
    found = [f"values: {printable(word)}: it stands twice" for word in _twice(known)]
    twice = [word for word, count in Counter(variable.no_answer).items() if count > 1]
    found += [f"no_answer: {printable(word)}: it stands twice" for word in twice]
    if variable.type in ("integer", "number"):
        odd = [word for word in variable.values if known[word] is None]
        found += [f"values: {printable(word)}: it is no number, as the type wants" for word in odd]
    if variable.type == "integer":
        whole = [word for word in variable.values if (known[word] or 0) % 1]
        found += [f"values: {printable(word)}: it is no whole number" for word in whole]
    return found


def _twice(known: Mapping[str, float | None]) -> list[str]:
    """Words that are the number of another word before them, such as `1.0` after `1`."""
    first: dict[float, str] = {}
    return [w for w, n in known.items() if n is not None and first.setdefault(n, w) != w]


def of_score(score: AnyScore) -> list[str]:
    """What does not fit together within one score."""
    twice = [item for item, count in Counter(score.items).items() if count > 1]
    found = [f"items: {printable(item)}: it stands twice" for item in twice]
    if score.least > len(score.items):
        found.append(f"at_least: it is more than the {len(score.items)} items that there are")
    if not score.times:
        found.append("times: 0 makes every score 0")
    return found


def across(variables: Mapping[str, AnyVariable], scores: Mapping[str, AnyScore]) -> list[str]:
    """What does not fit together between variables and scores that are right in themselves."""
    items = {name: score.items for name, score in scores.items()}
    found = of_names(list(variables), items)
    for name, score in scores.items():
        for item in score.items:
            if item in variables and not is_counted(variables[item]):
                place = f"sub_scales.{printable(name)}.items: {printable(item)}"
                found.append(f"{place}: its type is no number, choice of numbers or flag")
    return found


def of_names(variables: Sequence[str], items: Mapping[str, Iterable[str]]) -> list[str]:
    """Names that are not there, or stand for two things; `items` are those of each score."""
    found = [
        f"variables.{printable(word)}: another differs by case alone" for word in alike(variables)
    ]
    found += [
        f"sub_scales.{printable(word)}: another differs by case alone" for word in alike(items)
    ]
    found += ["variables: there is none"] if not variables else []
    folded = {name.casefold() for name in variables}
    for name, words in items.items():
        if name.casefold() in folded:
            found.append(f"sub_scales.{printable(name)}: a variable has this name already")
        unknown = [word for word in dict.fromkeys(words) if word not in variables]
        found += [
            f"sub_scales.{printable(name)}.items: {printable(w)}: no such variable" for w in unknown
        ]
    return found


def alike(names: Iterable[str]) -> list[str]:
    """Names that equal one before them but for case."""
    first: dict[str, str] = {}
    return [name for name in names if first.setdefault(name.casefold(), name) != name]


def printable(word: str) -> str:
    """A word of a file as a fault may show it: short, and with nothing that a terminal obeys."""
    cut = word if len(word) <= SHOWN else f"{word[:SHOWN]}…"
    return cut if cut.isprintable() and cut else ascii(cut)
