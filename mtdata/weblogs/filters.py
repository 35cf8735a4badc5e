"""Which values of a line leave it out, and under which reason; it reads no line and counts none.

A line has one reason, the first of: a time that cannot be (`bad_date`), `older`, `newer`; `bad_ip`,
`excluded_ip`; `no_host`, `host`; `path`, `static`; `user_agent`, `excluded_user_agent`, `bot`;
`error`, `redirect`; `no_request`.  Before them what the formats refuse: `comment` (and blank),
`malformed`, `too_long`, `rtmp`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fnmatch import translate
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mtdata.core.errors import ConfigError
from mtdata.weblogs.bots import is_bot
from mtdata.weblogs.rules import STATIC, Rules
from mtdata.weblogs.urls import clean_host, without_port

IP = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = re.compile(rf"{OCTET}(?:\.{OCTET}){{3}}", re.ASCII)
OLDEST = timedelta(days=20 * 365)
"""Matomo stores what is more than 20 years old as of now; five leap days stay on the sound side."""
MODIFIERS = frozenset("imsxu")


class Filters:
    """The rules' filters; each method gives the reason to leave a line out, or ""."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._oldest = rules.newest - OLDEST
        self._has_path = _globs(rules.include_path)
        self._has_no_path = _globs(rules.exclude_path)
        self._has_host = _globs(rules.include_host, lower=True)
        self._has_no_host = _globs(rules.exclude_host, lower=True)
        self._agents = tuple(part.lower() for part in rules.useragent_exclude if part)
        self._sites_agents = [contained(one) for one in rules.excluded_user_agents if one]
        self._parameters = [named(one) for one in rules.excluded_parameters if one]
        self._networks = [network(one) for one in rules.excluded_ips if one]
        self._own_host = clean_host(rules.main_url.partition("://")[2].partition("/")[0])

    def date(self, moment: datetime) -> str:
        """bad_date, older or newer."""
        if not self._oldest < moment <= self._rules.newest:
            return "bad_date"
        if self._rules.exclude_older_than and moment < self._rules.exclude_older_than:
            return "older"
        is_newer = self._rules.exclude_newer_than and moment > self._rules.exclude_newer_than
        return "newer" if is_newer else ""

    def ip(self, address: str) -> str:
        """excluded_ip; of an address that canonical_ip gave."""
        if not self._networks:
            return ""
        known = ip_address(address)
        return "excluded_ip" if any(known in one for one in self._networks) else ""

    def host(self, host: str) -> str:
        """no_host or host; "" stands for a line without host."""
        if not (host or self._own_host):
            return "no_host"
        name = without_port(host or self._own_host)
        if self._has_no_host and self._has_no_host(name):
            return "host"
        return "host" if self._has_host and not self._has_host(name) else ""

    def path(self, path: str) -> tuple[str, bool]:
        """path or static; and whether it is a file to be downloaded, or a part of a page."""
        if self._has_no_path and self._has_no_path(path):
            return "path", False
        if self._has_path and not self._has_path(path):
            return "path", False
        kind = extension(path)
        is_robots = kind == "txt" and path.endswith("/robots.txt")
        if kind in self._rules.download_extensions and not is_robots:
            return "", True
        if not (kind in STATIC or is_robots):
            return "", False
        return ("" if "enable_static" in self._rules.flags else "static"), True

    def user_agent(self, text: str) -> str:
        """user_agent, excluded_user_agent or bot."""
        lower = text.lower()
        if any(part in lower for part in self._agents):
            return "user_agent"
        if any(is_excluded(text) for is_excluded in self._sites_agents):
            return "excluded_user_agent"
        return "bot" if "enable_bots" not in self._rules.flags and is_bot(text) else ""

    def status(self, status: str) -> str:
        """error or redirect."""
        if is_error(status):
            return "" if "enable_http_errors" in self._rules.flags else "error"
        if is_redirect(status):
            return "" if "enable_http_redirects" in self._rules.flags else "redirect"
        return ""

    def query(self, query: str) -> str:
        """The query that is sent: without what the site excludes."""
        if self._rules.strip_query:
            return ""
        if not (query and self._parameters):
            return query
        pairs = (pair for pair in query.split("&") if not self._is_excluded(pair))
        return "&".join(pairs)

    def _is_excluded(self, pair: str) -> bool:
        name = pair.partition("=")[0]
        return any(is_named(name) for is_named in self._parameters)


def is_error(status: str) -> bool:
    """4xx and 5xx; and what is no status, of a request that had no answer (000, -1)."""
    return status[:1] in "45" if len(status) == 3 and "1" <= status < "6" else status not in "-"


def is_redirect(status: str) -> bool:
    """3xx, but not 304, with which a page is seen."""
    return status[:1] == "3" and status != "304"


def extension(path: str) -> str:
    """What stands behind the last dot of the last name, in small letters; "" for none."""
    return path[path.rfind("/") + 1 :].rpartition(".")[2].lower() if "." in path else ""


def canonical_ip(text: str) -> str:
    """The address in what a log has for one: the first of a list, without port; "" for none."""
    if IPV4.fullmatch(text):
        return text
    text = text.partition(",")[0].strip(' "')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address: IP = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def network(text: str) -> Network:
    """An address, 192.0.2.0/24 or 192.0.*.*; ConfigError for anything else."""
    numbers = text.strip().split(".")
    stars = numbers.count("*")
    plain = text.strip()
    if stars and numbers[-stars:] == ["*"] * stars:
        plain = ".".join(["0" if one == "*" else one for one in numbers]) + f"/{32 - 8 * stars}"
    try:
        return ip_network(plain, strict=False)
    except ValueError:
        raise ConfigError(f"an excluded IP is none: {text!r}") from None


def _delimited(text: str) -> str:
    """What stands between the slashes of /this/, modifiers behind it or none; '' for other text."""
    body, slash, modifiers = text[1:].rpartition("/")
    return body if slash and text.startswith("/") and MODIFIERS.issuperset(modifiers) else ""


def contained(text: str) -> Callable[[str], bool]:
    """Whether a user agent has this part, or is found by /this/; ConfigError as of `compiled`."""
    if delimited := _delimited(text.strip()):
        expression = compiled(delimited)
        return lambda agent: expression.search(agent) is not None
    lower = text.strip().lower()
    return lambda agent: lower in agent.lower()


def named(text: str) -> Callable[[str], bool]:
    """Whether a parameter has this name, or one found by /this/; ConfigError as of `compiled`."""
    if delimited := _delimited(text.strip()):
        expression = compiled(delimited)
        return lambda name: expression.search(name) is not None
    lower = text.strip().lower()
    return lambda name: name.lower() == lower


def compiled(expression: str) -> re.Pattern[str]:
    """The expression, case ignored; ConfigError when it is none."""
    try:
        return re.compile(expression, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as fault:
        raise ConfigError(f"an expression cannot be read: {expression!r} ({fault})") from None


def _globs(globs: Iterable[str], *, lower: bool = False) -> Callable[[str], object] | None:
    """Whether one of the globs fits; None without globs."""
    given = [translate(glob.lower() if lower else glob) for glob in globs if glob]
    return re.compile("|".join(given)).match if given else None
