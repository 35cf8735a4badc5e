"""Whether a regular expression can take more than linear time; a proof where it says no.

`slow_spots` looks at the expression as Python's own parser has it.  It is careful: what it passes
is linear on any text; what it names may only look dangerous, and needs a reason of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONG = 1000
"""A repeat that ends sooner counts as a constant."""
ALPHABET = frozenset(range(256)) | {0x2028, 0x3000, 0xD800, 0xFEFF, 0xFFFE}
"""Every byte, and some of the rest for those that a class may hold."""
_SPACE, _DIGIT = frozenset(b" \t\n\r\f\v"), frozenset(b"0123456789")
_WORD = frozenset(n for n in range(128) if chr(n).isalnum() or n == 95)
_OF_CLASS = {"SPACE": _SPACE, "DIGIT": _DIGIT, "WORD": _WORD | frozenset(range(128, 256))}
Items = list[tuple[Any, Any]]


def slow_spots(pattern: re.Pattern[Any], *, searched: bool = True) -> list[str]:
    """What may be super-linear in it; `searched`: it is tried at each place of the text."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    flags = pattern.flags
    found = list(_backtracking(list(tree), [], flags))
    if searched:
        found += _restarting(list(tree), flags)
    return found


def _repeats(items: Items) -> Iterator[tuple[Items, Items]]:
    """Every repeat without an end: what it repeats, and what stands behind it at its level."""
    for place, (sort, what) in enumerate(items):
        if sort in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT) and what[1] > LONG:
            yield [(sort, what)], items[place + 1 :]
        for inner in _inside(sort, what):
            yield from _repeats(inner)


def _inside(sort: Any, what: Any) -> list[Items]:
    if sort is c.SUBPATTERN:
        return [list(what[-1])]
    if sort is c.BRANCH:
        return [list(one) for one in what[1]]
    if sort in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        return [list(what[2])]
    if sort in (c.ASSERT, c.ASSERT_NOT):
        return [list(what[1])]
    return [list(what)] if sort is c.ATOMIC_GROUP else []


def _backtracking(items: Items, behind: Items, flags: int) -> Iterator[str]:
    """Repeats that can give back what another way then takes: two ways through one text."""
    for place, (sort, what) in enumerate(items):
        rest = [*items[place + 1 :], *behind]
        if sort in (c.MAX_REPEAT, c.MIN_REPEAT) and what[1] > LONG:
            body = list(what[2])
            both = first(body, flags) & first(rest, flags) if rest else frozenset()
            if both:
                yield f"a repeat and what follows it both take {sorted(both)[:3]}"
            # a round may not be cut short where the next one would take up the text
            if len(body) > 1 or body[0][0] is c.SUBPATTERN:
                for inner, after in _repeats(body):
                    takes = first(inner[0][1][2], flags)
                    if inner[0][0] is not c.POSSESSIVE_REPEAT and takes & (
                        first(after, flags) if after and not _empty(after) else first(body, flags)
                    ):
                        yield "a repeat within a repeat"
        for inner_items in _inside(sort, what):
            yield from _backtracking(inner_items, rest, flags)


def _restarting(items: Items, flags: int) -> list[str]:
    """Repeats that run on over places where the expression could begin as well."""
    begins = first(items, flags)
    if items[0] == (c.AT, c.AT_BEGINNING_LINE) or items[0] == (c.AT, c.AT_BEGINNING):
        begins = frozenset({10})  # no other place than behind the end of a line
    found = []
    for repeat, _ in _repeats(items):
        runs_to_its_end = items == repeat or (
            len(items) == 1 and items[0][0] is c.POSSESSIVE_REPEAT
        )
        if begins & first(repeat[0][1][2], flags) and not runs_to_its_end:
            found.append(f"it may begin anew within a repeat: {sorted(begins)[:3]}")
    return found


def _empty(items: Items) -> bool:
    """Whether it can match nothing at all."""
    return all(_may_be_empty(sort, what) for sort, what in items)


def _may_be_empty(sort: Any, what: Any) -> bool:
    if sort in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        return what[0] == 0 or _empty(list(what[2]))
    if sort is c.BRANCH:
        return any(_empty(list(one)) for one in what[1])
    if sort is c.SUBPATTERN:
        return _empty(list(what[-1]))
    return sort in (c.AT, c.ASSERT, c.ASSERT_NOT)


def first(items: Any, flags: int) -> frozenset[int]:
    """Every character with which it may begin."""
    found: frozenset[int] = frozenset()
    for sort, what in items:
        found |= _first_of(sort, what, flags)
        if not _may_be_empty(sort, what):
            break
    return found


def _first_of(sort: Any, what: Any, flags: int) -> frozenset[int]:
    if sort is c.LITERAL:
        return _cased({what}, flags)
    if sort is c.NOT_LITERAL:
        return ALPHABET - {what}
    if sort is c.ANY:
        return ALPHABET if flags & re.DOTALL else ALPHABET - {10}
    if sort is c.IN:
        return _cased(_in_class(what), flags)
    if sort is c.GROUPREF:
        return ALPHABET
    inner = _inside(sort, what) if sort not in (c.ASSERT, c.ASSERT_NOT) else []
    return frozenset().union(*(first(one, flags) for one in inner))


def _in_class(parts: Any) -> set[int]:
    taken: set[int] = set()
    for sort, what in parts:
        if sort is c.LITERAL:
            taken.add(what)
        elif sort is c.RANGE:
            taken |= {n for n in ALPHABET if what[0] <= n <= what[1]}
        elif sort is c.CATEGORY:
            name = str(what).rpartition("_")[2]
            taken |= ALPHABET - _OF_CLASS[name] if "NOT" in str(what) else _OF_CLASS[name]
    return set(ALPHABET) - taken if parts[0][0] is c.NEGATE else taken


def _cased(taken: set[int], flags: int) -> frozenset[int]:
    if not flags & re.IGNORECASE:
        return frozenset(taken)
    return frozenset(n for t in taken for n in (t, ord(chr(t).swapcase()[0])))
