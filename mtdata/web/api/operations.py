"""The operations of the API in one table: who may do what; what each does stands beside it."""

from __future__ import annotations

import inspect
from functools import cache, partial
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from mtdata import __version__
from mtdata.web.access.roles import Role
from mtdata.web.api import files, jobs, problems, shapes, standing, standing_shapes
from mtdata.web.api.deprecation import OLD_PREFIX, PREFIX
from mtdata.web.api.once import once
from mtdata.web.api.operation import Operation, View
from mtdata.web.api.order_faults import no_such
from mtdata.web.body_limits import BodyLimit
from mtdata.web.room import rooms_of

TITLE = "MTData"
TOLD = """What the pages of MTData show and order, for programs.

Send a token of yours (made at /account/) as `Authorization: Bearer mtd_...`; it may do what its
scope and your role allow. From a page of ours the session counts as well, with the header
`X-CSRFToken` for whatever changes something. What goes wrong is told as problem details (RFC 9457),
every fault at once. An order that may have got lost is sent again with the same `Idempotency-Key`.
Lists go on with `next` as the cursor. Times are UTC. An address without `v1/` is an older name of
the one with it: it goes on to work until 1.0, and says so by the header `Deprecation`.
"""


def _order(word: str, view: View, *faults: int) -> Operation:
    """An order to one job."""
    path = f"/jobs/{{uuid:id}}/{word}"
    return Operation("POST", path, Role.OPERATOR, view, shapes.Ordered, 200, faults, True)


def _of_artifact(word: str, view: View) -> Operation:
    path = f"/jobs/{{uuid:id}}/artifacts/{{int:number}}/{word}"
    return Operation("POST", path, Role.OPERATOR, view, shapes.ArtifactShape)


STANDING: tuple[Operation, ...] = (
    Operation("GET", "/me", Role.VIEWER, standing.show_me, shapes.Me),
    Operation(
        "GET", "/incidents", Role.VIEWER, standing.list_incidents, standing_shapes.IncidentsShape
    ),
    Operation("GET", "/runners", Role.VIEWER, standing.list_runners, standing_shapes.Runners),
)
JOBS: tuple[Operation, ...] = (
    Operation("GET", "/kinds", Role.VIEWER, standing.list_kinds, shapes.Kinds),
    Operation("GET", "/jobs", Role.VIEWER, jobs.list_jobs, shapes.Jobs),
    Operation("POST", "/jobs", Role.OPERATOR, jobs.add_job, shapes.Ordered, 201, (413,), True),
    Operation(
        "POST", "/jobs/stop", Role.OPERATOR, jobs.stop_jobs, shapes.StoppedJobs, 200, (413,), True
    ),
    Operation("GET", "/jobs/{uuid:id}", Role.VIEWER, jobs.show_job, shapes.JobShape),
    Operation("GET", "/jobs/{uuid:id}/events", Role.VIEWER, jobs.list_events, shapes.Events),
    Operation("GET", "/jobs/{uuid:id}/parts", Role.VIEWER, jobs.list_parts, shapes.Parts),
    _order("stop", jobs.stop_job),
    _order("retry", jobs.retry_job, 409),
    _order("undo", jobs.undo_job, 409),
)
FILES: tuple[Operation, ...] = (
    Operation(
        "GET", "/jobs/{uuid:id}/zip", Role.OPERATOR, files.get_zip, "application/zip", 200, (410,)
    ),
    Operation(
        "POST",
        "/jobs/{uuid:id}/renew",
        Role.OPERATOR,
        files.renew_links,
        shapes.Artifacts,
        200,
        (409,),
    ),
    _of_artifact("renew", files.renew_link),
    _of_artifact("revoke", files.revoke_link),
    Operation("GET", "/files/{word}", Role.OPERATOR, files.get_file, "*/*", 200, (410, 416)),
)


