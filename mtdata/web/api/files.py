"""Operations on what jobs made: its address, renewed and revoked, and its bytes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja.errors import HttpError

from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.queries import artifact_line
from mtdata.jobs.states import Status
from mtdata.web.access.roles import Role, role_of
from mtdata.web.downloads import links
from mtdata.web.pages import downloads
from mtdata.web.pages.job import job_or_404
from mtdata.web.pages.links import artifact_or_404

log = logging.getLogger(__name__)


def artifact_lines(request: HttpRequest, job: Job) -> tuple[list[dict[str, Any]], str | None]:
    """What a job made, each with its address, and the address of all as one zip, if there is."""
    with asking():
        artifacts = list(job.artifacts.order_by("pk"))
    may_get = role_of(request.user) >= Role.OPERATOR
    made = [_with_address(one, may_get=may_get) for one in links.standings(artifacts, job)]
    is_whole = may_get and not downloads.zip_refused(job, artifacts)
    return made, reverse("api_get_zip", kwargs={"id": job.pk}) if is_whole else None


def _with_address(of: links.LinkStanding, *, may_get: bool) -> dict[str, Any]:
    opens = may_get and not of.closed
    return {
        "number": of.artifact.pk,
        **artifact_line(of.artifact),
        "download": reverse("api_get_file", kwargs={"word": of.word}) if opens else None,
        "open_until": of.until,
        "closed": of.closed,
    }


def get_file(request: HttpRequest, word: str) -> HttpResponse:
    """Get a file by its address, which `GET /api/v1/jobs/{id}` tells as `download`.

    Parts of it can be asked for (Range). 410 where the address opens nothing any more.
    """
    return downloads.by_link(request, word)


def get_zip(request: HttpRequest, id: UUID) -> HttpResponse:
    """Get all that a job made as one zip.

    410 where one of its files is closed or not to be had: a zip has all of them or is none.
    """
    return downloads.zip_of(request, id)


def renew_link(request: HttpRequest, id: UUID, number: int) -> dict[str, Any]:
    """Renew the address of a file: a new one, open for 24 hours; earlier ones open nothing."""
    return _changed(request, id, number, "renewed", links.renew)


def revoke_link(request: HttpRequest, id: UUID, number: int) -> dict[str, Any]:
    """Revoke every address of a file, until it is renewed."""
    return _changed(request, id, number, "revoked", links.revoke)


def _changed(request: HttpRequest, id: UUID, number: int, deed: str, change: Any) -> dict[str, Any]:
    artifact = artifact_or_404(request, id, number)
    change(artifact)
    log.info("%s %s the link to %s", request.user.get_username(), deed, artifact.name)
    [standing] = links.standings([artifact], artifact.job)
    return _with_address(standing, may_get=True)


def renew_links(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Renew the addresses of all that a job made, revoked ones too."""
    job = job_or_404(request, id)
    if job.status != Status.SUCCESS:
        raise HttpError(HTTPStatus.CONFLICT, f"{job.name} is {job.status}")
    links.renew_all(job)
    log.info("%s renewed every link of %s", request.user.get_username(), job.name)
    return {"artifacts": artifact_lines(request, job)[0]}
