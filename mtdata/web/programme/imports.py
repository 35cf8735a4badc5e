"""The operations that bring in a file of teams or form responses: it is kept, and a job queued."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query
from ninja.errors import HttpError

from mtdata.jobs import queue
from mtdata.jobs.kind import kind_of
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import queries
from mtdata.programme import uploads
from mtdata.programme.jobs import SORTS, ImportSort
from mtdata.web.access.scope import scope_of
from mtdata.web.api.problems import Misfits, refusals
from mtdata.web.programme.shapes import FormsImportWanted, TeamsImportWanted
from mtdata.web.uploads.reading import sent_file

REFUSED = "The file is not taken; no job was queued."


def import_teams(
    request: HttpRequest, response: HttpResponse, wanted: Query[TeamsImportWanted]
) -> dict[str, Any]:
    """Bring in the teams of a CSV file, which is the body.

    A job is queued, which checks every row before it writes one. Its address is in the header
    Location.
    """
    return _import(request, response, SORTS["teams"], wanted)


def import_forms(
    request: HttpRequest, response: HttpResponse, wanted: Query[FormsImportWanted]
) -> dict[str, Any]:
    """Bring in the form responses of a CSV file, which is the body.

    A job is queued, which checks every row before it writes one. Its address is in the header
    Location.
    """
    return _import(request, response, SORTS["forms"], wanted)


def _import(
    request: HttpRequest, response: HttpResponse, sort: ImportSort, wanted: FormsImportWanted
) -> dict[str, Any]:
    scope, who = scope_of(request.user), request.user.get_username()
    sent = sent_file(request)
    with refusals(HTTPStatus.UNPROCESSABLE_ENTITY):
        most = scope.settings.programme.upload_max
        upload = uploads.store(
            _filled(sent.pieces), most, name=sent.name, sort=sort.name, owner=who
        )
        try:
            given = {"file": str(upload.pk), **wanted.dict()}
            reading = validate(kind_of(sort.kind, scope.kinds), scope.settings, given)
            if reading.faults:
                faults = [(("query", "wanted", name), why) for name, why in reading.faults.items()]
                raise Misfits(REFUSED, faults)
            [job] = queue.add_all(scope.settings, scope.kinds, sort.kind, [reading], who)
        except BaseException:
            uploads.forget(upload)
            raise
    response.headers["Location"] = reverse("api_show_job", kwargs={"id": job.pk})
    return {**queries.summary_of(job), "attempt": job.attempt, "note": ""}


def _filled(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, of which there must be one."""
    first = next(pieces, b"")
    if not first:
        raise HttpError(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is empty. {REFUSED}")
    yield first
    yield from pieces
