"""The operations of the API in one table: who may do what; what each does stands beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema

from mtdata import __version__
from mtdata.web.access.roles import Role
from mtdata.web.api import jobs, problems, shapes, site_shapes, standing

TITLE = "MTData"
TOLD = """What the pages of MTData show and order, for programs.

Send a token of yours (made at /account/) as `Authorization: Bearer mtd_...`; it may do what its
scope and your role allow. From a page of ours the session counts as well, with the header
`X-CSRFToken` for whatever changes something. What goes wrong is told as problem details (RFC 9457).
Times are UTC.
"""
PREFIX = "api/"
View = Callable[..., Any]


class Operation(NamedTuple):
    """One thing to ask for; `faults` are answers beyond those that any operation may give."""

    method: str
    path: str
    role: Role
    view: View
    gives: type[Schema]
    status: int = 200
    faults: tuple[int, ...] = ()


OPERATIONS = (
    Operation("GET", "/me", Role.VIEWER, standing.show_me, shapes.Me),
    Operation("GET", "/kinds", Role.VIEWER, standing.list_kinds, shapes.Kinds),
    Operation("GET", "/sites", Role.VIEWER, standing.list_sites, site_shapes.Sites),
    Operation(
        "GET", "/incidents", Role.VIEWER, standing.list_incidents, site_shapes.IncidentsShape
    ),
    Operation("GET", "/runners", Role.VIEWER, standing.list_runners, site_shapes.Runners),
    Operation("GET", "/jobs", Role.VIEWER, jobs.list_jobs, shapes.Jobs),
    Operation("POST", "/jobs", Role.OPERATOR, jobs.add_job, shapes.Ordered, 201, (413,)),
    Operation("POST", "/jobs/stop", Role.OPERATOR, jobs.stop_jobs, shapes.StoppedJobs, 200, (413,)),
    Operation("GET", "/jobs/{uuid:id}", Role.VIEWER, jobs.show_job, shapes.JobShape),
    Operation("GET", "/jobs/{uuid:id}/events", Role.VIEWER, jobs.list_events, shapes.Events),
    Operation("GET", "/jobs/{uuid:id}/parts", Role.VIEWER, jobs.list_parts, shapes.Parts),
    Operation("POST", "/jobs/{uuid:id}/stop", Role.OPERATOR, jobs.stop_job, shapes.Ordered),
    Operation(
        "POST", "/jobs/{uuid:id}/retry", Role.OPERATOR, jobs.retry_job, shapes.Ordered, 200, (409,)
    ),
    Operation(
        "POST", "/jobs/{uuid:id}/undo", Role.OPERATOR, jobs.undo_job, shapes.Ordered, 200, (409,)
    ),
)


def _new_api() -> NinjaAPI:
    """Who may is asked in `routes`, of each address alike; nothing of that is asked here."""
    api = NinjaAPI(
        title=TITLE,
        version=__version__,
        description=TOLD,
        openapi_url=None,
        docs_url=None,
        urls_namespace="api",
    )
    problems.tell(api)
    for one in OPERATIONS:
        words = inspect.getdoc(one.view) or ""
        api.api_operation(
            [one.method],
            one.path,
            response={one.status: one.gives},
            operation_id=one.view.__name__,
            summary=words.splitlines()[0].rstrip("."),
            description=f"{words}\n\nIt needs the role {one.role.group}.",
            openapi_extra={"x-role": one.role.group, "x-faults": list(one.faults)},
        )(one.view)
    return api


API = _new_api()


class OperationPath(NamedTuple):
    """An address of operations as `routes` serves it: by method the least role and the page."""

    path: str
    name: str
    ways: dict[str, tuple[Role, View]]


def addresses() -> list[OperationPath]:
    """Every address of the API, with its operations."""
    pages = {one.name: _page(one.callback) for one in API.urls[0]}
    found: dict[str, OperationPath] = {}
    for one in OPERATIONS:
        path = one.path.lstrip("/").replace("{", "<").replace("}", ">")
        name = f"api_{one.view.__name__}"
        address = found.setdefault(path, OperationPath(PREFIX + path, name, {}))
        address.ways[one.method] = (one.role, pages[one.view.__name__])
    return list(found.values())


def _page(answer: View) -> View:
    def page(request: HttpRequest, **of_path: Any) -> HttpResponse:
        if request.method == "HEAD":  # the library knows GET alone
            request.method = "GET"
        return answer(request, **of_path)

    return page
