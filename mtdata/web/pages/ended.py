"""Which of one's own jobs have ended, for a browser that was asked to tell of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.jobs.states import Status
from mtdata.jobs.title import title_of
from mtdata.web.access.scope import scope_of
from mtdata.web.paging import text_in

MOST, BACK = 20, timedelta(hours=1)


def own_ended_jobs(request: HttpRequest) -> HttpResponse:
    """Those that came to Success or Failed since `?since=`, an hour at most; and the time now."""
    with asking():
        at = now()
        since = max(_moment(text_in(request.GET, "since")) or at, at - BACK)
        jobs = Job.objects.filter(
            scope_of(request.user).jobs,
            owner=request.user.get_username(),
            status__in=(Status.SUCCESS, Status.FAILED),
            ended_at__gt=since,
            ended_at__lte=at,
        )
        found = list(jobs.order_by("ended_at")[:MOST])
    ended = [
        {
            "id": str(job.pk),
            "title": title_of(settings.MTDATA_KINDS.get(job.kind), job.name, job.parameters).words,
            "status": job.status,
            "url": reverse("job", args=[job.pk]),
        }
        for job in found
    ]
    seen = found[-1].ended_at if len(found) == MOST else at
    return JsonResponse({"now": seen.isoformat(), "ended": ended})


def _moment(word: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        return None
    return found if found.tzinfo else None
