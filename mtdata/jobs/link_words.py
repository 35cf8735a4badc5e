"""The signed word of a link to what a job made; the page says until when it opens."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.core.signing import Signer

from mtdata.config import Settings

SALT = "mtdata.web.links"
LEAST_SECRET = 50
"""Letters; what is shorter was cut."""


def secret_file(home: Path) -> Path:
    """Where the page keeps what it signs by, unless SECRET_KEY is that."""
    return home / "state" / "web.secret"


def page_secret(settings: Settings) -> str:
    """What the page signs by, as far as this machine knows it; '' where it does not."""
    given = settings.programme.secret_key
    if given is not None:
        return given.get_secret_value()
    try:
        word = secret_file(settings.home).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return word if len(word) >= LEAST_SECRET else ""


def signer(secret: str = "") -> Signer:
    """Signs by that secret, or by Django's own where none is given."""
    return Signer(key=secret or None, salt=SALT, sep=".")


def signed_word(artifact: int, generation: int, job: UUID, secret: str = "") -> str:
    """The word for an artifact; one of an earlier `generation` than its link's opens nothing."""
    # the job as well: a number may come again in a database that was made anew
    return str(signer(secret).sign_object([artifact, generation, job.hex]))
