"""Who comes as a guest: whom an instance of a service accepts that the config names, none else.

The password goes to that instance and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest

from mtdata.core.errors import BusyError, MTDataError, RecordsError
from mtdata.jobs.records.asking import whole
from mtdata.web.access import lockout, relay, users
from mtdata.web.access.foreign import log_in_of
from mtdata.web.access.relay import hide_password
from mtdata.web.access.roles import is_guest
from mtdata.web.models import Guest

log = logging.getLogger(__name__)


class GuestBackend(BaseBackend):
    """Lets in whom an instance accepts, and stays with a guest while its account is there."""

    @hide_password
    def authenticate(
        self, request: HttpRequest, username: str, password: str, admin_domain: str, email: str
    ) -> Any:
        """None, and nobody is asked, for another domain and for who is shut out.

        To whom this instance is not known to have let in from there, one that cannot be asked is as
        one that says no.  BusyError while others are asked about.
        """

        def ask(*, known: bool = False) -> Any:  # in a partial the password could be seen
            return self._accepted_guest(password, username, admin_domain, email, known=known)

        if request.log_in_try.is_known:
            with relay.seat(known=True) as has_seat:
                if not has_seat:
                    raise BusyError("others are being asked for; nobody waits longer for that")
                return ask(known=True)
        with relay.seat(known=False) as has_seat:
            if not has_seat:
                lockout.put_off(request, relay.EVEN_S)
            return relay.in_even_time(lambda: _or_none(ask, admin_domain))

    @hide_password
    def _accepted_guest(
        self, password: str, name: str, domain: str, email: str, *, known: bool = False
    ) -> Any:
        ours, log_in = settings.MTDATA, log_in_of(name)
        if log_in is None or not log_in.accounts_at(ours, domain):
            return None
        user = users.user_by(username=name)
        if user is not None and not _may_come(user, domain):
            return None
        if not log_in.is_accepted(ours, domain, email, password, known=known):
            return None
        return user or _entered(name, domain, email)

    def get_user(self, user_id: Any) -> Any:
        """Asked for each request: None ends what a guest had, as soon as there is a reason."""
        user = User.objects.select_related("guest").filter(pk=user_id).first()
        if user is None or not is_guest(user) or not _may_come(user, user.guest.domain):
            return None
        return user


class PasswordBackend(ModelBackend):
    """By a password that is kept here; never for a guest, even if somebody gave them one."""

    @hide_password
    def authenticate(
        self, request: HttpRequest, username: str | None = None, password: str | None = None
    ) -> Any:
        """Names and passwords alone: what comes with a domain is none of its business."""
        return super().authenticate(request, username=username, password=password)

    def user_can_authenticate(self, user: Any) -> bool:
        """Django's answer, but for guests."""
        return super().user_can_authenticate(user) and not is_guest(user)


def _or_none(ask: Callable[[], Any], domain: str) -> Any:
    try:
        return ask()
    except RecordsError:
        raise
    except MTDataError as error:
        log.warning("a log-in at %s: it cannot be asked: %s", domain, error)
        return None


def _may_come(user: Any, domain: str) -> bool:
    """Whether a user may log in as a guest; one who only has such a name is none."""
    if not is_guest(user):
        log.error("a user has a name as guests have, and is none: nobody logs in by it")
        return False
    log_in = log_in_of(user.get_username())
    there = log_in is not None and bool(log_in.accounts_at(settings.MTDATA, domain))
    return bool(user.is_active) and user.guest.domain == domain and there


def _entered(name: str, domain: str, email: str) -> Any:
    def move() -> Any:
        user = User(username=name, email=users.mailbox_of(email))
        user.set_unusable_password()
        user.save()
        Guest.objects.create(user=user, domain=domain)
        return user

    try:
        return whole(move, patient=False)
    except IntegrityError:  # the same person came twice at once, or the name was taken just now
        known = users.user_by(username=name)
        return known if known is not None and _may_come(known, domain) else None
