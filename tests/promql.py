"""As much of PromQL as docs/alerts.rules.yml says: selectors, comparisons, and / unless, increase.

It is held against promtool itself where that is installed (tests/system/test_alert_rules.py).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
_WORD = re.compile(r"\s*(==|!=|<=|>=|=~|[-+*/<>(){}\[\],=]|\d+(?:\.\d+)?[smhd]?|\"[^\"]*\"|\w+)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "<": operator.lt, "==": operator.eq, "!=": operator.ne,
    ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
_RECKON: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
_LEVELS = (("unless", "and"), tuple(_COMPARE), ("+", "-"), ("*", "/"))


class Scrape(NamedTuple):
    """What was read at a moment: by name, values by labels."""

    at: float
    samples: Mapping[str, Vector]


class Expression:
    """An expression, evaluated at a moment over scrapes, the newest last."""

    def __init__(self, text: str, scrapes: Sequence[Scrape], at: float) -> None:
        self._words = _WORD.findall(text)
        assert "".join(self._words) == re.sub(r"\s", "", text), f"not understood: {text}"
        self._scrapes, self._at = scrapes, at

    def value(self) -> Vector:
        """What is left of it: the rule fires for each of these."""
        found = self._level(0)
        assert not self._words, self._words
        assert isinstance(found, dict)
        return found

    def _take(self, *expected: str) -> str:
        word = self._words.pop(0)
        assert not expected or word in expected, f"{word} instead of {expected}"
        return str(word)

    def _level(self, number: int) -> Any:
        if number == len(_LEVELS):
            return self._piece()
        left = self._level(number + 1)
        while self._words and self._words[0] in _LEVELS[number]:
            sign = self._take()
            on = self._on()
            left = _joined(sign, left, self._level(number + 1), on)
        return left

    def _on(self) -> list[str] | None:
        if self._words[0] != "on":
            return None
        self._take("on")
        self._take("(")
        names = []
        while (word := self._take()) != ")":
            names += [word] if word != "," else []
        return names

    def _piece(self) -> Any:
        word = self._take()
        if word == "(":
            found = self._level(0)
            self._take(")")
            return found
        if word[0].isdigit():
            return float(word)
        if word == "time":
            self._take("(")
            self._take(")")
            return self._at
        if word == "increase":
            self._take("(")
            name, wanted = self._take(), self._wanted()
            self._take("[")
            span = self._take()
            self._take("]")
            self._take(")")
            return self._increase(name, wanted, int(span[:-1]) * _UNITS[span[-1]])
        return self._chosen(self._scrapes[-1], word, self._wanted())

    def _wanted(self) -> list[tuple[str, str]]:
        """Labels with patterns of their whole values."""
        wanted: list[tuple[str, str]] = []
        if self._words and self._words[0] == "{":
            self._take("{")
            while True:
                name, sign, text = self._take(), self._take("=", "=~"), self._take()[1:-1]
                wanted.append((name, text if sign == "=~" else re.escape(text)))
                if self._take(",", "}") == "}":
                    break
        return wanted

    def _chosen(self, of: Scrape, name: str, wanted: list[tuple[str, str]]) -> Vector:
        return {
            labels: value
            for labels, value in of.samples.get(name, {}).items()
            if all(re.fullmatch(text, dict(labels).get(label, "")) for label, text in wanted)
        }

    def _increase(self, name: str, wanted: list[tuple[str, str]], span_s: float) -> Vector:
        """From the first to the last sample of that time; two are needed, nothing is set back."""
        within = [one for one in self._scrapes if self._at - span_s <= one.at <= self._at]
        found = [self._chosen(one, name, wanted) for one in within]
        first: Vector = {}
        for one in reversed(found):
            first |= one
        counts = {labels: sum(labels in one for one in found) for labels in first}
        last = found[-1] if found else {}
        return {key: last[key] - first[key] for key in last if counts[key] > 1}


def _joined(sign: str, left: Any, right: Any, on: list[str] | None) -> Any:
    if sign in ("and", "unless"):
        there = {_key(labels, on) for labels in right}
        return {k: v for k, v in left.items() if (_key(k, on) in there) == (sign == "and")}
    if not isinstance(left, dict) and not isinstance(right, dict):
        return _RECKON[sign](left, right)
    pairs = _pairs(left, right)
    if sign in _COMPARE:
        return {k: a for k, (a, b) in pairs.items() if _COMPARE[sign](a, b)}
    return {k: _RECKON[sign](a, b) for k, (a, b) in pairs.items()}


def _key(labels: Labels, on: list[str] | None) -> Labels:
    return labels if on is None else frozenset(one for one in labels if one[0] in on)


def _pairs(left: Any, right: Any) -> dict[Labels, tuple[float, float]]:
    """Values that meet: a number meets each, else those of the same labels meet."""
    if not isinstance(left, dict):
        return {k: (left, v) for k, v in right.items()}
    if not isinstance(right, dict):
        return {k: (v, right) for k, v in left.items()}
    return {k: (left[k], right[k]) for k in left if k in right}
