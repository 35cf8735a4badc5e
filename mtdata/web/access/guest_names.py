"""How a guest is named here, and which instance somebody means; it looks nobody up."""

from __future__ import annotations

from hashlib import sha256

MARK = "cake:"
"""What the name of a guest begins with; no other user's holds a colon, so none is taken over."""
MOST_NAME = 150


def name_of(domain: str, email: str) -> str:
    """The name of the user that a guest is; of two guests never the same."""
    found = f"{MARK}{email.lower()}@{domain}"
    if len(found) <= MOST_NAME:
        return found
    digest = sha256(found.encode()).hexdigest()[:32]
    return f"{found[: MOST_NAME - len(digest) - 1]}~{digest}"  # no domain holds a ~


def domain_of(typed: str) -> str:
    """The ADMIN_DOMAIN that was meant, as far as one can tell."""
    return typed.strip().lower().removeprefix("https://").rstrip("/")
