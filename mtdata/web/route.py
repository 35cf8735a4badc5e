"""An address of the web page: what each method does there, and who may; it serves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.http import HttpResponse

from mtdata.web.access.authorize import Audience
from mtdata.web.access.roles import Role
from mtdata.web.body_limits import BodyLimit, usual_body

Page = Callable[..., HttpResponse]


class RouteMethod(NamedTuple):
    """What one method does at an address, the least role that may, and how large a body it takes.

    Beyond `usual_body` it is taken from those alone who may, and lies on the disk meanwhile.
    """

    role: Role
    page: Page
    body: BodyLimit = usual_body


class Route(NamedTuple):
    """One address, for people or programs (`audience`); `guests` says whether they may come too.

    A page that guests may come to shows and does nothing beyond their scope (`access.scope`).
    """

    path: str
    name: str
    ways: Mapping[str, RouteMethod]
    audience: Audience = Audience.PEOPLE
    guests: bool = False
    is_old: bool = False  # the one behind `api/v1/` is meant; this one ends with 1.0

    @property
    def takes_uploads(self) -> bool:
        """Whether one of its methods takes more than usual."""
        return any(way.body is not usual_body for way in self.ways.values())


def get(role: Role, page: Page) -> dict[str, RouteMethod]:
    """An address to look at."""
    return {"GET": RouteMethod(role, page)}


def post(role: Role, page: Page, body: BodyLimit = usual_body) -> dict[str, RouteMethod]:
    """An address that changes something."""
    return {"POST": RouteMethod(role, page, body)}
