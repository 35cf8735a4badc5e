"""The web page as Django knows it; no setting stands here."""

from __future__ import annotations

from django.apps import AppConfig


class WebApp(AppConfig):
    """Tokens of the API and links to download."""

    name = "mtdata.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen at the door, and for accounts that end."""
        from mtdata.web.access import ending, login_log

        login_log.listen()
        ending.listen()
