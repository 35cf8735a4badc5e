"""Downloads of what jobs made, and their links; a link alone opens nothing to a stranger."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.domain.job import Status
from mtdata.records.asking import asking
from mtdata.records.models import Artifact
from mtdata.web import links
from mtdata.web.pages.job import found
from mtdata.web.pages.words import see
from mtdata.web.places import Lost, handed_out

log = logging.getLogger(__name__)


def download(request: HttpRequest, word: str) -> HttpResponse:
    """What a link leads to; 410 with words where it opens nothing any more."""
    standing = links.found(word)
    if standing is None:
        raise Http404
    artifact = standing.artifact
    found(request, artifact.job_id)
    if standing.closed:
        return _gone(request, artifact, f"This link opens nothing any more: {standing.closed}.")
    try:
        response = handed_out(artifact)
    except Lost as error:
        log.warning("%s of %s cannot be downloaded: %s", artifact.name, artifact.job.name, error)
        return _gone(request, artifact, f"{artifact.name} cannot be downloaded: {error}.")
    if request.method == "GET":
        who = request.user.get_username()
        log.info("%s downloads %s of %s", who, artifact.name, artifact.job.name)
    return response


def _gone(request: HttpRequest, artifact: Artifact, words: str) -> HttpResponse:
    known = {"words": words, "job": artifact.job}
    return render(request, "web/gone.html", known, status=HTTPStatus.GONE)


def renew(request: HttpRequest, job: Any, number: int) -> HttpResponse:
    """A new link, and no earlier one opens anything."""
    artifact = _artifact(request, job, number)
    links.renew(artifact)
    log.info("%s renewed the link to %s", request.user.get_username(), artifact.name)
    messages.success(request, f"The new link to {artifact.name} is open for 24 hours.")
    return see("job", job)


def revoke(request: HttpRequest, job: Any, number: int) -> HttpResponse:
    """No link to it opens anything."""
    artifact = _artifact(request, job, number)
    links.revoke(artifact)
    log.info("%s revoked the link to %s", request.user.get_username(), artifact.name)
    messages.success(request, f"No link to {artifact.name} opens anything now.")
    return see("job", job)


def _artifact(request: HttpRequest, job: Any, number: int) -> Artifact:
    found(request, job)
    with asking():
        done = Artifact.objects.select_related("job").filter(job__status=Status.SUCCESS)
        artifact = done.filter(pk=number, job=job).first()
    if artifact is None:
        raise Http404
    return artifact
