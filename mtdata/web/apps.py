"""The web page as Django knows it; no setting stands here."""

from __future__ import annotations

from django.apps import AppConfig


class WebApp(AppConfig):
    """Tokens of the API and links to download."""

    name = "mtdata.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin the log of log-ins, and end tokens and sessions with their accounts."""
        from mtdata.web.access import login_log, revocation

        login_log.listen()
        revocation.listen()
