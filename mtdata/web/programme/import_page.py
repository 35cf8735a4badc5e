"""Files of teams or form responses: kept, shown before anything is written, and then queued.

A file is kept under an id, and whoever brought it (or an admin) goes on from there.  No row of it
is ever in a log.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from mtdata.config import Settings
from mtdata.core.errors import JobError, RecordsError, UsageError
from mtdata.core.words import counted
from mtdata.jobs import queue as job_queue
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import queries
from mtdata.jobs.records.models import Job
from mtdata.programme import uploads
from mtdata.programme.jobs import AGAIN, DUPLICATES, GOOD_ROWS
from mtdata.programme.preview import FilePreview, preview_file
from mtdata.web.access.roles import Role, role_of
from mtdata.web.access.scope import scope_of
from mtdata.web.cached_look import CachedLook
from mtdata.web.pages.words import see
from mtdata.web.programme.row_counts import table_counts
from mtdata.web.programme.sorts import BY_KIND, RowSort
from mtdata.web.uploads.reading import file_of_form

log = logging.getLogger(__name__)


class KeptFile(NamedTuple):
    """An uploaded file, what it would bring, and the job that has brought it already."""

    upload: Any
    preview: FilePreview
    earlier: Job | None


def _look(ours: Settings, kind: str, upload_id: str) -> FilePreview:
    sort, of = BY_KIND[kind].sort, BY_KIND[kind]
    pieces = uploads.content(uploads.named(upload_id, sort.name))
    return preview_file(pieces, sort.columns, ours.programme.timezone, of.lookup)


previews = CachedLook(_look)
"""A large file takes its time: of many that ask at once one reads it."""


def show(rows: RowSort, request: HttpRequest) -> HttpResponse:
    """The form; or what the file `?file=` would bring, or that of the job `?from=`."""
    if "from" in request.GET and (upload := _upload_of_job(request, rows)):
        return _see_preview(rows, upload)
    if "file" not in request.GET:
        return _render_form(request, rows)
    upload = _own_upload(request, rows, request.GET["file"])
    try:
        return _render_preview(request, rows, _kept_file(rows, upload))
    except JobError as error:
        return _render_form(request, rows, str(error), HTTPStatus.GONE)


def take(rows: RowSort, request: HttpRequest) -> HttpResponse:
    """Keep the file that comes, or queue the import of one that was kept."""
    if "upload" in request.POST:
        return _queue(request, rows)
    try:
        return _keep(request, rows)
    except RecordsError:
        raise
    except (JobError, UsageError) as error:
        return _render_form(request, rows, str(error), HTTPStatus.BAD_REQUEST)


# --- a file comes


def _keep(request: HttpRequest, rows: RowSort) -> HttpResponse:
    """JobError for one that is too large or cannot be read: nothing of it is kept.

    UsageError where there is none.
    """
    sent = file_of_form(request)
    if sent is None:
        raise UsageError("no file was chosen")
    most, owner = settings.MTDATA.programme.upload_max, request.user.get_username()
    upload = uploads.store(sent.pieces, most, name=sent.name, sort=rows.sort.name, owner=owner)
    table_counts.forget()
    try:
        previews(settings.MTDATA, rows.kind, str(upload.pk))
    except JobError:
        uploads.forget(upload)
        raise
    log.info("%s brought a file of %s: %s", owner, rows.sort.name, upload.pk)
    return _see_preview(rows, upload)


def _see_preview(rows: RowSort, upload: Any) -> HttpResponse:
    to = reverse(rows.page, query={"file": str(upload.pk)})
    return HttpResponseRedirect(to, status=HTTPStatus.SEE_OTHER)


def _render_form(
    request: HttpRequest, rows: RowSort, fault: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    ours = settings.MTDATA.programme
    columns = [(one, rows.columns[one.name]) for one in rows.sort.columns]
    known = {"rows": rows, "columns": columns, "fault": fault, "most": ours.upload_max}
    return render(request, "programme/import_form.html", known, status=status)


# --- what it would bring


def _own_upload(request: HttpRequest, rows: RowSort, word: str) -> Any:
    """A file that this user brought, or any for an admin; else 404."""
    is_admin = role_of(request.user) >= Role.ADMIN
    owner = None if is_admin else request.user.get_username()
    try:
        return uploads.named(word, rows.sort.name, owner)
    except ValueError:
        raise Http404 from None


def _upload_of_job(request: HttpRequest, rows: RowSort) -> Any:
    """The file of a job that somebody orders again, as far as it is kept and theirs."""
    try:
        job = scope_of(request.user).job(UUID(request.GET["from"]))
        word = job.parameters["file"] if job and job.kind == rows.kind else ""
        upload = _own_upload(request, rows, str(word))
    except (ValueError, KeyError, Http404):
        return None
    return upload if uploads.has_content(upload) else None


def _kept_file(rows: RowSort, upload: Any) -> KeptFile:
    """JobError where its content is gone, however lately somebody looked."""
    if not uploads.has_content(upload):
        raise JobError(f"the content of {upload.name!a} is kept no more; bring the file once more")
    preview = previews(settings.MTDATA, rows.kind, str(upload.pk))
    key = rows.sort.key_of(upload.sha256)
    return KeptFile(upload, preview, queries.standing_of_key(rows.kind, key))


def _render_preview(
    request: HttpRequest, rows: RowSort, kept: KeptFile, faults: list[str] | None = None
) -> HttpResponse:
    check, names = kept.preview.check, [one.name for one in rows.sort.columns]
    known = {
        "rows": rows,
        "kept": kept,
        "check": check,
        "headline": _headline(rows, kept.preview),
        "more_bad": check.bad - len({one.line for one in check.faults}),
        "names": names,
        "first": [list(zip(names, values, strict=True)) for values in kept.preview.first],
        "chooses": DUPLICATES.name in _names(rows),
        "policy": request.POST.get(DUPLICATES.name, DUPLICATES.default),
        "faults": faults or [],
    }
    status = HTTPStatus.BAD_REQUEST if faults else HTTPStatus.OK
    return render(request, "programme/import_preview.html", known, status=status)


def _headline(rows: RowSort, preview: FilePreview) -> str:
    check = preview.check
    if not check.rows:
        return f"The file has no {rows.noun}"
    if not check.bad:
        return f"{counted(check.rows, rows.noun)} can be imported"
    verb = "is" if check.bad == 1 else "are"
    return f"{check.bad:,} of {counted(check.rows, 'row')} {verb} wrong"


def _names(rows: RowSort) -> set[str]:
    return {one.name for one in settings.MTDATA_KINDS[rows.kind].parameters}


# --- it is ordered


def _queue(request: HttpRequest, rows: RowSort) -> HttpResponse:
    upload = _own_upload(request, rows, request.POST["upload"])
    try:
        kept = _kept_file(rows, upload)
    except JobError as error:
        return _render_form(request, rows, str(error), HTTPStatus.GONE)
    names = {GOOD_ROWS.name, AGAIN.name, DUPLICATES.name} & _names(rows)
    given = {name: request.POST[name] for name in names if name in request.POST}
    if faults := _faults_of(rows, kept, given):
        return _render_preview(request, rows, kept, faults)
    kind, ours = settings.MTDATA_KINDS[rows.kind], settings.MTDATA
    reading = validate(kind, ours, {"file": str(upload.pk), **given})
    if reading.faults:
        told = [f"{name}: {why}" for name, why in reading.faults.items()]
        return _render_preview(request, rows, kept, told)
    owner = request.user.get_username()
    (job,) = job_queue.add_all(ours, settings.MTDATA_KINDS, kind.name, [reading], owner)
    table_counts.forget()
    log.info("%s queued %s", owner, job.name)
    messages.success(request, f"{job.name} is queued.")
    return see("job", job.pk)


def _faults_of(rows: RowSort, kept: KeptFile, given: dict[str, str]) -> list[str]:
    """Why the job would fail as it is ordered: nobody needs to wait for that."""
    check, told = kept.preview.check, []
    if check.bad and given.get(GOOD_ROWS.name) != "yes":
        told.append(f"{counted(check.bad, 'row')} would have to be left out, which is not ticked")
    if given.get(DUPLICATES.name) == "fail":
        there, repeated = kept.preview.there, kept.preview.repeated
        told += [f"{counted(there, rows.noun)} of the file are there already"] if there else []
        told += [f"{counted(repeated, 'row')} of the file have a name again"] if repeated else []
    if kept.earlier and given.get(AGAIN.name) != "yes":
        told.append(f"the same file is {kept.earlier.status} as {kept.earlier.name}")
    return told
