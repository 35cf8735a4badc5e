"""What becomes of one hit: invalid, counted and left out, or stored; it stores nothing itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mtdata.demo.weblogs.php import NumberOverflow, php_int, php_text, php_time
from mtdata.demo.weblogs.settings import MatomoSettings, MatomoWebsite, comma_list
from mtdata.demo.weblogs.store import StoredHit

OWN_ADDRESS = "127.0.0.1"
TRUSTED_FOR = timedelta(seconds=86_400)
OLDEST = timedelta(days=20 * 365)
DELETED_EVERY = timedelta(days=7)
"""Old raw data is deleted weekly, so that what is to be deleted next is taken until then."""
LONGEST_EVENT = 4096
CUT_COLUMNS = {"res": 9, "pv_id": 6}
"""Bytes that PHP keeps of a parameter, also within a character."""
BOTS = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|archiver|transcoder|facebookexternalhit|slurp"
    r"|mediapartners-google|uptimerobot",
    re.I,
)


class InvalidHit(Exception):
    """The hit is counted as invalid, and the next one follows."""


class PoisonHit(Exception):
    """The hit ends the whole request with a 500, whose body is empty if `is_blank`."""

    def __init__(self, *, is_blank: bool) -> None:
        super().__init__("the request ends here")
        self.is_blank = is_blank


Access = Callable[[int, str], bool]
"""Whether a token vouches for a hit: idsite, the hit's own token."""


