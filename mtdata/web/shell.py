"""What stands around every page: who is logged in, where one may go; it asks no records."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mtdata import __version__
from mtdata.web.access.roles import Role, is_guest, role_of


def around(request: HttpRequest) -> dict[str, Any]:
    """For templates: the user's role by name, and the version of the program."""
    user = getattr(request, "user", None)
    role = role_of(user) if user else Role.ANYONE
    return {
        "is_guest": is_guest(user),
        "role": role.group,
        "may_order": role >= Role.OPERATOR,
        "may_administer": role >= Role.ADMIN,
        "version": __version__,
    }
