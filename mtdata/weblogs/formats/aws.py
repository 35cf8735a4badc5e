"""What a bucket of S3 and a load balancer of AWS write about each request."""

from __future__ import annotations

from mtdata.weblogs.formats.format import LogFormat, clf_target, unescaped
from mtdata.weblogs.formats.ncsa import DATE, MORE, QUOTED
from mtdata.weblogs.formats.parser import LineParser, by_expression

BUCKET = r"(?:(?P<host>[^\s.]+\.\S+)|[^\s.]+)"
"""A bucket that is called as a host serves as a website of that name; another says no host."""
S3 = (
    rf"[0-9A-Za-z-]+ {BUCKET} {DATE} (?P<ip>\S+) \S+ \S+ (?P<operation>\S+) \S+ "
    rf'(?:"(?P<request>{QUOTED})"|-) (?P<status>\d{{3}}|-) \S+ (?P<length>\d+|-) \S+ '
    rf'(?P<generation_time_milli>\d+|-) \S+ (?:"(?P<referrer>{QUOTED})"|-) '
    rf'(?:"(?P<user_agent>{QUOTED})"|-){MORE}'
)
TIME = r"(?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z"
ELB = (
    rf"(?:[a-z0-9]{{2,8}} )?{TIME} \S+ {{ip}} \S+ \S+ "
    r"(?P<generation_time_secs>-|-?[\d.]+) \S+ (?P<status>\d{3}|-) \S+ \S+ (?P<length>\d+|-) "
    rf'"(?P<request>{QUOTED})" "(?P<user_agent>{QUOTED})"{MORE}'
)
"""Classic, and with the type of the request before it that of an application's balancer."""
IP_PORT = r"(?P<ip>\[[^\]\s]+\]|\S+):\d+"
"""Also an IPv6 address without brackets: the last colon is that of the port."""


def _s3() -> LogFormat:
    parser = LineParser(S3, by_expression(S3))
    return LogFormat("s3", lambda header: parser, clf_target, unescaped)


def _elb() -> LogFormat:
    line = ELB.replace("{ip}", IP_PORT)
    every = ELB.replace("{ip}", r"(?P<ip>\[[^\]\s]+\]|\S+?)(?::\d+)?")
    parser = LineParser(line, by_expression(every))
    return LogFormat(
        "elb",
        lambda header: parser,
        clf_target,
        unescaped,
        took_ms=1000,
        has_hosts_in_requests=True,
    )


AWS = (_s3(), _elb())