class HitReader:
    """Judges hits by the switches and the sites of the stand-in."""

    def __init__(self, settings: MatomoSettings, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now

    def website(self, params: Mapping[str, Any]) -> MatomoWebsite:
        """The site that a hit is of.  InvalidHit when there is none."""
        idsite = php_int(php_text(params.get("idsite")))
        website = self._settings.websites.get(idsite or 0)
        if website is None:
            raise InvalidHit("idsite")
        return website

    def read(self, params: Mapping[str, Any], access: Access, agent: str) -> StoredHit | None:
        """What is stored of a hit, None if nothing; `agent` counts if the hit brings none.

        InvalidHit and PoisonHit for what is neither.
        """
        text = {name: php_text(value) for name, value in params.items()}
        website = self.website(params)

        def is_allowed() -> bool:
            return access(website.idsite, text.get("token_auth", ""))

        address = _address(text.get("cip", ""), is_allowed)
        at = self._time(text.get("cdt", ""), is_allowed)
        agent = text.get("ua") or agent
        url = self._stored_url(
            text.get("download") or text.get("link") or text.get("url", ""), website
        )
        if self._is_left_out(text, website, address, agent, url):
            return None
        _check_identity(text)
        self._check_columns(text)
        kind = _kind(text, url, website)
        return StoredHit(
            website.idsite, url, kind, address, at, agent, _visitor(text, address, agent), params
        )

    def _time(self, text: str, is_allowed: Callable[[], bool]) -> datetime:
        """When a hit was; the future, 20 years ago and nonsense are now."""
        now = self._now()
        try:
            at = php_time(text)
        except NumberOverflow:
            raise PoisonHit(is_blank=True) from None
        if at is None or not now - OLDEST < at <= now:
            return now
        if at < now - TRUSTED_FOR and not is_allowed():
            raise InvalidHit("cdt")
        kept = self._settings.retention_days
        if kept is not None and at < now - timedelta(days=kept) - DELETED_EVERY:
            raise InvalidHit("cdt")
        return at

    def _stored_url(self, url: str, website: MatomoWebsite) -> str:
        """The URL as a utf8mb3 column has it, without excluded parameters; '' if it is none."""
        clean = re.sub("[^\0-\uffff]", "?", url.replace("\0", ""))
        if _host(clean) is None:
            return ""
        before, mark, query = clean.partition("?")
        listed = f"{website.excluded_parameters},{self._settings.excluded_parameters}"
        excluded = set(comma_list(listed.lower()))
        if not mark or not excluded:
            return clean
        pairs = [
            pair for pair in query.split("&") if pair.partition("=")[0].lower() not in excluded
        ]
        return f"{before}?{'&'.join(pairs)}" if pairs else before

    def _is_left_out(
        self, text: Mapping[str, str], website: MatomoWebsite, address: str, agent: str, url: str
    ) -> bool:
        """Whether the hit is counted and not stored."""
        settings = self._settings
        agents = f"{website.excluded_user_agents},{settings.excluded_user_agents}"
        referrer = _host(text.get("urlref", "")) or ""
        return (
            text.get("rec") != "1"
            or (text.get("bots") != "1" and _is_bot(agent))
            or _is_listed(address, f"{website.excluded_ips},{settings.excluded_ips}")
            or any(part.lower() in agent.lower() for part in comma_list(agents))
            or (website.exclude_unknown_urls and _host(url) != _host(website.main_url))
            or any(
                referrer == spam or referrer.endswith(f".{spam}")
                for spam in settings.spam_referrers
            )
        )

    def _check_columns(self, text: Mapping[str, str]) -> None:
        """PoisonHit for what the database refuses with an error."""
        if any(len(text.get(name, "")) > LONGEST_EVENT for name in ("e_c", "e_n")):
            raise PoisonHit(is_blank=False)
        for name, width in CUT_COLUMNS.items():
            try:
                text.get(name, "").encode()[:width].decode()
            except UnicodeDecodeError:
                raise PoisonHit(is_blank=False) from None
        sent = php_int(text.get("bw_bytes", ""))
        if self._settings.bandwidth_plugin and sent is not None and sent < 0:
            raise PoisonHit(is_blank=False)


def _address(text: str, is_allowed: Callable[[], bool]) -> str:
    if not text:
        return OWN_ADDRESS
    if not is_allowed():
        raise InvalidHit("cip")
    return _canonical(text)


@lru_cache(4096)
def _canonical(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 as Matomo stores it; nothing listens there


@lru_cache(4096)
def _is_bot(agent: str) -> bool:
    return BOTS.search(agent) is not None


def _check_identity(text: Mapping[str, str]) -> None:
    cid, server_ms = text.get("cid", ""), php_int(text.get("pf_srv", ""))
    if cid and not re.fullmatch("[0-9a-fA-F]{16}", cid):
        raise InvalidHit("cid")
    if server_ms is not None and server_ms < -1:
        raise InvalidHit("pf_srv")


def _visitor(text: Mapping[str, str], address: str, agent: str) -> tuple[str, ...]:
    """What one visitor's hits have in common: the id that was sent, or address and agent."""
    if text.get("uid"):
        return ("uid", text["uid"])
    return ("cid", text["cid"].lower()) if text.get("cid") else (address, agent)


def _kind(text: Mapping[str, str], url: str, website: MatomoWebsite) -> str:
    if text.get("e_c") and text.get("e_a"):
        return "event"
    if text.get("download"):
        return "download"
    if text.get("link"):
        return "outlink"
    searched = any(
        name.lower() in website.search_keywords and value not in ("", "0")
        for name, value in parse_qsl(urlsplit(url).query)
    )
    return "search" if searched else "pageview"


def _host(url: str) -> str | None:
    """The host of a URL that can be visited, in lower case; None for anything else."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https", "ftp") else None
    except ValueError:
        return None


def _is_listed(address: str, listed: str) -> bool:
    """Whether an address is in a list of addresses, networks and 192.0.2.* forms."""
    entries = comma_list(listed)
    if not entries:
        return False
    found = ipaddress.ip_address(address)
    for entry in entries:
        stars = entry.count("*")
        network = f"{entry.replace('*', '0')}/{32 - 8 * stars}" if stars else entry
        if found in ipaddress.ip_network(network, strict=False):
            return True
    return False
