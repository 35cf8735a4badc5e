"""Django made ready in this process, without a settings module; it knows no database yet."""

from __future__ import annotations

import secrets
from typing import Any

import django
from django.conf import settings

APPS = ("mtdata.jobs.records",)


def prepare(*apps: str, **more: Any) -> None:
    """Do it once; whoever needs further apps and settings (the web page) calls this first of all.

    Models cannot be loaded before, so their room calls it as well.
    """
    if settings.configured:
        return
    settings.configure(
        INSTALLED_APPS=[*APPS, *apps],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGGING_CONFIG=None,
        SECRET_KEY=more.pop("SECRET_KEY", None) or secrets.token_urlsafe(50),
        **more,
    )
    django.setup()
