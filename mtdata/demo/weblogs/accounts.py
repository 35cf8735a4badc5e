"""Who may do what on the stand-in for Matomo, and the lock-out after wrong tokens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from mtdata.demo.weblogs.settings import MatomoSettings, MatomoToken

ALLOWED_FAILURES = 20
LOCKED_FOR = timedelta(hours=1)


class MatomoAccounts:
    """Tokens and failed log-ins, all of which come from one address: this machine.  Thread-safe."""

    def __init__(self, settings: MatomoSettings, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self._failures: deque[datetime] = deque(maxlen=ALLOWED_FAILURES + 1)
        self._lock = threading.Lock()

    @property
    def locked(self) -> bool:
        """Whether more log-ins failed within the last hour than are allowed."""
        with self._lock:
            recent = [at for at in self._failures if self._now() - at < LOCKED_FOR]
        return len(recent) > ALLOWED_FAILURES

    def fail(self) -> None:
        """Count a failed log-in."""
        with self._lock:
            self._failures.append(self._now())

    def unlock(self) -> None:
        """Forget the failed log-ins."""
        with self._lock:
            self._failures.clear()

    def find(self, token: str, *, secure: bool) -> MatomoToken | None:
        """What a token stands for; a secure-only one needs a secure way, which a form is."""
        known = self._settings.tokens.get(token)
        return known if known is not None and (secure or not known.secure_only) else None


class HitAccess:
    """What the tokens of one tracking request vouch for; its refusals are one failed log-in."""

    def __init__(self, accounts: MatomoAccounts, token: str, *, secure: bool) -> None:
        self._accounts, self._token, self._secure = accounts, token, secure
        self._failed = False

    @property
    def is_super_user(self) -> bool:
        """Whether the token of the request, not of a hit, is a super user's."""
        known = self._accounts.find(self._token, secure=self._secure)
        return known is not None and known.super_user

    def may_track(self, idsite: int, own_token: str) -> bool:
        """Whether a hit may name its address and time; its own token counts without another."""
        token = self._token or own_token
        if not token:
            return False
        known = self._accounts.find(token, secure=self._secure)
        allowed = known is not None and known.may_track(idsite)
        if not allowed and not self._failed:
            self._failed = True
            self._accounts.fail()
        return allowed
