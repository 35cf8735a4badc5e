"""Django made ready in this process, without a settings module; it knows no database yet."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import django
from django.apps import apps as app_registry
from django.conf import settings

HOUSE = Path(__file__).parents[2]


def apps_with_tables() -> list[str]:
    """The rooms whose tables are in the records' database: each duty that has some has `records/`.

    They lie on floors above, so they are found by their place and not imported here.
    """
    found = HOUSE.glob("*/records/apps.py")
    return [f"{HOUSE.name}.{path.parent.parent.name}.records" for path in sorted(found)]


def prepare(*apps: str, **more: Any) -> None:
    """Do it once; whoever needs further apps and settings (the web page) calls this first of all.

    Models cannot be loaded before, so their room calls it as well.
    """
    if settings.configured:
        return
    settings.configure(
        INSTALLED_APPS=[*apps_with_tables(), *apps],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGGING_CONFIG=None,
        SECRET_KEY=more.pop("SECRET_KEY", None) or secrets.token_urlsafe(50),
        **more,
    )
    if apps:
        django.setup()
        return
    # all that setup() does but for the page's: its log and addresses bring mail and more along
    app_registry.populate(settings.INSTALLED_APPS)
