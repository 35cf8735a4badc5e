"""One job: how it goes, what came out, what happened; orders to it stand in `orders`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from mtdata.core.control import on_lines
from mtdata.jobs.kind import Kind, in_order
from mtdata.jobs.records import progress
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Event, Job, Part
from mtdata.jobs.records.worked import worked_s
from mtdata.jobs.states import FINAL, Status
from mtdata.jobs.title import title_of
from mtdata.web.access.roles import Role, is_guest, role_of
from mtdata.web.access.scope import scope_of
from mtdata.web.cached_look import CachedLook
from mtdata.web.downloads import links
from mtdata.web.downloads.fetching import guard_of
from mtdata.web.pages.job_map import MOST_CELLS, map_of, part_label
from mtdata.web.pages.job_waits import waits_of
from mtdata.web.pages.orders import orders_of
from mtdata.web.pages.reasons import reason_of, to_reader, without_keys
from mtdata.web.pages.words import counted, span, span_between, span_left
from mtdata.web.paging import number_in, text_in
from mtdata.web.room import JobCard, JobSubject, rooms_of, subject_of

TAIL, ARTIFACTS, MOST_FILES, SIZE, LOG_LINES = 30, 25, 50, 100, 1000


def _seconds_at_work(job_id: str) -> float | None:
    return worked_s([UUID(job_id)]).get(UUID(job_id))


_WORKED = CachedLook(lambda ours, job_id: _seconds_at_work(job_id))
"""Of jobs of thousands of parts, whose page comes every 2 s: all these have to be read for it."""


def job_or_404(request: HttpRequest, job_id: Any) -> Job:
    """The job of that id, or 404; also for one that whoever asks does not get at.

    410 for one that there was: JOBS_KEEP, or `mtdata jobs prune`, let it be forgotten.
    """
    job = scope_of(request.user).existing_job(job_id)
    job.parameters = in_order(settings.MTDATA_KINDS.get(job.kind), job.parameters)
    return job


def show(request: HttpRequest, job: Any) -> HttpResponse:
    """All of it that fits on one page."""
    return render(request, "web/job.html", job_context(request, job))


def live(request: HttpRequest, job: Any) -> HttpResponse:
    """The whole of that page again, for who polls it; `seen` is the state that is shown there."""
    known = job_context(request, job)
    seen = request.GET.get("seen")
    known["is_turned"] = seen is not None and seen != known["job"].status
    return render(request, "web/job_live.html", known)


def job_context(request: HttpRequest, job_id: Any) -> dict[str, Any]:
    """What templates are given of a job, or 404."""
    job, scope, role = job_or_404(request, job_id), scope_of(request.user), role_of(request.user)
    kind, who = settings.MTDATA_KINDS.get(job.kind), request.user.get_username()
    how = progress.progress_of(job, settings.MTDATA.programme)
    title = title_of(kind, job.name, job.parameters)
    rooms = rooms_of(settings.MTDATA_DUTIES)
    cards = [card for room in rooms if (card := room.job_card(job))]
    return {
        "job": job,
        "title": title.words,
        "whose": title.whose,
        "subject": None if is_guest(request.user) else _subject_of(job),
        "ordered_by": _ordered_by(job.owner, who),
        "unit": kind.unit if kind else "part",
        "progress": how,
        "percent": int(100 * how.share),
        "is_final": Status(job.status) in FINAL,
        "reason": reason_of(job.status, to_reader(job.reason, who), role),
        "waits": waits_of(job, how, scope, role),
        "worked": span(_worked_s(job, how)),
        "left": span_left(how.speed.left_s) if job.status == Status.IN_PROGRESS else "",
        "map": map_of(job, kind, how.total),
        "has_rows": how.total > MOST_CELLS,
        "running": [_running(part, kind, how) for part in how.running],
        "orders": orders_of(job),
        "cards": cards,
        "takes_back": _left_by(job, cards) if job.can_undo else None,
        "events": [_event(one, role) for one in progress.newest_events(job, TAIL)],
        "can_clone": kind is not None,
        **_artifact_page(job, 1, ARTIFACTS),
    }


def _subject_of(job: Job) -> JobSubject | None:
    return subject_of(settings.MTDATA_DUTIES, settings.MTDATA, job.kind, job.parameters)


def _left_by(job: Job, cards: Sequence[JobCard]) -> progress.LeftByJob:
    """What would be taken back now, as who knows its kind counts the rows."""
    left = progress.left_by(job)
    counts = [card.left for card in cards if card.left is not None]
    return left._replace(rows=sum(counts)) if counts else left


def _ordered_by(owner: str, who: str) -> str:
    return "you" if owner == who else owner or "the command line"


def _worked_s(job: Job, how: progress.Progress) -> float | None:
    if job.started_at is None:
        return None
    looks_often = how.total > MOST_CELLS and Status(job.status) not in FINAL
    known = _WORKED(settings.MTDATA, str(job.pk)) if looks_often else _seconds_at_work(str(job.pk))
    at = job.ended_at or how.at
    return known if known is not None else (at - job.started_at).total_seconds()


def _running(part: Part, kind: Kind | None, how: progress.Progress) -> dict[str, Any]:
    beat = part.beat_at or part.started_at or how.at
    return {
        "part": part,
        "label": part_label(kind, part),
        "tries": progress.tries_of(part),
        "percent": min(100, 100 * part.rows // part.expected) if part.expected else None,
        "silent": span((how.at - beat).total_seconds()),
    }


def _event(event: Event, role: Role) -> dict[str, Any]:
    text = event.text if role >= Role.ADMIN else without_keys(event.text)
    levels = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}
    return {"at": event.at, "text": text, "level": levels.get(event.level, "")}


def _artifact_page(job: Job, page: int, size: int) -> dict[str, Any]:
    with asking():
        shown = Paginator(job.artifacts.order_by("pk"), size).get_page(page)
        return {
            "artifacts": shown,
            "standings": links.standings(list(shown), job),
            "closed": links.closed_of(job) if shown.paginator.count > 1 else 0,
            "is_guarded": guard_of(job) is not None,
        }


def artifacts(request: HttpRequest, job: Any) -> HttpResponse:
    """Everything that came out."""
    of = job_or_404(request, job)
    title = title_of(settings.MTDATA_KINDS.get(of.kind), of.name, of.parameters).words
    page = _artifact_page(of, number_in(request.GET, "page", 1), MOST_FILES)
    known = {"job": of, "title": title, **page}
    return render(request, "web/job_artifacts.html", known)


def parts(request: HttpRequest, job: Any) -> HttpResponse:
    """Every part, in their order; `status` and the begin of a `name` in the address choose."""
    of = job_or_404(request, job)
    kind = settings.MTDATA_KINDS.get(of.kind)
    status, name = (
        text_in(request.GET, one, most) for one, most in (("status", 16), ("name", 255))
    )
    with asking():
        chosen = of.parts.select_related("runner").order_by("number")
        if status:
            chosen = chosen.filter(status=status)
        if name:
            chosen = chosen.filter(name__startswith=name)
        page: Page[Part] = Paginator(chosen, SIZE).get_page(number_in(request.GET, "page", 1))
        lines = [_part_line(part, kind, role_of(request.user)) for part in page]
    return render(
        request,
        "web/job_parts.html",
        {
            "job": of,
            "title": title_of(kind, of.name, of.parameters).words,
            "page": page,
            "lines": lines,
            "status": status,
            "name": name,
            "states": [one.value for one in Status if one is not Status.STOPPING],
        },
    )


def _part_line(part: Part, kind: Kind | None, role: Role) -> dict[str, Any]:
    ended = None if part.status == Status.IN_PROGRESS else part.ended_at
    return {
        "part": part,
        "label": part_label(kind, part),
        "tries": progress.tries_of(part),
        "took": span_between(part.started_at, ended),
        "reason": part.reason if role >= Role.ADMIN else without_keys(part.reason),
    }


def log(request: HttpRequest, job: Any) -> HttpResponse:
    """All that happened, the oldest first, as plain text; with `part` only of that one."""
    of, name = job_or_404(request, job), text_in(request.GET, "part", 255)
    head = _log_head(of, name) if name else ""
    lines = itertools.chain([head], _lines(of, name))
    return StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")


def _log_head(job: Job, name: str) -> str:
    with asking():
        part = job.parts.filter(name=name).first()
    if part is None:
        raise Http404
    tries, took = progress.tries_of(part), span_between(part.started_at, part.ended_at)
    told = [f"{part.name}: {part.status}", counted(part.rows, "row")]
    told += [f"try {tries}"] if tries > 1 else []
    told += [f"began {part.started_at:%Y-%m-%d %H:%M:%S}"] if part.started_at else []
    told += [f"took {took}"] if took and part.status != Status.IN_PROGRESS else []
    told += [on_lines(part.reason)] if part.reason else []
    return ", ".join(told) + "\n"


def _lines(job: Job, part: str) -> Iterator[str]:
    last = 0
    while events := progress.events_after(job, last, LOG_LINES, part):
        yield "".join(map(_event_line, events))
        last = events[-1].pk


def _event_line(event: Event) -> str:
    text = "\n    ".join(on_lines(event.text).splitlines())
    return f"{event.at:%Y-%m-%d %H:%M:%S} {event.level} {text}\n"
