"""The formats whose files say by `#Fields:` what their columns are: W3C extended and its kin."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mtdata.weblogs.formats.format import (
    LogFormat,
    as_written,
    decoded_once,
    decoded_twice,
    path_as_written,
    plus_as_space,
)
from mtdata.weblogs.formats.parser import NEVER, Header, LineParser, Values, by_expression

MOST_FIELDS = 256
KNOWN = {
    "date": "date",
    "time": "time",
    "c-ip": "ip",
    "x-host-header": "host",
    "cs-host": "host",
    "cs(host)": "host",
    "cs-username": "userid",
    "cs-uri-stem": "path",
    "cs-uri": "path",
    "cs-uri-query": "query_string",
    "sc-status": "status",
    "c-status": "status",
    "sc-bytes": "length",
    "cs(referer)": "referrer",
    "cs(referrer)": "referrer",
    "cs(user-agent)": "user_agent",
    "cs(useragent)": "user_agent",
    "time-taken": "generation_time_milli",
}
"""Groups by the names of columns.  Of two columns with one meaning the upper name goes first."""


class ColumnPattern(NamedTuple):
    """How a column is written: one that is wanted, NAME being its group, and any other."""

    wanted: str
    other: str


PLAIN = ColumnPattern(r'(?P<NAME>[^\s"]\S*)', r'[^\s"]\S*')
QUOTED = ColumnPattern(r'"(?P<NAME>[^"\n]*)"', r'"[^"\n]*"')
_EITHER = r'(?>"[^"\n]*"(?=[ \t]|$)|\S+)'
EITHER = ColumnPattern(f"(?P<NAME>{_EITHER})", _EITHER)
"""Atomic: a column in quotes if it ends where a column ends, and never tried the other way."""
DIRECTIVE = re.compile(r"^#(Fields|Date):([^\n]*)$", re.MULTILINE)
RTMP = "x-event"


def after(header: Header, directive: re.Match[str]) -> Header:
    """The header after a line found by DIRECTIVE."""
    words = directive[2].split()
    if directive[1] == "Date":
        return Header(header.format, header.fields, words[0][:32] if words else "")
    return Header(header.format, tuple(words[: MOST_FIELDS + 1]), header.day)


def groups_of(fields: tuple[str, ...]) -> list[str]:
    """The group of each column, "" for those that say nothing of use."""
    lower = [name.lower() for name in fields]
    taken: dict[str, int] = {}
    for name, group in KNOWN.items():
        if name in lower:
            taken.setdefault(group, lower.index(name))
    places = {place: group for group, place in taken.items()}
    return [places.get(place, "") for place in range(len(fields))]


def expression(fields: tuple[str, ...], column: ColumnPattern) -> str:
    """An expression for lines with these columns, each written as `column` says."""
    columns = (
        column.wanted.replace("NAME", group) if group else column.other
        for group in groups_of(fields)
    )
    return "(?!#)" + r"[ \t]".join(columns)


def nothing(reason: str) -> LineParser:
    """A parser that refuses each line for this reason."""
    return LineParser(f"{NEVER}(?P<date>)", lambda line: reason)


@lru_cache(maxsize=64)
def parser_of(fields: tuple[str, ...], day: str, column: ColumnPattern) -> LineParser:
    """The parser of these columns; each line is malformed where they name no time."""
    if RTMP in fields:
        return nothing("rtmp")
    groups = groups_of(fields)
    if len(fields) > MOST_FIELDS or not ("time" in groups or "date" in groups):
        return nothing("malformed")
    read = by_expression(expression(fields, EITHER))

    def exactly(line: str) -> Values | str:
        values = read(line.rstrip(" \t"))
        if isinstance(values, str):
            return values
        return {name: unquoted(value or "") for name, value in values.items()}

    return LineParser(expression(fields, column), exactly, day)


def unquoted(text: str) -> str:
    """The value without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def decoded_path(text: str) -> str:
    """The target of a column in which each % was encoded once more; "" for none."""
    return decoded_once(path_as_written(text))


def w3c(
    name: str,
    directive: str,
    text: Callable[[str], str],
    column: ColumnPattern = PLAIN,
    target: Callable[[str], str] = path_as_written,
    url: Callable[[str], str] | None = None,
    took_ms: float = 1000,
) -> LogFormat:
    """A format of this family; `directive` is what only its files say in their directives."""

    def parser_for(header: Header) -> LineParser:
        return parser_of(header.fields, header.day, column)

    return LogFormat(
        name, parser_for, target, text, url, took_ms, directive=directive, needs_fields=True
    )


W3C = (
    w3c(
        "amazon_cloudfront",
        r"x-edge-location|x-edge-request-id|x-cf-status",
        decoded_twice,
        target=decoded_path,
        url=decoded_once,
    ),
    w3c("incapsula_w3c", r"Incapsula|cs-clapp", as_written, QUOTED, took_ms=1),
    w3c(
        "iis",
        r"Microsoft Internet Information|sc-win32-status|sc-substatus",
        plus_as_space,
        url=as_written,
        took_ms=1,
    ),
    w3c("w3c_extended", r"#Fields:", plus_as_space, url=as_written),
)
"""In the order in which a file's directives are asked: the last fits every such file."""
