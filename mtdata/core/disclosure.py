"""What may be told of a word that is not what it should be: it may be a secret in a wrong place.

Told is what is near to a word that is allowed there, and a plain short number where a number is
meant.  Of all else the length and the kind are told, and never a piece of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

_LONGEST = 40
"""No word that is allowed anywhere is longer, but for names that people give."""
_KEY = re.compile(
    r"-----? ?BEGIN|PuTTY-User-Key-File|\A\s*(?:MI[GIJ][A-Za-z0-9+/]|LS0tLS1CRUdJT|b3BlbnNzaC1rZXk"
    r"|3082[0-9a-fA-F]{4})[A-Za-z0-9+/=\s\\]{80,}"
)
"""A private key as PEM, SSH, PuTTY and DER in base64 or hex begin."""
_BROKEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,3})?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class Accepted(NamedTuple):
    """What a place takes: words, numbers, and forms such as that of a duration."""

    words: frozenset[str] = frozenset()
    numbers: bool = False
    forms: tuple[Callable[[str], object], ...] = ()

    def may_show(self, value: object) -> bool:
        """Whether a value in that place may be told as it is."""
        word = str(value)
        if isinstance(value, list | dict | bytes) or len(word) > _LONGEST or not word.isprintable():
            return False
        if self.numbers and _NUMBER.fullmatch(word):
            return True
        return is_near(word, self.words) or any(form(word) for form in self.forms)


def disclosed(value: object, accepted: Accepted) -> str:
    """The value in quotes where it may be told, else how long it is and of what kind."""
    return json.dumps(str(value)) if accepted.may_show(value) else kind_of(value)


def named(word: object, known: Iterable[str], otherwise: str) -> str:
    """The word when it is near to a known one, else what stands for it."""
    return str(word) if Accepted(frozenset(known)).may_show(word) else otherwise


def host_told(host: str) -> str:
    """A host as it may be told: a name without a dot may be what belongs into the next line."""
    is_plain = host == "localhost" or bool(set(".:[") & set(host))
    return host if is_plain else f"a host of {len(host)} letters"


def kind_of(value: Any) -> str:
    """A value by its length and kind alone."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, list | tuple | set):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = str(value)
    if is_key_itself(text):
        return "a key itself"
    if len(text.splitlines()) > 1:
        return f"text of {len(text.splitlines())} lines"
    if _DIGITS.fullmatch(text):
        return f"a number of {len(text)} digits"
    return f"text of {len(text)} characters"


def is_key_itself(text: str) -> bool:
    """Whether that is a private key, where the name of a file should stand."""
    return bool(_KEY.search(text))


def is_broken(text: str) -> bool:
    """Whether it has a line break or another control character."""
    return bool(_BROKEN.search(text))


def is_near(word: str, known: Iterable[str]) -> bool:
    """Whether it is one of those words or a slip of the pen from one; capitals do not count."""
    folded = word.strip().casefold()
    return any(_is_slip(folded, one.casefold()) for one in known)


def _is_slip(word: str, known: str) -> bool:
    most = 0 if len(known) < 3 else 1 if len(known) < 6 else 2
    return abs(len(word) - len(known)) <= most and distance(word, known) <= most


def distance(one: str, other: str) -> int:
    """Letters to add, drop, change, or swap with a neighbour, to make one of the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
