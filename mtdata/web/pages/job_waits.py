"""Why a job does not go on just now, in words; it only looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from mtdata.jobs.records import runner_view
from mtdata.jobs.records.asking import asking, now
from mtdata.jobs.records.models import Job
from mtdata.jobs.records.progress import Progress
from mtdata.jobs.states import FINAL, Status
from mtdata.jobs.title import in_words, title_of
from mtdata.web.access.roles import Role
from mtdata.web.access.scope import Scope
from mtdata.web.pages.reasons import waits_for
from mtdata.web.pages.words import counted, span


class Hindrance(NamedTuple):
    """Why it waits; `to` and `name` are the job that it waits for, if one may see that."""

    told: str
    is_trouble: bool = False
    to: str = ""
    name: str = ""


def waits_of(job: Job, how: Progress, scope: Scope, role: Role) -> list[Hindrance]:
    """All that a job which has not ended waits for."""
    if Status(job.status) in FINAL:
        return []
    nobody = _nobody(how, role)
    if job.status == Status.QUEUED:
        return [*nobody, *_queued(job, how.at, scope, role)]
    return [*nobody, *_put_off(job, how, role)]


def _nobody(how: Progress, role: Role) -> list[Hindrance]:
    crew = runner_view.runner_count(settings.MTDATA.programme)
    if not crew.alive:
        told = "No runner is alive, so nobody works at it"
        if crew.late:
            told += "; the last one missed a sign of life"
        begin = (
            "Begin `mtdata daemon` or `mtdata runner`"
            if role >= Role.ADMIN
            else "Tell an administrator"
        )
        return [Hindrance(f"{told}. {begin}; it goes on by itself then.", is_trouble=True)]
    if how.running and not how.is_carried:
        told = f"Nothing was heard of who works at it for {span(how.silent_s)}"
        return [Hindrance(f"{told}; if that goes on, another runner takes it up.", is_trouble=True)]
    return []


def _queued(job: Job, at: datetime, scope: Scope, role: Role) -> Iterator[Hindrance]:
    if job.not_before and job.not_before > at:
        yield Hindrance(
            f"Waits until {moment_told(job.not_before, at)}: {waits_for(job.reason, role)}."
        )
        return
    with asking():
        behind = (
            Job.objects.filter(held_key=job.key).exclude(pk=job.pk).first() if job.key else None
        )
        ready = Q(not_before=None) | Q(not_before__lte=now())
        earlier = Q(created_at__lt=job.created_at) | Q(created_at=job.created_at, pk__lt=job.pk)
        before = Job.objects.filter(ready, earlier, status=Status.QUEUED).count()
    if behind is not None:
        yield _behind(behind, scope)
    if before:
        yield Hindrance(f"{counted(before, 'job')} queued before it.")
    elif behind is None:
        yield Hindrance("It is the next one.")


def _behind(other: Job, scope: Scope) -> Hindrance:
    if scope.job(other.pk) is None:  # of somebody else: it is not named
        return Hindrance("Behind another job on the same account.")
    title = title_of(settings.MTDATA_KINDS.get(other.kind), other.name, other.parameters)
    return Hindrance("on the same account.", to=reverse("job", args=[other.pk]), name=title.words)


def _put_off(job: Job, how: Progress, role: Role) -> list[Hindrance]:
    """Of a job under way that nobody works at: a part that had a fault has its pause."""
    if how.running:
        return []
    with asking():
        off = job.parts.filter(status=Status.QUEUED, not_before__gt=how.at)
        part = off.order_by("not_before").first()
    if part is None or part.not_before is None:
        return []
    left = span((part.not_before - how.at).total_seconds())
    return [Hindrance(f"Tries again in {left}: {waits_for(part.reason, role)}.")]


def moment_told(moment: datetime, at: datetime) -> str:
    """A moment to come, with its day where that is not today."""
    day = "" if moment.date() == at.date() else f"{in_words(moment.date())}, "
    return f"{day}{moment:%H:%M} UTC"