ABOUT = {
    "Jobs": "Work that is queued: what kinds there are, orders, how far each is.",
    "Files of jobs": "What jobs made: its addresses, renewed and revoked, and its bytes.",
    "Who and what is there": "Who asks, open incidents, runners.",
}
"""What the operations of a group are about; those of a duty are about that duty."""


@cache
def groups() -> dict[str, tuple[Operation, ...]]:
    """Those of all by what they are about, and those of each duty alone, by its word there."""
    rooms = [room for room in rooms_of(settings.MTDATA_DUTIES) if room.operations]
    own = {room.nav[0][0]: room.operations for room in rooms}
    return {"Jobs": JOBS, "Files of jobs": FILES, **own, "Who and what is there": STANDING}


def tags() -> list[dict[str, str]]:
    """The groups as the document names them."""
    return [
        {"name": name, "description": ABOUT.get(name, f"What the pages of {name} show and order.")}
        for name in groups()
    ]


def operations() -> tuple[Operation, ...]:
    """All of them."""
    return tuple(one for group in groups().values() for one in group)


@cache
def api() -> NinjaAPI:
    """The operations as the library serves them.

    Who may is asked in `routes`, of each address alike; nothing of that is asked here.
    """
    found = NinjaAPI(
        title=TITLE,
        version=__version__,
        description=TOLD,
        openapi_url=None,
        docs_url=None,
        urls_namespace="api",
    )
    problems.tell(found)
    for tag, one in ((tag, one) for tag, group in groups().items() for one in group):
        words = inspect.getdoc(one.view) or ""
        found.api_operation(
            [one.method],
            one.path,
            response={one.status: None if isinstance(one.gives, str) else one.gives},
            operation_id=one.view.__name__,
            tags=[tag],
            summary=words.splitlines()[0].rstrip("."),
            description=f"{words}\n\nIt needs the role {one.role.group}.",
            openapi_extra={
                "x-role": one.role.group,
                "x-faults": list(one.faults),
                "x-key": one.takes_key,
                "x-media": one.gives if isinstance(one.gives, str) else "",
                "x-file": one.takes_file,
            },
        )(one.view)
    return found


class OperationPath(NamedTuple):
    """An address of operations as `routes` serves it: by method the role, page and body.

    No link leads to an `old_` one.
    """

    path: str
    name: str
    ways: dict[str, tuple[Role, View, BodyLimit]]
    is_old: bool = False


def addresses() -> list[OperationPath]:
    """Every address of the API, with its operations: by its version, and as it was before."""
    pages = {one.name: one.callback for one in api().urls[0]}
    found: dict[str, OperationPath] = {}
    for one in operations():
        path = one.path.lstrip("/").replace("{", "<").replace("}", ">")
        name = f"api_{one.view.__name__}"
        address = found.setdefault(path, OperationPath(PREFIX + path, name, {}))
        address.ways[one.method] = (one.role, _page(pages[one.view.__name__], one), one.body)
    old = [
        one._replace(path=OLD_PREFIX + path, name=f"old_{one.name}", is_old=True)
        for path, one in found.items()
    ]
    return [*found.values(), *old]


@cache
def _query_names() -> dict[str, list[str]]:
    """By operation, what may stand behind the `?`."""
    paths = api().get_openapi_schema(path_prefix=PREFIX)["paths"]
    return {
        one["operationId"]: [of["name"] for of in one["parameters"] if of["in"] == "query"]
        for ways in paths.values()
        for one in ways.values()
    }


def _page(answer: View, of: Operation) -> View:
    def page(request: HttpRequest, **of_path: Any) -> HttpResponse:
        known = _query_names()[of.view.__name__]
        if unknown := [name for name in request.GET if name not in known]:
            told = no_such("parameter", known)
            return problems.unprocessable(
                problems.ODD, [(("query", "wanted", name), told) for name in unknown]
            )
        if request.method == "HEAD":  # the library knows GET alone
            request.method = "GET"
        act = partial(answer, request, **of_path)
        return once(request, act) if of.takes_key else act()

    return page
