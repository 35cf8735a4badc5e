"""Links to what jobs made: signed, open for 24 h from the end of the job, renewed and revoked by
hand; they open nothing by themselves, whoever follows one is logged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core.signing import BadSignature
from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse

from mtdata.core.past import past
from mtdata.jobs.link_words import signed_word, signer
from mtdata.jobs.records.asking import asking, now, unindexed, whole
from mtdata.jobs.records.models import Artifact, Job
from mtdata.jobs.states import Status
from mtdata.web.models import Link

VALID = timedelta(hours=24)
MOST_WORD, BATCH = 200, 500


class LinkStanding(NamedTuple):
    """How the link to an artifact stands; `closed` says why it opens nothing, '' when it does."""

    artifact: Artifact
    word: str
    until: datetime | None
    closed: str

    @property
    def path(self) -> str:
        """Its address on this page."""
        return reverse("download", args=[self.word])


def standings(artifacts: Sequence[Artifact], job: Job) -> list[LinkStanding]:
    """How the links to these artifacts of a job stand."""
    with asking():
        at = now()
        links = {link.artifact_id: link for link in Link.objects.filter(artifact__in=artifacts)}
    return [_standing(one, job, links.get(one.pk), at) for one in artifacts]


def _standing(artifact: Artifact, job: Job, link: Link | None, at: datetime) -> LinkStanding:
    word = signed_word(artifact.pk, link.generation if link else 0, artifact.job_id)
    if job.status != Status.SUCCESS or job.ended_at is None:
        return LinkStanding(artifact, word, None, f"the job is {job.status}")
    until = link.until if link else job.ended_at + VALID
    if until <= job.ended_at:  # a renewal never ends that early, so it was revoked
        return LinkStanding(artifact, word, None, "it was revoked")
    if past(until - VALID, at) is None:
        return LinkStanding(artifact, word, None, "its time lies in the future; renew it")
    closed = "" if at < until else f"it was open until {until:%Y-%m-%d %H:%M} UTC"
    return LinkStanding(artifact, word, until, closed)


def link_standing(word: str) -> LinkStanding | None:
    """What a link leads to; None for a word that is none of ours."""
    meant = _unsigned(word)
    if meant is None:
        return None
    number, generation, job = meant
    with asking():
        artifact = Artifact.objects.select_related("job").filter(pk=number, job=job).first()
        if artifact is None:
            return None
        link = Link.objects.filter(artifact=artifact).first()
        at = now()
    if generation != (link.generation if link else 0):
        return LinkStanding(artifact, word, None, "it was revoked, or renewed by a newer one")
    return _standing(artifact, artifact.job, link, at)


def _unsigned(word: str) -> tuple[Any, Any, Any] | None:
    """Artifact, generation and job of a word; None for one that is none of ours."""
    try:
        number, generation, job = signer().unsign_object(word[:MOST_WORD])
    except (BadSignature, ValueError, TypeError):
        return None
    return number, generation, job


def job_meant(word: str) -> str | None:
    """Of which job the file is that a link is for, be it there or not; None for no link of ours."""
    meant = _unsigned(word)
    return None if meant is None else str(meant[2])


def renew(artifact: Artifact) -> None:
    """A new link, open for 24 h from now; earlier ones open nothing any more."""
    with asking():
        until = now() + VALID
    _change(artifact, until)


def renew_all(job: Job) -> None:
    """New links to everything that the job made, in one commit."""

    def move() -> None:
        Job.objects.select_for_update().get(pk=job.pk)
        until = now() + VALID
        known = Link.objects.filter(artifact__job=job)
        known.update(generation=F("generation") + 1, until=until)
        rest = Artifact.objects.filter(job=job).exclude(pk__in=known.values("artifact"))
        new = [Link(artifact=one, generation=1, until=until) for one in rest]
        Link.objects.bulk_create(new, batch_size=BATCH)

    whole(move, patient=False)


def closed_of(job: Job) -> int:
    """How many links to what the job made open nothing now."""
    with asking():
        count = job.artifacts.count()
        if job.status != Status.SUCCESS or job.ended_at is None:
            return count
        at = now()
        known = Link.objects.filter(artifact__job=job)
        closed = known.filter(until__lte=at).count()
        return closed + (0 if at < job.ended_at + VALID else count - known.count())


def alone(jobs: Sequence[UUID]) -> dict[UUID, LinkStanding]:
    """Of each of these jobs that made one file alone: how its link stands; in three queries."""
    with asking():
        made = _files_of(jobs).values("job_id")
        alone = made.annotate(count=Count("pk"), first=Min("pk")).filter(count=1).order_by()
        wanted = [one["first"] for one in alone]
        artifacts = list(Artifact.objects.filter(pk__in=wanted).select_related("job"))
        links = {one.artifact_id: one for one in Link.objects.filter(artifact__in=wanted)}
        at = now()
    return {one.job_id: _standing(one, one.job, links.get(one.pk), at) for one in artifacts}


def _files_of(jobs: Sequence[UUID]) -> QuerySet[Artifact]:
    """What these jobs made, of those that ended well; looked for by the jobs."""
    found = Artifact.objects.filter(job__in=jobs).alias(job_status=unindexed("job__status"))
    return found.filter(job_status=Status.SUCCESS)


def zips(jobs: Sequence[UUID]) -> dict[UUID, int]:
    """How many files each of these jobs made, where they are several and every link is open."""
    with asking():
        found = _files_of(jobs).values("job_id", "job__ended_at")
        found = found.annotate(count=Count("pk")).order_by()
        several = [one for one in found.filter(count__gt=1) if one["job__ended_at"]]
        at = now()
        links = Link.objects.filter(artifact__job__in=[one["job_id"] for one in several])
        shut = Count("pk", filter=Q(until__lte=at))
        counted = links.values_list("artifact__job").annotate(count=Count("pk"), shut=shut)
        known = {job: (count, shut) for job, count, shut in counted.order_by()}

    def is_open(made: dict[str, Any]) -> bool:
        """As `closed_of`: what was never renewed is open for so long from the end of the job."""
        count, shut = known.get(made["job_id"], (0, 0))
        return not shut and (at < made["job__ended_at"] + VALID or count == made["count"])

    return {one["job_id"]: one["count"] for one in several if is_open(one)}


def revoke(artifact: Artifact) -> None:
    """No link to it opens anything until it is renewed."""
    if artifact.job.ended_at is not None:
        _change(artifact, artifact.job.ended_at)


def _change(artifact: Artifact, until: datetime) -> None:
    def move() -> None:
        Job.objects.select_for_update().get(pk=artifact.job_id)  # one change at a time
        link = Link.objects.filter(artifact=artifact).first() or Link(artifact=artifact)
        link.generation += 1
        link.until = until
        link.save()

    whole(move, patient=False)
