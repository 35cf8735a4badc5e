"""What `mtdata check --offline` says of a site of web logs: its config alone; it asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

from mtdata.config import Settings
from mtdata.config.weblogs import WeblogSite
from mtdata.core.checks import Finding


def check_offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    """Where the logs of each of these domains come from and go to."""
    sites = [site for site in settings.weblogs.sites if site.domain in names]
    return [found for site in sites for found in _check_site(site)]


def _check_site(site: WeblogSite) -> list[Finding]:
    told = f"{site.pull_bucket}, days of {site.zone.key}"
    told += f", daily at {site.daily:%H:%M}" if site.daily else ""
    verdict, way = "good", f"{site.piwik_ip}, site {site.idsite}"
    if site.insecure:
        verdict, way = "odd", f"{way}: token and logs cross the network in clear text: https"
    return [
        Finding(site.domain, "pull_bucket", "good", told),
        Finding(site.domain, "piwik_ip", verdict, way),
    ]
