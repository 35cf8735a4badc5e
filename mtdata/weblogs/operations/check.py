"""What `mtdata check` looks at of a site of web logs: its bucket and its Matomo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.checks import Finding
from mtdata.core.clock import SystemClock
from mtdata.core.errors import MTDataError
from mtdata.core.stored_format import check_format
from mtdata.weblogs.importer import probe
from mtdata.weblogs.ledger.schema import WEBLOGS
from mtdata.weblogs.operations import ledger_place, opening
from mtdata.weblogs.operations.day_import import listed_of_day
from mtdata.weblogs.sites import site_named, source_of


def check_site(settings: Settings, name: str) -> list[Finding]:
    """Ask the bucket and the Matomo of a site once."""
    site = site_named(settings, name)
    return [
        *_ledger(settings, site),
        _check(site, "pull_bucket", lambda: _logs(site)),
        _check(site, "piwik_ip", lambda: _site(site)),
        _check(site, "token", lambda: _token(site)),
    ]


def _check(site: WeblogSite, what: str, act: Callable[[], tuple[str, str]]) -> Finding:
    try:
        return Finding(site.domain, what, *act())
    except MTDataError as error:
        return Finding(site.domain, what, "bad", str(error), error.exit_code)


def _ledger(settings: Settings, site: WeblogSite) -> list[Finding]:
    """A ledger whose lines are elsewhere, so that no import would begin; none where all is well."""
    path = opening.ledger_path(settings, site.domain)
    if formats := check_format(site.domain, path, WEBLOGS):
        return formats  # to open an older one would make it newer
    try:
        ledger_place.look(settings, site.domain, path)
    except MTDataError as error:
        return [Finding(site.domain, "ledger", "bad", str(error), error.exit_code)]
    return []


def _logs(site: WeblogSite) -> tuple[str, str]:
    day = SystemClock().now().astimezone(site.zone).date() - timedelta(days=1)
    with source_of(site) as source:
        count = len(listed_of_day(source, site, day))
    files = "1 log" if count == 1 else f"{count:,} logs"
    return ("good" if count else "odd"), f"{files} of {day}"


def _site(site: WeblogSite) -> tuple[str, str]:
    known = opening.asked_exclusions(site)
    told = [f"site {site.idsite} is {known.facts.main_url}, its zone {known.facts.zone.key}"]
    for what, some in (
        ("addresses", known.ips),
        ("user agents", known.agents),
        ("parameters", known.parameters),
        ("hosts but", known.facts.only_hosts),
    ):
        if some:
            told.append(f"excluded {what}: {', '.join(some)}")
    if not known.has_globals:
        told.append("what it excludes of all sites only an administrator's token may ask")
    if known.facts.zone.key != site.zone.key:
        told.append(f"zone in weblogs.config is {site.zone.key}: write {known.facts.zone.key}")
        return "odd", "; ".join(told)
    return "good", "; ".join(told)


def _token(site: WeblogSite) -> tuple[str, str]:
    probe(opening.terms_of(site))
    if site.insecure:
        return "odd", "it takes hits from the token, which crosses the network in clear text: https"
    return "good", "it takes hits from the token"
