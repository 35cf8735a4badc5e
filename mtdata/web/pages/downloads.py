"""Downloads of what jobs made: a file by its link, or all files of a job as one zip.

What a browser gets goes through the guard that the kind of the job declares; a program, which comes
with a token, and whoever asks for `?as=data` gets the bytes as they lie.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from mtdata.jobs.kind import Guard
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Artifact, Job
from mtdata.web.downloads import links
from mtdata.web.downloads.fetching import Fetching, guard_of
from mtdata.web.downloads.places import saved_as
from mtdata.web.downloads.proof import Lost
from mtdata.web.downloads.sending import reading, sent, sent_zip
from mtdata.web.downloads.zipping import Member, names_of, zipped
from mtdata.web.faults import problem
from mtdata.web.pages.job import job_or_404

log = logging.getLogger(__name__)
MOST_FILES = 10_000


def _guard_for(request: HttpRequest, job: Job) -> Guard | None:
    as_it_lies = request.by_token or request.GET.get("as") == "data"
    return None if as_it_lies else guard_of(job)


def by_link(request: HttpRequest, word: str) -> HttpResponse:
    """What a link leads to; 410 with words where it opens nothing any more."""
    standing = links.link_standing(word)
    if standing is None:
        if job := links.job_meant(word):
            job_or_404(request, job)
        raise Http404
    artifact = standing.artifact
    job_or_404(request, artifact.job_id)
    if standing.closed:
        told = f"This link opens nothing any more: {standing.closed}."
        return _answer_gone(request, artifact.job, told)
    guard = _guard_for(request, artifact.job)
    try:
        with reading(request):
            response = sent(request, artifact, guard)
    except Lost as error:
        log.warning("%s of %s cannot be downloaded: %s", artifact.name, artifact.job.name, error)
        told = f"{artifact.name} cannot be downloaded: {error}."
        return _answer_gone(request, artifact.job, told)
    _log_download(request, artifact.name, artifact.job)
    return response


def zip_of(request: HttpRequest, job: Any) -> HttpResponse:
    """Every file of a job as one zip; 410 with words where one of them is not to be had."""
    of = job_or_404(request, job)
    with asking():
        artifacts = list(of.artifacts.select_related("job").order_by("pk")[: MOST_FILES + 1])
    refused = zip_refused(of, artifacts)
    if refused:
        return _answer_gone(request, of, refused)
    fetching, guard = Fetching(), _guard_for(request, of)
    try:
        with reading(request):
            fetching.look(artifacts)
            pieces = zipped(_members(artifacts, fetching, guard))
            response = sent_zip(request, of.name, fetching, pieces)
    except Lost as error:
        fetching.close()
        log.warning("%s cannot be downloaded as one zip: %s", of.name, error)
        return _answer_gone(request, of, f"Not every file can be downloaded: {error}.")
    except BaseException:
        fetching.close()
        raise
    _log_download(request, "a zip", of)
    return response


def zip_refused(job: Job, artifacts: list[Artifact]) -> str:
    """Why there is no zip; '' when there may be one."""
    if len(artifacts) > MOST_FILES:
        return f"A zip has at most {MOST_FILES:,} files, and there are more; take them one by one."
    standings = links.standings(artifacts, job)
    closed = [one for one in standings if one.closed]
    if closed:
        return (
            f"{len(closed):,} of {len(standings):,} links to the files of this job are closed "
            f"({closed[0].artifact.name}: {closed[0].closed}); a zip has all files or is none."
        )
    return "" if standings else "No file came out of this job."


def _members(
    artifacts: list[Artifact], fetching: Fetching, guard: Guard | None
) -> Iterator[Member]:
    names = names_of(saved_as(one.name) for one in artifacts)
    for name, artifact in zip(names, artifacts, strict=True):
        pieces = fetching.pieces(artifact)
        through = pieces if guard is None else guard(pieces)
        yield Member(name, artifact.made_at, artifact.size, through)


def _log_download(request: HttpRequest, what: str, job: Job) -> None:
    if request.method == "GET":
        log.info("%s downloads %s of %s", request.user.get_username(), what, job.name)


def _answer_gone(request: HttpRequest, job: Job, words: str) -> HttpResponse:
    if request.for_programs:
        return problem(HTTPStatus.GONE, words)
    return render(request, "web/gone.html", {"words": words, "job": job}, status=HTTPStatus.GONE)
