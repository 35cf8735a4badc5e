"""Jobs that ended are told: to who ordered them, to web hooks, and as an incident where one Failed.

The records keep what is to be told, the outbox what is to be sent; nothing here waits for a server.
"""

from __future__ import annotations

import logging
import socket
from functools import partial

from mtdata.alerts import notify
from mtdata.alerts.dispatch import OWNERS
from mtdata.alerts.incident import FAILED_REPORT
from mtdata.alerts.job_message import EndedJob, files_message, job_message
from mtdata.alerts.message import Message
from mtdata.alerts.messengers import MESSENGER
from mtdata.config import Settings
from mtdata.config.address import read_address
from mtdata.core.errors import StorageError
from mtdata.jobs.daily import OWNER
from mtdata.jobs.kind import Kinds
from mtdata.jobs.link_words import page_secret, signed_word
from mtdata.jobs.records import job_ends
from mtdata.jobs.records.models import Job, JobEnd
from mtdata.jobs.states import Status
from mtdata.jobs.title import title_of

log = logging.getLogger(__name__)
MOST = 100


def tell_of_ends(settings: Settings, kinds: Kinds) -> None:
    """Pass on what ended since the last time.  RecordsError: not now."""
    try:
        for end in job_ends.untold_ends(MOST):
            if not job_ends.pass_on(end, partial(_tell, settings, kinds, end)):
                break  # the outbox is full or in use: later
    except StorageError as error:
        log.error("that a job ended cannot be told yet: %s", error)
    _close_what_is_over(settings)


def _tell(settings: Settings, kinds: Kinds, end: JobEnd) -> bool:
    messages = []
    if settings.programme.tell_jobs:
        messages = [*_messages(settings, kinds, end), *_files_messages(settings, kinds, end)]
    if messages and not notify.spool(settings, messages):
        return False
    job = end.job
    is_report = job.kind in kinds and bool(kinds[job.kind].account)
    if is_report and end.status == Status.FAILED and job.owner != OWNER:  # its own is report_missed
        notify.program_incident(settings, FAILED_REPORT, job.name, job.reason)
    return True


def _messages(settings: Settings, kinds: Kinds, end: JobEnd) -> list[Message]:
    """One for who ordered it, if there is an address, and one for each web hook and messenger."""
    to: dict[str, tuple[str, ...]] = {
        name: () for name in notify.posts_of(settings) if name.startswith((notify.HOOK, MESSENGER))
    }
    if settings.log.mail and (address := _mailbox(end.job)):
        to[OWNERS] = (address,)
    ended, host = _ended_job(settings, kinds, end), socket.gethostname()
    return [job_message(ended, name, boxes, host) for name, boxes in to.items()]


def _ended_job(settings: Settings, kinds: Kinds, end: JobEnd) -> EndedJob:
    job = end.job
    words, whose = title_of(kinds.get(job.kind), job.name, job.parameters)
    title = ", ".join(filter(None, (words, whose)))
    link = f"{settings.programme.tell_jobs}/jobs/{job.pk}/"
    mark = f"{job.pk} {end.at.isoformat()}"
    return EndedJob(mark, job.name, title, end.status, end.at, link)


def _mailbox(job: Job) -> str:
    return _read_mailbox(job_ends.address_of(job.owner))


def _read_mailbox(word: str) -> str:
    try:
        return read_address(word).mailbox
    except ValueError:
        return ""


def _files_messages(settings: Settings, kinds: Kinds, end: JobEnd) -> list[Message]:
    """One for who is to get what the job made, as long as MAIL_ALLOWED has that address."""
    kind = kinds.get(end.job.kind)
    if kind is None or not kind.mailed or end.status != Status.SUCCESS or not settings.log.mail:
        return []
    box = _read_mailbox(str(end.job.parameters.get(kind.mailed, "")))
    if not box or not settings.programme.may_be_mailed(box):
        return []
    ended = _ended_job(settings, kinds, end)
    links = _links(settings, end.job) or [ended.link]
    return [files_message(ended, links, OWNERS, (box,), socket.gethostname())]


def _links(settings: Settings, job: Job) -> list[str]:
    """The address of each file; none where this machine does not know what the page signs by."""
    secret = page_secret(settings)
    made = job.artifacts.order_by("pk").values_list("pk", flat=True) if secret else ()
    words = (signed_word(number, 0, job.pk, secret) for number in made)
    return [f"{settings.programme.tell_jobs}/d/{word}" for word in words]


def _close_what_is_over(settings: Settings) -> None:
    opened = [one.scale for one in notify.program_incidents(settings) if one.kind == FAILED_REPORT]
    for name in set(opened) - (job_ends.still_failed(opened) if opened else set()):
        notify.close_program_incident(settings, FAILED_REPORT, name)
