"""Web logs as Django knows them; no setting stands here."""

from __future__ import annotations

from django.apps import AppConfig


class WeblogsApp(AppConfig):
    """The tables of lines."""

    name = "mtdata.weblogs.records"
    label = "weblogs"
    verbose_name = "Web logs"
    default_auto_field = "django.db.models.BigAutoField"
