"""Links to what jobs made, renewed and revoked; what they lead to stands in `downloads`."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse

from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Artifact
from mtdata.jobs.states import Status
from mtdata.web.downloads import links
from mtdata.web.pages.job import job_or_404
from mtdata.web.pages.words import see

log = logging.getLogger(__name__)


def renew(request: HttpRequest, job: Any, number: int) -> HttpResponse:
    """A new link, and no earlier one opens anything."""
    artifact = artifact_or_404(request, job, number)
    links.renew(artifact)
    told = f"The new link to {artifact.name} is open for 24 hours."
    return _changed(request, job, f"renewed the link to {artifact.name}", told)


def renew_all(request: HttpRequest, job: Any) -> HttpResponse:
    """New links to all that came out of a job, also where one was revoked."""
    of = job_or_404(request, job)
    if of.status != Status.SUCCESS:
        messages.warning(request, f"Nothing was renewed: {of.name} is {of.status}.")
        return see("job", job)
    links.renew_all(of)
    told = f"The new links of {of.name} are open for 24 hours."
    return _changed(request, job, f"renewed every link of {of.name}", told)


def revoke(request: HttpRequest, job: Any, number: int) -> HttpResponse:
    """Revoke every link to an artifact."""
    artifact = artifact_or_404(request, job, number)
    links.revoke(artifact)
    told = f"No link to {artifact.name} opens anything now."
    return _changed(request, job, f"revoked the link to {artifact.name}", told)


def _changed(request: HttpRequest, job: Any, deed: str, told: str) -> HttpResponse:
    log.info("%s %s", request.user.get_username(), deed)
    messages.success(request, told)
    return see("job", job)


def artifact_or_404(request: HttpRequest, job: Any, number: int) -> Artifact:
    """What that job made under that number, or 404; also while it is not done."""
    job_or_404(request, job)
    with asking():
        done = Artifact.objects.select_related("job").filter(job__status=Status.SUCCESS)
        artifact = done.filter(pk=number, job=job).first()
    if artifact is None:
        raise Http404
    return artifact
