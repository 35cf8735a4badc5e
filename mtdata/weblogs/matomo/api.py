"""Matomo's reporting API: what it knows of a site, what it counts of a day, archiving by HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from mtdata.core.border import Border
from mtdata.weblogs.matomo.connection import MatomoAnswer, MatomoConnection
from mtdata.weblogs.matomo.errors import TrackingError, TrackingRefused
from mtdata.weblogs.matomo.tracker import Target

FORM = "application/x-www-form-urlencoded"
LOCKED = (
    "{0}: too many failed log-ins from this machine's address: Matomo lets nobody from here in for "
    "an hour, right tokens neither"
)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as Matomo has it; what it excludes is counted there as tracked, and not stored."""

    main_url: str
    zone: ZoneInfo
    excluded_ips: tuple[str, ...] = ()
    excluded_agents: tuple[str, ...] = ()
    excluded_parameters: tuple[str, ...] = ()
    only_hosts: tuple[str, ...] = ()  # hits of other hosts are not stored; () where all are
    searches: bool = True  # URLs with q= and the like are counted as searches, not as pages


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What the reports say of a day of the site's zone."""

    visits: int
    actions: int
    downloads: int


class MatomoApi:
    """Asks one Matomo; used by one thread at a time."""

    def __init__(self, target: Target) -> None:
        self._token = target.token
        self._connection = MatomoConnection(target.url, target.timeout_s, target.ca)

    def site(self, idsite: int) -> SiteFacts:
        """What Matomo knows of the site.

        TrackingRefused for a site or token that it does not know, TrackingError when it says
        nothing that can be read.
        """
        found = self._call("SitesManager.getSiteFromId", idSite=str(idsite))
        hosts: tuple[str, ...] = ()
        if isinstance(found, dict) and _is_on(found.get("exclude_unknown_urls")):
            hosts = _hosts(self._call("SitesManager.getSiteUrlsFromId", idSite=str(idsite)))
        with Border(
            TrackingError, f"{self._connection.host}: it says of site {idsite} what no Matomo says"
        ):
            return SiteFacts(
                main_url=str(found["main_url"]),
                zone=ZoneInfo(str(found.get("timezone") or "UTC")),
                excluded_ips=_listed(found.get("excluded_ips")),
                excluded_agents=_listed(found.get("excluded_user_agents")),
                excluded_parameters=_listed(found.get("excluded_parameters")),
                only_hosts=hosts,
                searches=_is_on(found.get("sitesearch", 1)),
            )

    def excluded_everywhere(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Addresses, user agents, parameters that no site counts; wants an administrator's token.

        TrackingRefused with another.
        """
        names = ("ExcludedIps", "ExcludedUserAgents", "ExcludedQueryParameters")
        ips, agents, parameters = (
            _listed(_value(self._call(f"SitesManager.get{name}Global"))) for name in names
        )
        return ips, agents, parameters

    def figures(self, idsite: int, day: date) -> DayFigures:
        """What the reports say of that day; the errors are those of `site`."""
        of_day = {"idSite": str(idsite), "period": "day", "date": day.isoformat()}
        visits = self._call("VisitsSummary.get", **of_day)
        actions = self._call("Actions.get", **of_day)
        with Border(TrackingError, f"{self._connection.host}: it reports what no Matomo reports"):
            return DayFigures(
                int(visits.get("nb_visits", 0)),
                int(visits.get("nb_actions", 0)),
                int(actions.get("nb_downloads", 0)),
            )

    def archive(self) -> str:
        """Run the archiving by HTTP; the log of it.  The errors are those of `site`."""
        answer = self._ask("CoreAdminHome.runCronArchiving", {})
        if answer.status != HTTPStatus.OK:
            raise self._fault(answer)
        return answer.body.decode("utf-8", "replace")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _call(self, method: str, **parameters: str) -> Any:
        answer = self._ask(method, parameters)
        with Border(TrackingError, f"{self._connection.host}: it answers no JSON to {method}"):
            found = json.loads(answer.body)
        if answer.status != HTTPStatus.OK or (
            isinstance(found, dict) and found.get("result") == "error"
        ):
            raise self._refusal(found, method)
        return found

    def _ask(self, method: str, parameters: Mapping[str, str]) -> MatomoAnswer:
        """With module and method in the address and the token in the form: then faults are JSON."""
        asked = {"module": "API", "format": "json", "method": method, **parameters}
        form = urlencode({"token_auth": self._token}).encode()
        answer = self._connection.post(f"index.php?{urlencode(asked)}", FORM, form)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST):
            raise self._fault(answer)
        return answer

    def _fault(self, answer: MatomoAnswer) -> TrackingError:
        host = self._connection.host
        if b"Too many failed logins" in answer.body:
            return TrackingRefused(LOCKED.format(host))
        if 300 <= answer.status < 400:
            return TrackingRefused(
                f"{host} sends us to another address (HTTP {answer.status}): write that into "
                "piwik_ip, with https:// where it wants that"
            )
        return TrackingError(f"{host}: HTTP {answer.status} to a question of the API")

    def _refusal(self, found: Any, method: str) -> TrackingError:
        """What it does not give us; its own words could quote a token."""
        host, told = self._connection.host, str(found)
        if "Too many failed logins" in told:
            return TrackingRefused(LOCKED.format(host))
        if "idSite" in told or "idsite" in told or "unexpected website" in told:
            return TrackingRefused(f"{host} knows no such site: see idsite in weblogs.config")
        return TrackingRefused(f"{host} refuses {method}: has the token's user the right to it?")


def _hosts(urls: Any) -> tuple[str, ...]:
    named = (urlsplit(str(one)).hostname for one in urls) if isinstance(urls, list) else ()
    return tuple(dict.fromkeys(host for host in named if host))


def _value(found: Any) -> Any:
    return found.get("value") if isinstance(found, dict) else found


def _listed(found: Any) -> tuple[str, ...]:
    """A list as Matomo gives one: of words, or a text with commas and lines."""
    if isinstance(found, list):
        return tuple(str(one) for one in found)
    words = str(found or "").replace("\n", ",").split(",")
    return tuple(word.strip() for word in words if word.strip())


def _is_on(found: Any) -> bool:
    return str(found).lower() not in ("0", "", "none", "false")
