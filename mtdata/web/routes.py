"""Every address of the web page in one table: who may do what there; it shows nothing itself.

A page is one function in `pages/` and one line here.  A GET changes nothing.  The operations of the
API have a table of their own (`api/operations.py`), and are served from here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import path

from mtdata.web import faults
from mtdata.web.access import authorize
from mtdata.web.access.authorize import Audience
from mtdata.web.access.roles import Role
from mtdata.web.api import document, operations
from mtdata.web.api.operations import OperationPath
from mtdata.web.pages import (
    account,
    alive,
    cake_login,
    daily,
    downloads,
    incidents,
    job,
    jobs,
    links,
    new_job,
    numbers,
    orders,
    overview,
    pool,
    runners,
    several,
    users,
)

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


ROUTES = (
    Route("healthz", "healthz", get(Role.ANYONE, alive.healthz), guests=True),
    Route(
        "login/",
        "login",
        get(Role.ANYONE, account.login) | post(Role.ANYONE, account.login),
        guests=True,
    ),
    Route(
        "login/cake/",
        "cake_login",
        get(Role.ANYONE, cake_login.show) | post(Role.ANYONE, cake_login.show),
        guests=True,
    ),
    Route("logout/", "logout", post(Role.ANYONE, account.logout), guests=True),
    Route("account/", "account", get(Role.VIEWER, account.show), guests=True),
    Route("account/password/", "password", post(Role.VIEWER, account.change_password)),
    Route("account/tokens/", "token_add", post(Role.VIEWER, account.add_token)),
    Route(
        "account/tokens/<int:number>/remove/",
        "token_remove",
        post(Role.VIEWER, account.remove_token),
    ),
    Route("jobs/", "jobs", get(Role.VIEWER, jobs.show), guests=True),
    Route(
        "jobs/several/",
        "jobs_several",
        get(Role.OPERATOR, several.show) | post(Role.OPERATOR, several.order),
        guests=True,
    ),
    Route(
        "jobs/daily/",
        "daily",
        get(Role.VIEWER, daily.show) | post(Role.OPERATOR, daily.make),
        guests=True,
    ),
    Route("jobs/stop/", "jobs_stop", post(Role.OPERATOR, orders.stop_all), guests=True),
    Route("jobs/new/", "job_kinds", get(Role.OPERATOR, new_job.choose), guests=True),
    Route(
        "jobs/new/<str:kind>/",
        "job_new",
        get(Role.OPERATOR, new_job.show) | post(Role.OPERATOR, new_job.queue),
        guests=True,
    ),
    Route("jobs/<uuid:job>/", "job", get(Role.VIEWER, job.show), guests=True),
    Route("jobs/<uuid:job>/live/", "job_live", get(Role.VIEWER, job.live), guests=True),
    Route("jobs/<uuid:job>/log/", "job_log", get(Role.VIEWER, job.log), guests=True),
    Route("jobs/<uuid:job>/parts/", "job_parts", get(Role.VIEWER, job.parts), guests=True),
    Route(
        "jobs/<uuid:job>/artifacts/", "job_artifacts", get(Role.VIEWER, job.artifacts), guests=True
    ),
    Route(
        "jobs/<uuid:job>/zip/",
        "zip",
        get(Role.OPERATOR, downloads.zip_of),
        Audience.EITHER,
        guests=True,
    ),
    Route(
        "jobs/<uuid:job>/renew/", "links_renew", post(Role.OPERATOR, links.renew_all), guests=True
    ),
    Route("jobs/<uuid:job>/stop/", "job_stop", post(Role.OPERATOR, orders.stop), guests=True),
    Route("jobs/<uuid:job>/retry/", "job_retry", post(Role.OPERATOR, orders.retry), guests=True),
    Route("jobs/<uuid:job>/undo/", "job_undo", post(Role.OPERATOR, orders.undo), guests=True),
    Route(
        "jobs/<uuid:job>/artifacts/<int:number>/renew/",
        "link_renew",
        post(Role.OPERATOR, links.renew),
        guests=True,
    ),
    Route(
        "jobs/<uuid:job>/artifacts/<int:number>/revoke/",
        "link_revoke",
        post(Role.OPERATOR, links.revoke),
        guests=True,
    ),
    Route(
        "d/<str:word>",
        "download",
        get(Role.OPERATOR, downloads.by_link),
        Audience.EITHER,
        guests=True,
    ),
    Route("", "overview", get(Role.VIEWER, overview.first), guests=True),
    Route("overview/", "overview_piece", get(Role.VIEWER, overview.piece)),
    Route("runners/", "runners", get(Role.VIEWER, runners.show)),
    Route("incidents/", "incidents", get(Role.VIEWER, incidents.show)),
    Route("incidents/close/", "incident_close", post(Role.OPERATOR, incidents.close)),
    Route("pool/", "pool", get(Role.VIEWER, pool.all_pools)),
    Route("pool/<str:name>/", "pool_of", get(Role.VIEWER, pool.show)),
    Route("users/", "users", get(Role.ADMIN, users.show) | post(Role.ADMIN, users.add)),
    Route(
        "users/<int:number>/",
        "user",
        get(Role.ADMIN, users.look) | post(Role.ADMIN, users.change),
    ),
    Route("metrics", "metrics", get(Role.VIEWER, numbers.metrics), Audience.PROGRAMS),
    Route("api/docs", "docs", get(Role.VIEWER, document.docs)),
    Route("api/openapi.json", "openapi", get(Role.VIEWER, document.openapi), Audience.PROGRAMS),
)


def _of_operation(one: OperationPath) -> Route:
    ways = {method: RouteMethod(role, page) for method, (role, page) in one.ways.items()}
    return Route(one.path, one.name, ways, Audience.PROGRAMS)


def addresses() -> list[Any]:
    """The table as Django takes it, and behind it the operations of the API."""
    routes = [*ROUTES, *map(_of_operation, operations.addresses())]
    return [path(route.path, _served(route), name=route.name) for route in routes]


def _served(route: Route) -> Page:
    methods = [*route.ways, *(["HEAD"] if "GET" in route.ways else [])]

    def serve(request: HttpRequest, **of_path: Any) -> HttpResponse:
        way = route.ways.get("GET" if request.method == "HEAD" else request.method or "")
        least = min(one.role for one in route.ways.values()) if way is None else way.role
        refused = authorize.refusal_for(request, route.audience, least, guests=route.guests)
        if refused is not None:
            return refused
        if way is None:
            return faults.not_allowed(request, methods)
        return way.page(request, **of_path)

    # where tokens count, `admission` asks sessions for the mark of our pages itself
    serve.csrf_exempt = route.audience is not Audience.PEOPLE  # type: ignore[attr-defined]
    return serve
