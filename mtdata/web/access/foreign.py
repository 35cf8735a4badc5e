"""How a guest is named here, and by which duty's service one is a guest; it looks nobody up."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from django.conf import settings

from mtdata.config.values import host_of
from mtdata.jobs.duty import Duty, ForeignLogIn

MARK = ":"
"""Ends the name of the service in that of a guest; no other user's holds it, so none is taken."""
MOST_NAME = 150
USUAL_PORTS = {"https": ":443", "http": ":80"}


def name_of(service: str, domain: str, email: str) -> str:
    """The name of the user that a guest is; of two guests never the same."""
    found = f"{service}{MARK}{email.lower()}@{domain}"
    if len(found) <= MOST_NAME:
        return found
    digest = sha256(found.encode()).hexdigest()[:32]
    return f"{found[: MOST_NAME - len(digest) - 1]}~{digest}"  # no domain holds a ~


def domain_of(typed: str) -> str:
    """The ADMIN_DOMAIN that was meant, also where a whole address of the instance was copied."""
    word = typed.strip().lower()
    scheme, mark, rest = word.partition("://")
    if not mark:
        scheme, rest = "https", word
    elif scheme not in USUAL_PORTS:
        return word
    return re.split(r"[/?#]", rest)[0].removesuffix(USUAL_PORTS[scheme]).rstrip(".")


def instance_of(service: str, typed: str) -> str:
    """The domain that was meant, of those whose accounts the config has if it is one of them."""
    domain = domain_of(typed)
    log_in, host = log_in_of(f"{service}{MARK}"), host_of(domain)
    if log_in is None or log_in.accounts_at(settings.MTDATA, domain):
        return domain
    return host if log_in.accounts_at(settings.MTDATA, host) else domain


def offered() -> list[Duty]:
    """The duties by whose service somebody may log in now: those with accounts in the config."""
    duties = (duty for duty in settings.MTDATA_DUTIES if duty.log_in)
    return [duty for duty in duties if duty.log_in.accounts(settings.MTDATA)]


def duty_of(name: str) -> Duty | None:
    """The duty of a guest of that name; None when this program has it no more."""
    service, mark, _ = name.partition(MARK)
    duties = (duty for duty in settings.MTDATA_DUTIES if duty.log_in and duty.name == service)
    return next(duties, None) if mark else None


def log_in_of(name: str) -> ForeignLogIn | None:
    """How a guest of that name logs in."""
    duty = duty_of(name)
    return duty.log_in if duty else None


def service_title(user: Any) -> str:
    """What people call the service of a guest."""
    log_in = log_in_of(user.get_username())
    return log_in.title if log_in else "another service"
