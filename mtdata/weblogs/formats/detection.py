"""Which format a file has, by its first lines; it gives no line away in what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from mtdata.core.errors import MTDataError, Reach
from mtdata.weblogs.formats import FORMATS
from mtdata.weblogs.formats.format import LogFormat
from mtdata.weblogs.formats.parser import Header, LineParser

SAMPLE, MOST_LINES, LONGEST = 50, 100_000, 16_384
"""So many lines are tried at once, in so many at most, none that is longer."""


class UnknownFormat(MTDataError):
    """No line of a log is in a format of the table; it says which were tried, and quotes none."""

    stops = Reach.ENTRY
    exit_code = 65


Score = Callable[[LineParser, str], int]


class Rank(NamedTuple):
    """How well a format fits; the place in the table decides between equal ones."""

    is_marked: bool = False
    lines: int = 0
    values: int = 0
    place: int = 0


def detected(text: str, fields: tuple[str, ...], likely: str = "") -> str:
    """The name of the format of a file that begins with `text` (Latin-1, whole lines).

    Directives decide at once.  Otherwise every format is tried on the first lines; the one that
    takes most of them is it, of several the one that finds most values; one that names itself goes
    before all.  Lines that no format takes are passed over.  With `fields` it is W3C extended.
    `likely` is tried first: where it fits, the others are soon out; it changes no answer.
    UnknownFormat when no line fits any format, or there is none.
    """
    every = text.split("\n", MOST_LINES)[:MOST_LINES]
    directives = ""
    if "#Fields:" in text:
        directives = "\n".join(line[:4096] for line in every[:200] if line.startswith("#"))
    if "#Fields:" in directives:
        return next(
            one.name
            for one in FORMATS.values()
            if one.directive and re.search(one.directive, directives, re.IGNORECASE)
        )
    if fields and any(_lines(every)):
        return "w3c_extended"
    for score in (LineParser.quickly, LineParser.exactly):
        lines = _lines(every)
        while some := list(islice(lines, SAMPLE)):
            if best := _best(some, score, likely):
                return best
    tried = ", ".join(one.name for one in FORMATS.values() if one.is_detected)
    count = sum(1 for _ in _lines(every))
    raise UnknownFormat(
        f"none of the first {count} lines is in a format that is known ({tried})"
        if count
        else "there is no line to know the format by"
    )


def _lines(every: Iterable[str]) -> Iterator[str]:
    """Those that may be of a format, without their ends; no longer than is tried."""
    for line in every:
        if line.strip() and not line.startswith("#"):
            yield line.rstrip("\r")[:LONGEST]


def _best(lines: list[str], score: Score, likely: str) -> str:
    """The format of the highest rank; of equal ones the first of the table."""
    best, name = Rank(), ""
    table = [one for one in FORMATS.values() if one.is_detected and not one.needs_fields]
    places = {one.name: -place for place, one in enumerate(table)}
    for one in sorted(table, key=lambda one: one.name != likely):
        rank = _rank(one, lines, score, places[one.name], best)
        if rank > best:
            best, name = rank, one.name
    return name


def _rank(one: LogFormat, lines: list[str], score: Score, place: int, best: Rank) -> Rank:
    """Its rank; none as soon as it cannot be above the best."""
    if one.is_marked < best.is_marked:
        return Rank()
    parser = one.parser(Header(one.name))
    if score is LineParser.quickly and not parser.has_quick:
        return Rank()
    left = len(lines) if one.is_marked > best.is_marked else len(lines) - best.lines
    found = values = 0
    for line in lines:
        if count := score(parser, line):
            found, values = found + 1, values + count
        elif (left := left - 1) < 0:
            return Rank()
    return Rank(one.is_marked, found, values, place) if found else Rank()
