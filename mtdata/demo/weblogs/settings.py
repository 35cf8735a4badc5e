"""Switches, websites and tokens of the stand-in for Matomo, named as there; nothing acts here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

SUPER_USER = "5afe" * 8
"""The token of the super user that every stand-in begins with."""
SEARCH_KEYWORDS = "q,query,s,search,searchword,k,keyword"
NGINX_MAX_BODY = 2**20
_TRACKING = frozenset({"write", "admin"})


@dataclass(frozen=True)
class MatomoToken:
    """What a token allows: `rights` are "view", "write" or "admin" by idsite.

    `secure_only`: it is taken from a POST form alone, never from a bulk body or a URL.
    """

    super_user: bool = False
    rights: Mapping[int, str] = field(default_factory=dict)
    secure_only: bool = False

    def may_track(self, idsite: int) -> bool:
        """Whether it vouches for the address and time of a hit."""
        return self.super_user or self.rights.get(idsite) in _TRACKING

    def may_view(self, idsite: int) -> bool:
        """Whether it opens the reports of a site."""
        return self.super_user or idsite in self.rights

    @property
    def is_admin(self) -> bool:
        """Whether it is an administrator's of any site."""
        return self.super_user or "admin" in self.rights.values()


@dataclass
class MatomoWebsite:
    """A site that is tracked; lists are texts with commas, as getSiteFromId gives them."""

    idsite: int = 1
    main_url: str = "https://www.example.org"
    alias_urls: tuple[str, ...] = ()
    name: str = "Example"
    timezone: str = "UTC"
    excluded_ips: str = ""
    excluded_parameters: str = ""
    excluded_user_agents: str = ""
    exclude_unknown_urls: bool = False
    sitesearch: bool = True
    sitesearch_keyword_parameters: str = ""
    ts_created: datetime = datetime(2024, 1, 1, tzinfo=UTC)

    @property
    def search_keywords(self) -> frozenset[str]:
        """The parameters, in lower case, that make a search of a page view."""
        if not self.sitesearch:
            return frozenset()
        listed = self.sitesearch_keyword_parameters or SEARCH_KEYWORDS
        return frozenset(comma_list(listed.lower()))


@dataclass
class MatomoSettings:
    """May be set at any time; the next request goes by it.

    `time_limit_hits`: a batch of more hits meets PHP's time limit.  `hits_per_s` is what all cores
    do together.  `retention_days` is delete_logs_older_than, None = raw data is kept.
    """

    websites: dict[int, MatomoWebsite] = field(default_factory=lambda: {1: MatomoWebsite()})
    tokens: dict[str, MatomoToken] = field(
        default_factory=lambda: {SUPER_USER: MatomoToken(super_user=True)}
    )
    record_statistics: bool = True
    maintenance_mode: bool = False
    database_up: bool = True
    transactions: bool = True
    require_authentication: bool = False
    bandwidth_plugin: bool = False
    browser_archiving: bool = True
    max_body: int = NGINX_MAX_BODY
    time_limit_hits: int | None = None
    hits_per_s: float | None = None
    latency_s: float = 0.0
    retention_days: int | None = None
    excluded_ips: str = ""
    excluded_user_agents: str = ""
    excluded_parameters: str = ""
    spam_referrers: tuple[str, ...] = ("semalt.com", "buttons-for-website.com")
    version: str = "5.2.0"


def comma_list(text: str) -> list[str]:
    """The entries of a list with commas, without blanks around them."""
    return [entry for part in text.split(",") if (entry := part.strip())]
