"""Where our own files are asked for: below the path at which this request found the page."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix


class Assets(StaticFilesStorage):
    """Django's, whose addresses are fixed by the first request."""

    def url(self, name: str | None) -> str:
        """The address of one of them."""
        return get_script_prefix() + str(super().url(name)).lstrip("/")
