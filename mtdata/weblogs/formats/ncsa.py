"""The formats that come from NCSA's server: what Apache, nginx, icecast and hosters write.

A time in brackets, the request in quotes, status and bytes.  They differ in what stands before and
behind.
"""

from __future__ import annotations

from functools import lru_cache

from mtdata.weblogs.formats.format import LogFormat, path_as_written, unescaped
from mtdata.weblogs.formats.parser import (
    Header,
    LineParser,
    LineReader,
    Values,
    by_expression,
)
from mtdata.weblogs.urls import request_target

IP = r"(?P<ip>[0-9A-Fa-f.:]+)"
USER = r'(?P<userid>[^ "\n]+)'
NAME = r'(?:(?=[^\s,"]*[.:])[^\s,"]++|unknown|localhost)'
ANY_IP = rf"(?P<ip>(?:{NAME}, ?)*{NAME})"
"""Also a host's name, and the list of X-Forwarded-For."""
ANY_USER = r"(?P<userid>[^\[\n]*)"
"""Also with spaces, as LDAP has them."""
HOST = r'(?P<host>[^ ,"\n]+)'
WORD = r"[^ \n]+"
"""A class of a few signs is faster than one with \\s in it."""
DATE = r"\[(?P<date>[^\]\n]+)\]"
QUOTED = r'[^"\\\n]*(?:\\.[^"\\\n]*)*'
REQUEST = rf'"(?P<request>{QUOTED})"'
USUAL_REQUEST = r'"[A-Z]{3,7} (?P<path>/[^ "\\\n]*) HTTP/\d(?:\.\d)?"'
ANSWER = r"(?P<status>\d{3}|-) (?P<length>\d+|-)"
AGENT = rf'"(?P<referrer>{QUOTED})" "(?P<user_agent>{QUOTED})"'
MORE = r"(?: [^\n]*)?"


def ncsa(name: str, line: str, *, is_detected: bool = True, took_ms: float = 1.0) -> LogFormat:
    """A format of this family; in `line`, {ip} and {user} stand for address and user."""

    @lru_cache(maxsize=1)
    def parser() -> LineParser:
        quick = line.replace("{ip}", IP).replace("{user}", USER).replace(REQUEST, USUAL_REQUEST)
        every = line.replace("{ip}", ANY_IP).replace("{user}", ANY_USER)
        return LineParser(quick, by_request(every.replace(r"\d{3}|-)", r"-?\d{1,3}|-)")))

    def parser_for(header: Header) -> LineParser:
        return parser()

    return LogFormat(
        name, parser_for, path_as_written, unescaped, took_ms=took_ms, is_detected=is_detected
    )


def by_request(expression: str) -> LineReader:
    """An exact reader that takes the path out of the request line, which has escapes."""
    read = by_expression(expression)

    def read_path(line: str) -> Values | str:
        values = read(line)
        if isinstance(values, str):
            return values
        return {**values, "path": request_target(unescaped(values["request"] or ""))}

    return read_path


NCSA = (
    ncsa("common", rf"{{ip}} {WORD} {{user}} {DATE} {REQUEST} {ANSWER}"),
    ncsa("common_vhost", rf"{HOST} {{ip}} {WORD} {{user}} {DATE} {REQUEST} {ANSWER}"),
    ncsa("combined", rf"{{ip}} {WORD} {{user}} {DATE} {REQUEST} {ANSWER} {AGENT}{MORE}"),
    ncsa(
        "combined_vhost", rf"{HOST} {{ip}} {WORD} {{user}} {DATE} {REQUEST} {ANSWER} {AGENT}{MORE}"
    ),
    ncsa(
        "icecast2",
        rf"{{ip}} {WORD} {{user}} {DATE} {REQUEST} {ANSWER} {AGENT} (?P<session>\d+)",
    ),
    ncsa(
        "gandi",
        rf"{HOST} {{ip}} {WORD} {{user}} {DATE} \((?P<generation_time_secs>[\d.]*) ?s?\) "
        rf"{REQUEST} {ANSWER} {AGENT}{MORE}",
        took_ms=1000,
    ),
    ncsa(
        "ovh",
        rf"{{ip}} {HOST} {{user}} {DATE} {REQUEST} {ANSWER} {AGENT}{MORE}",
        is_detected=False,
    ),
)
