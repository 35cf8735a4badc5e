"""Incidents of reports that Failed, as their reader knows the job and can act on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from mtdata.alerts.incident import FAILED_REPORT
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import Status
from mtdata.jobs.title import title_of
from mtdata.web.access.roles import Role
from mtdata.web.pages.reasons import reason_of

BY_HAND = " Nobody wants it any more: close this by hand."


class FailedReport(NamedTuple):
    """The job of such an incident: what people call it, why it Failed, what its reader can do."""

    title: str
    to: str
    why: str
    todo: str


def failed_reports(
    incidents: Iterable[tuple[str, str, str]], role: Role
) -> Mapping[str, FailedReport]:
    """By the job's name, of incidents as (kind, scale, detail); without what has no record."""
    wanted = {scale: detail for kind, scale, detail in incidents if kind == FAILED_REPORT}
    if not wanted:
        return {}
    with asking():
        found = list(Job.objects.filter(name__in=wanted))
    return {job.name: _failed(job, wanted[job.name], role) for job in found}


def _failed(job: Job, detail: str, role: Role) -> FailedReport:
    words, whose = title_of(settings.MTDATA_KINDS.get(job.kind), job.name, job.parameters)
    title = ", ".join(filter(None, (words, whose)))
    reason = reason_of(Status.FAILED, detail, role)
    todo = reason.todo + (BY_HAND if role >= Role.OPERATOR else "")
    return FailedReport(title, reverse("job", args=[job.pk]), reason.why, todo)
