"""Programme data as Django knows it; no setting stands here."""

from __future__ import annotations

from django.apps import AppConfig


class ProgrammeApp(AppConfig):
    """Team, FormResponse, TeamChange, Upload and its pieces."""

    name = "mtdata.programme.records"
    label = "programme"
    verbose_name = "Programme data"
    default_auto_field = "django.db.models.BigAutoField"
