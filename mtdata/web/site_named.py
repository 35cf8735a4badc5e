"""The site that an address names, or the answer that there is none; it asks no records."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404

from mtdata.config import SiteConfig


def site_named(name: str) -> SiteConfig:
    """The site of that NAME; Http404 where server.config has none."""
    for site in settings.MTDATA.sites:
        if site.name == name:
            found: SiteConfig = site
            return found
    raise Http404
