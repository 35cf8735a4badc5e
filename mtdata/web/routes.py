"""Every address of the web page in one table: who may do what there; it shows nothing itself.

A page is one function in `pages/` and one line here; those of one duty alone stand in its
room (`room.py`), which the table of duties names.  A GET changes nothing.  The operations of the
API have a table of their own (`api/operations.py`), and are served from here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from mtdata.jobs.duty import Duties
from mtdata.web import faults
from mtdata.web.access import authorize
from mtdata.web.access.authorize import Audience
from mtdata.web.access.roles import Role
from mtdata.web.api import document, operations
from mtdata.web.api.deprecation import note_successor
from mtdata.web.api.operations import OperationPath
from mtdata.web.pages import (
    account,
    alive,
    daily,
    downloads,
    ended,
    foreign_login,
    incidents,
    job,
    jobs,
    links,
    new_job,
    numbers,
    orders,
    overview,
    runners,
    second_factor,
    several,
    style,
    users,
)
from mtdata.web.room import rooms_of
from mtdata.web.route import Page, Route, RouteMethod, get, post
from mtdata.web.uploads.incoming import REFUSAL, UploadRefusal

ROUTES: tuple[Route, ...] = (
    Route("healthz", "healthz", get(Role.ANYONE, alive.healthz), guests=True),
    Route(
        "login/",
        "login",
        get(Role.ANYONE, account.login) | post(Role.ANYONE, account.login),
        guests=True,
    ),
    Route("logout/", "logout", post(Role.ANYONE, account.logout), guests=True),
    Route("account/", "account", get(Role.VIEWER, account.show), guests=True),
    Route("account/mail/", "mail", post(Role.VIEWER, account.change_mail), guests=True),
    Route("account/password/", "password", post(Role.VIEWER, account.change_password)),
    Route(
        "account/second-factor/",
        "second_factor",
        get(Role.VIEWER, second_factor.show) | post(Role.VIEWER, second_factor.change),
    ),
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
    Route("jobs/ended/", "jobs_ended", get(Role.VIEWER, ended.own_ended_jobs), guests=True),
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
    Route("users/", "users", get(Role.ADMIN, users.show) | post(Role.ADMIN, users.add)),
    Route(
        "users/<int:number>/",
        "user",
        get(Role.ADMIN, users.look) | post(Role.ADMIN, users.change),
    ),
    Route("style/", "style", get(Role.ADMIN, style.show)),
    Route("metrics", "metrics", get(Role.VIEWER, numbers.metrics), Audience.PROGRAMS),
    Route("api/docs", "docs", get(Role.VIEWER, document.docs)),
    Route("api/v1/openapi.json", "openapi", get(Role.VIEWER, document.openapi), Audience.PROGRAMS),
    Route(
        "api/openapi.json",
        "old_openapi",
        get(Role.VIEWER, document.openapi),
        Audience.PROGRAMS,
        is_old=True,
    ),
)


def of_duties(duties: Duties) -> Iterator[Route]:
    """The pages of each duty alone, and where one logs in with an account of its service."""
    for room in rooms_of(duties):
        yield from room.routes
    for duty in duties:
        if duty.log_in:
            page = foreign_login.page_of(duty, duty.log_in.title)
            ways = get(Role.ANYONE, page) | post(Role.ANYONE, page)
            yield Route(f"login/{duty.name}/", f"{duty.name}_login", ways, guests=True)


def _of_operation(one: OperationPath) -> Route:
    ways = {method: RouteMethod(*way) for method, way in one.ways.items()}
    return Route(one.path, one.name, ways, Audience.PROGRAMS, is_old=one.is_old)


def addresses() -> list[Any]:
    """The table as Django takes it, and behind it the operations of the API."""
    routes = [*ROUTES, *of_duties(settings.MTDATA_DUTIES)]
    routes += map(_of_operation, operations.addresses())
    return [path(route.path, _served(route), name=route.name) for route in routes]


def _served(route: Route) -> Page:
    methods = [*route.ways, *(["HEAD"] if "GET" in route.ways else [])]
    # where tokens count, not every request needs the mark of our pages; where files are sent it
    # stands in a body that may not have been read
    is_marked_here = route.audience is not Audience.PEOPLE or route.takes_uploads

    def serve(request: HttpRequest, **of_path: Any) -> HttpResponse:
        if route.is_old:
            note_successor(request)
        way = route.ways.get("GET" if request.method == "HEAD" else request.method or "")
        least = min(one.role for one in route.ways.values()) if way is None else way.role
        refused = authorize.refusal_for(request, route.audience, least, guests=route.guests)
        refused = refused or _unread(request)
        if refused is None and is_marked_here:
            refused = authorize.mark_refusal(request)
        if refused is not None:
            return refused
        if way is None:
            return faults.not_allowed(request, methods)
        return way.page(request, **of_path)

    serve.csrf_exempt, serve.route = is_marked_here, route  # type: ignore[attr-defined]
    return serve


def _unread(request: HttpRequest) -> HttpResponse | None:
    """What is answered where the body was refused."""
    refusal: UploadRefusal | None = request.META.get(REFUSAL)
    if refusal is None:
        return None
    answer = faults.error_page(request, refusal.status, refusal.words)
    if refusal.again_s:
        answer.headers["Retry-After"] = str(refusal.again_s)
    return answer
