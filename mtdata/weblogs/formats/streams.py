"""What haproxy writes about each request, and SHOUTcast about each listener."""

from __future__ import annotations

from mtdata.weblogs.formats.format import LogFormat, path_as_written
from mtdata.weblogs.formats.parser import Header, LineParser, by_expression
from mtdata.weblogs.formats.w3c import PLAIN, parser_of
from mtdata.weblogs.urls import percent_decoded, request_target

HAPROXY = (
    r"(?:[^\[\n]{1,200}\[\d+\]: )?"  # as syslog has it: host, program and number
    r"(?P<ip>\S+):\d+ \[(?P<date>[^\].\n]+)(?:\.\d+)?\] \S+ \S+ "
    r"-?\d+/-?\d+/-?\d+/-?\d+/\+?(?P<generation_time_milli>-?\d+) "
    r"(?P<status>-?\d{1,3}) \+?(?P<length>\d+) \S+ \S+ \S+ \S+ \S+ (?:\{[^}\n]*\} ){0,2}"
    r'"(?P<request>[^\n]*)"'
)
"""A quote in a request is not escaped: the last one of the line ends it."""

SHOUTCAST = (
    r"(?P<ip>[0-9A-Fa-f.:]+) \S+ (?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d) "
    r"(?P<path>\S+) (?P<status>\d{3}) (?P<user_agent>[^\n]*) (?P<length>\d+) "
    r"(?P<duration>\d+) (?P<bandwidth>\d+)"
)
"""c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth"""


def _haproxy() -> LogFormat:
    parser = LineParser(HAPROXY, by_expression(HAPROXY))
    return LogFormat("haproxy", lambda header: parser, request_target)


def _shoutcast() -> LogFormat:
    parser = LineParser(SHOUTCAST, by_expression(SHOUTCAST))

    def parser_for(header: Header) -> LineParser:
        return parser_of(header.fields, header.day, PLAIN) if header.fields else parser

    directive = r"x-duration|SHOUTcast"
    return LogFormat("shoutcast", parser_for, path_as_written, percent_decoded, directive=directive)


STREAMS = (_haproxy(), _shoutcast())
