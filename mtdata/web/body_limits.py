"""How large a body may be, by the kind of address; it knows no address."""

from __future__ import annotations

from collections.abc import Callable

from mtdata.config import Settings

BodyLimit = Callable[[Settings], int]
MOST_BODY, AROUND_A_FILE = 1 << 20, 1 << 16
"""Bytes: of a body, and of what a form has beside a file in it."""


def usual_body(settings: Settings) -> int:
    """What anybody may send anywhere."""
    return MOST_BODY


def upload_body(settings: Settings) -> int:
    """A file, for an address that reads it in pieces (`uploads.reading`)."""
    return settings.programme.upload_max + AROUND_A_FILE
