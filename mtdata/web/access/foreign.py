"""By which duty's service a guest is one; their name here says it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from mtdata.jobs.duty import Duty
from mtdata.jobs.foreign import ForeignLogIn
from mtdata.web.access.guest_names import service_of


def offered() -> list[Duty]:
    """The duties by whose service somebody may log in now: those with accounts in the config."""
    duties = (duty for duty in settings.MTDATA_DUTIES if duty.log_in)
    return [duty for duty in duties if duty.log_in.accounts(settings.MTDATA)]


def duty_of(name: str) -> Duty | None:
    """The duty of a guest of that name; None when this program has it no more."""
    service = service_of(name)
    found = (duty for duty in settings.MTDATA_DUTIES if duty.log_in and duty.name == service)
    return next(found, None)


def log_in_of(name: str) -> ForeignLogIn | None:
    """How a guest of that name logs in."""
    duty = duty_of(name)
    return duty.log_in if duty else None


def service_title(user: Any) -> str:
    """What people call the service of a guest."""
    log_in = log_in_of(user.get_username())
    return log_in.title if log_in else "another service"
