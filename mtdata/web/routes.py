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

from mtdata.web import tokens
from mtdata.web.pages import (
    account,
    alive,
    incidents,
    job,
    jobs,
    links,
    new_job,
    orders,
    overview,
    pool,
    runners,
)
from mtdata.web.roles import Role, role_of

Page = Callable[..., HttpResponse]


class Way(NamedTuple):
    """What one method does at an address, and the least role that may.

    `by_token`: also by a token of the API, for what programs fetch.
    """

    role: Role
    page: Page
    by_token: bool = False


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
    Route("jobs/", "jobs", get(Role.VIEWER, jobs.show)),
    Route("jobs/new/", "job_kinds", get(Role.OPERATOR, new_job.choose)),
    Route(
        "jobs/new/<str:kind>/",
        "job_new",
        get(Role.OPERATOR, new_job.show) | post(Role.OPERATOR, new_job.queue),
    ),
    Route("jobs/<uuid:job>/", "job", get(Role.VIEWER, job.show)),
    Route("jobs/<uuid:job>/live/", "job_live", get(Role.VIEWER, job.live)),
    Route("jobs/<uuid:job>/log/", "job_log", get(Role.VIEWER, job.log)),
    Route("jobs/<uuid:job>/parts/", "job_parts", get(Role.VIEWER, job.parts)),
    Route("jobs/<uuid:job>/artifacts/", "job_artifacts", get(Role.VIEWER, job.artifacts)),
    Route("jobs/<uuid:job>/stop/", "job_stop", post(Role.OPERATOR, orders.stop)),
    Route("jobs/<uuid:job>/retry/", "job_retry", post(Role.OPERATOR, orders.retry)),
    Route("jobs/<uuid:job>/undo/", "job_undo", post(Role.OPERATOR, orders.undo)),
    Route(
        "jobs/<uuid:job>/artifacts/<int:number>/renew/",
        "link_renew",
        post(Role.OPERATOR, links.renew),
    ),
    Route(
        "jobs/<uuid:job>/artifacts/<int:number>/revoke/",
        "link_revoke",
        post(Role.OPERATOR, links.revoke),
    ),
    Route("d/<str:word>", "download", {"GET": Way(Role.OPERATOR, links.download, by_token=True)}),
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
        if way is not None and way.by_token and "Authorization" in request.headers:
            refused = _refused_by_token(request, least)
        else:
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


def _refused_by_token(request: HttpRequest, least: Role) -> HttpResponse | None:
    """The same for a program, whose token says who it is; no cookie of a browser counts."""
    scheme, _, word = request.headers["Authorization"].partition(" ")
    found = tokens.found(word.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    request.user, role = found
    if role < least:
        raise PermissionDenied(f"this needs a token of the scope {least.group}")
    return None
