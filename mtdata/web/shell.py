"""What stands around every page: who is logged in, where one may go, where our own files are asked
for; it asks no records.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse

from mtdata import __version__
from mtdata.core.errors import MTDataError
from mtdata.web import incident_list
from mtdata.web.access.roles import Role, is_guest, role_of
from mtdata.web.room import rooms_of


def around(request: HttpRequest) -> dict[str, Any]:
    """For templates: the user's role by name, where they may go, the version of the program."""
    user = getattr(request, "user", None)
    role = role_of(user) if user else Role.ANYONE
    return {
        "is_guest": is_guest(user),
        "role": role.group,
        "may_order": role >= Role.OPERATOR,
        "may_administer": role >= Role.ADMIN,
        "nav": list(_nav(request, role, guest=is_guest(user))) if role > Role.ANYONE else [],
        "version": __version__,
    }


def _nav(request: HttpRequest, role: Role, *, guest: bool) -> Iterator[dict[str, Any]]:
    places = [("Jobs", "jobs")]
    if not guest:
        rooms = rooms_of(settings.MTDATA_DUTIES)
        places.insert(0, ("Overview", "overview"))
        places += [place for room in rooms if room.is_used(settings.MTDATA) for place in room.nav]
        places.append(("Incidents", "incidents"))
        places += [("Users", "users")] if role >= Role.ADMIN else []
    for label, name in places:
        try:
            to = reverse(name)
        except NoReverseMatch:  # a page that is served alone, as tests do
            continue
        is_here = request.path == to if name == "overview" else request.path.startswith(to)
        count = _open_incidents() if name == "incidents" else 0
        yield {"label": label, "to": to, "is_here": is_here, "count": count}


def _open_incidents() -> int:
    try:
        return sum(map(len, incident_list.open_of_all(settings.MTDATA).values()))
    except MTDataError:  # the pages of those pools say what is wrong
        return 0


class Assets(StaticFilesStorage):
    """Django's, whose addresses are fixed by the first request: ours are below the path of each."""

    def url(self, name: str | None) -> str:
        """The address of one of them."""
        return get_script_prefix() + str(super().url(name)).lstrip("/")
