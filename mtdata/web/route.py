"""An address of the web page: what each method does there, and who may; it serves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.http import HttpResponse

from mtdata.web.access.authorize import Audience
from mtdata.web.access.roles import Role

Page = Callable[..., HttpResponse]


class RouteMethod(NamedTuple):
    """What one method does at an address, and the least role that may."""

    role: Role
    page: Page


class Route(NamedTuple):
    """One address, for people or programs (`audience`); `guests` says whether they may come too.

    A page that guests may come to shows and does nothing beyond their scope (`access.scope`).
    """

    path: str
    name: str
    ways: Mapping[str, RouteMethod]
    audience: Audience = Audience.PEOPLE
    guests: bool = False


def get(role: Role, page: Page) -> dict[str, RouteMethod]:
    """An address to look at."""
    return {"GET": RouteMethod(role, page)}


def post(role: Role, page: Page) -> dict[str, RouteMethod]:
    """An address that changes something."""
    return {"POST": RouteMethod(role, page)}
