"""The records as Django knows them; no setting stands here."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsApp(AppConfig):
    """Job, Part, Event, Artifact and Runner."""

    name = "mtdata.jobs.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
