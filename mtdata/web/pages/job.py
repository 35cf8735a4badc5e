"""One job: how it goes, what came out, what happened; orders to it stand in `orders`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from mtdata.core.control import on_lines
from mtdata.jobs.records import progress, runner_view
from mtdata.jobs.records.asking import asking
from mtdata.jobs.records.models import Event, Job, Part
from mtdata.jobs.states import FINAL, Status
from mtdata.web import waiting
from mtdata.web.access.scope import Scope, scope_of
from mtdata.web.downloads import links
from mtdata.web.downloads.fetching import guard_of
from mtdata.web.pages.orders import orders_of
from mtdata.web.pages.words import span
from mtdata.web.paging import number_in, text_in

TAIL, ARTIFACTS, SIZE, LOG_LINES = 30, 25, 100, 1000


def job_or_404(request: HttpRequest, job_id: Any) -> Job:
    """The job of that id, or 404; also for one that whoever asks does not get at."""
    job = scope_of(request.user).job(job_id)
    if job is None:
        raise Http404
    return job


def show(request: HttpRequest, job: Any) -> HttpResponse:
    """All of it that fits on one page."""
    of = job_or_404(request, job)
    return render(request, "web/job.html", _context(of, scope_of(request.user)))


def live(request: HttpRequest, job: Any) -> HttpResponse:
    """What moves on that page, for who polls it; the orders only when others are possible now."""
    known = _context(job_or_404(request, job), scope_of(request.user))
    shown = request.GET.get("orders")
    known["is_turned"] = shown is not None and shown != known["orders_shown"]
    return render(request, "web/job_live.html", known)


def _context(job: Job, scope: Scope) -> dict[str, Any]:
    now = progress.progress_of(job)
    orders = orders_of(job)
    sweep_s = settings.MTDATA.programme.sweep_s
    waits = job.status == Status.QUEUED
    return {
        "job": job,
        "progress": now,
        "percent": int(100 * now.share),
        "is_final": Status(job.status) in FINAL,
        "is_lonely": waits and not runner_view.live_count(sweep_s),
        "took": _took(job),
        "place": _queue_place(job, scope),
        "left": span(now.speed.left_s) if job.status == Status.IN_PROGRESS else "",
        "silent": span(now.silent_s),
        "running": [_running(part, now) for part in now.running],
        "orders": orders,
        "orders_shown": "-".join(sorted(orders)) or "none",
        "events": progress.newest_events(job, TAIL),
        "can_clone": job.kind in settings.MTDATA_KINDS,
        **_artifact_page(job, 1, ARTIFACTS),
    }


def _took(job: Job) -> str:
    if job.ended_at is None:
        return ""
    return span(
        waiting.seconds(job.started_at, waiting.work_ended_at([job.pk]).get(job.pk) or job.ended_at)
    )


def _queue_place(job: Job, scope: Scope) -> dict[str, Any]:
    """Of a job that waits; who is beyond the user's scope is not named."""
    place = waiting.queue_place(job)
    if place is None:
        return {}
    behind = place.behind
    return {
        "before": place.before,
        "is_behind": behind is not None,
        "behind": behind and scope.job(behind.pk),
    }


def _running(part: Part, now: progress.Progress) -> dict[str, Any]:
    beat = part.beat_at or part.started_at or now.at
    return {
        "part": part,
        "percent": min(100, 100 * part.rows // part.expected) if part.expected else None,
        "silent": span((now.at - beat).total_seconds()),
    }


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
    known = {"job": of, **_artifact_page(of, number_in(request.GET, "page", 1), SIZE)}
    return render(request, "web/job_artifacts.html", known)


def parts(request: HttpRequest, job: Any) -> HttpResponse:
    """Every part, in their order; `status` in the address chooses."""
    of = job_or_404(request, job)
    status = text_in(request.GET, "status", 16)
    with asking():
        chosen = of.parts.select_related("runner").order_by("number")
        if status:
            chosen = chosen.filter(status=status)
        page: Page[Part] = Paginator(chosen, SIZE).get_page(number_in(request.GET, "page", 1))
        known = {
            "job": of,
            "page": page,
            "lines": [{"part": part, "took": _span_of(part)} for part in page],
            "status": status,
            "states": [one.value for one in Status if one is not Status.STOPPING],
        }
        return render(request, "web/job_parts.html", known)


def _span_of(part: Part) -> str:
    if part.started_at is None or part.ended_at is None or part.ended_at < part.started_at:
        return ""
    return span((part.ended_at - part.started_at).total_seconds())


def log(request: HttpRequest, job: Any) -> HttpResponse:
    """All that happened, the oldest first, as plain text."""
    of = job_or_404(request, job)
    return StreamingHttpResponse(_lines(of), content_type="text/plain; charset=utf-8")


def _lines(job: Job) -> Iterator[str]:
    last = 0
    while events := progress.events_after(job, last, LOG_LINES):
        yield "".join(map(_event_line, events))
        last = events[-1].pk


def _event_line(event: Event) -> str:
    text = "\n    ".join(on_lines(event.text).splitlines())
    return f"{event.at:%Y-%m-%d %H:%M:%S} {event.level} {text}\n"
