"""Keys to the API: made, found, removed; kept as digests alone."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError, connection

from mtdata.core.errors import UsageError
from mtdata.jobs.records.asking import asking, now, whole
from mtdata.jobs.records.fitness import without_waiting
from mtdata.web.access.roles import Role, role_of
from mtdata.web.models import Token

MARK = "mtd_"
"""What every token begins with, so that a scanner of secrets knows it."""
USED_S = 60
DAYS = 365
_noted_again_at = [float("-inf")]
MOST = 100
"""Letters; what is longer is none of ours."""


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def make(user: Any, name: str, scope: Role, days: int = DAYS) -> str:
    """A new token; it is shown now and never again.  UsageError for one too many."""
    word = MARK + secrets.token_urlsafe(32)

    def move() -> None:
        # an account that is being shut just now keeps none
        if not User.objects.select_for_update().filter(pk=user.pk, is_active=True).exists():
            raise UsageError(f"{user.get_username()} may not log in")
        at = now()
        Token.objects.create(
            user_id=user.pk,
            name=name[:64],
            digest=_digest(word),
            scope=scope.group,
            made_at=at,
            ends_at=at + timedelta(days=days),
        )

    whole(
        move,
        patient=False,
        stands=lambda _: Token.objects.filter(digest=_digest(word)).exists(),
    )
    return word


def tokens_of(user: Any) -> list[Token]:
    """What opens something in that user's name, or did, the newest first."""
    with asking():
        return list(Token.objects.filter(user=user).order_by("-made_at", "-pk"))


def remove(user: Any, number: int) -> bool:
    """It opens nothing from now on; whether that user had one of that number."""
    with asking():
        gone, _ = Token.objects.filter(user=user, pk=number).delete()
    return bool(gone)


def user_of(word: str) -> tuple[Any, Role] | None:
    """Whose token it is, and the least of its scope and that user's role; None for no token."""
    if not word.startswith(MARK) or len(word) > MOST:
        return None
    with asking():
        token = Token.objects.select_related("user").filter(digest=_digest(word)).first()
        if token is None or not token.user.is_active:
            return None
        at = now()
        if token.ends_at and token.ends_at <= at:
            return None
        if token.used_at is None or (at - token.used_at).total_seconds() > USED_S:
            _note_use(token, at)
        token.user.scope = Role[token.scope.upper()]
        return token.user, role_of(token.user)


def _note_use(token: Token, at: datetime) -> None:
    """Enter that it opened something, unless the records take nothing now: whoever asks may read.

    Where they did not, it is not tried again for a while: of some databases that takes its time.
    """
    if _noted_again_at[0] > time.monotonic():
        return
    try:
        with without_waiting():
            Token.objects.filter(pk=token.pk).update(used_at=at)
    except (DatabaseError, InterfaceError):
        connection.close()  # one that is read-only would stay so
        _noted_again_at[0] = time.monotonic() + USED_S
