"""How a guest is named here, and which instance somebody means; it looks nobody up."""

from __future__ import annotations

from hashlib import sha256

MARK = ":"
"""Ends the name of the service in that of a guest; no other user's holds it, so none is taken."""
MOST_NAME = 150


def name_of(service: str, domain: str, email: str) -> str:
    """The name of the user that a guest is; of two guests never the same."""
    found = f"{service}{MARK}{email.lower()}@{domain}"
    if len(found) <= MOST_NAME:
        return found
    digest = sha256(found.encode()).hexdigest()[:32]
    return f"{found[: MOST_NAME - len(digest) - 1]}~{digest}"  # no domain holds a ~


def service_of(name: str) -> str:
    """The name of the duty whose service the guest is from; '' for any other user's name."""
    service, mark, _ = name.partition(MARK)
    return service if mark else ""


def domain_of(typed: str) -> str:
    """The ADMIN_DOMAIN that was meant, as far as one can tell."""
    return typed.strip().lower().removeprefix("https://").rstrip("/")
