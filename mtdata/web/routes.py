"""Every address of the web page in one table: who may do what there; it shows nothing itself.

A page is one function in `pages/` and one line here.  A GET changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path

from mtdata.web.pages import account, alive, incidents, overview, pool, runners
from mtdata.web.roles import Role, role_of

Page = Callable[..., HttpResponse]


class Way(NamedTuple):
    """What one method does at an address, and the least role that may."""

    role: Role
    page: Page


class Route(NamedTuple):
    """One address."""

    path: str
    name: str
    ways: Mapping[str, Way]


def get(role: Role, page: Page) -> dict[str, Way]:
    """An address to look at."""
    return {"GET": Way(role, page)}


def post(role: Role, page: Page) -> dict[str, Way]:
    """An address that changes something."""
    return {"POST": Way(role, page)}


ROUTES = (
    Route("healthz", "healthz", get(Role.ANYONE, alive.healthz)),
    Route(
        "login/",
        "login",
        get(Role.ANYONE, account.login) | post(Role.ANYONE, account.login),
    ),
    Route("logout/", "logout", post(Role.ANYONE, account.logout)),
    Route("account/", "account", get(Role.VIEWER, account.show)),
    Route("account/password/", "password", post(Role.VIEWER, account.change_password)),
    Route("account/tokens/", "token_add", post(Role.VIEWER, account.add_token)),
    Route(
        "account/tokens/<int:number>/remove/",
        "token_remove",
        post(Role.VIEWER, account.remove_token),
    ),
    Route("", "overview", get(Role.VIEWER, overview.show)),
    Route("overview/", "overview_piece", get(Role.VIEWER, overview.piece)),
    Route("runners/", "runners", get(Role.VIEWER, runners.show)),
    Route("incidents/", "incidents", get(Role.VIEWER, incidents.show)),
    Route("incidents/close/", "incident_close", post(Role.OPERATOR, incidents.close)),
    Route("pool/", "pool", get(Role.VIEWER, pool.every)),
    Route("pool/<str:name>/", "pool_of", get(Role.VIEWER, pool.show)),
)


def addresses() -> list[Any]:
    """The table as Django takes it."""
    return [path(route.path, _served(route), name=route.name) for route in ROUTES]


def _served(route: Route) -> Page:
    methods = [*route.ways, *(["HEAD"] if "GET" in route.ways else [])]

    def serve(request: HttpRequest, **of_path: Any) -> HttpResponse:
        way = route.ways.get("GET" if request.method == "HEAD" else request.method or "")
        least = min(one.role for one in route.ways.values()) if way is None else way.role
        refused = _refused(request, least)
        if refused is not None:
            return refused
        if way is None:
            return HttpResponseNotAllowed(methods)
        return way.page(request, **of_path)

    return serve


def _refused(request: HttpRequest, least: Role) -> HttpResponse | None:
    """What somebody gets who may not: the page to log in, or that it is not for this role."""
    if role_of(request.user) >= least:
        return None
    if request.user.is_authenticated:
        raise PermissionDenied(f"this needs the role {least.group}")
    if request.headers.get("HX-Request"):  # a piece of a page: the whole of it goes to the log-in
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    if request.method not in ("GET", "HEAD"):
        return redirect_to_login("/")
    return redirect_to_login(request.get_full_path())
