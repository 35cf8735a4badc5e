"""The message that a job has ended: which, how, and where it is seen; nothing of what it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from mtdata.alerts.message import Message, one_line

JOB = "job"


class EndedJob(NamedTuple):
    """A job that ended; `mark` is that of this end alone: a job that is tried again has another."""

    mark: str
    name: str
    title: str
    status: str
    ended_at: datetime
    link: str


def job_message(end: EndedJob, destination: str, to: Sequence[str], host: str) -> Message:
    """The words for one destination; `to` are the mailboxes that get it, () for a web hook."""
    subject = one_line(f"[mtdata {host}] {end.status}: {end.title}")
    ended_at = f"{end.ended_at:%Y-%m-%d %H:%M} UTC"
    body = f"{end.title}\n\n{end.status}, {ended_at}\n{end.link}\n\n{_WHY}\n"
    news = {
        "text": f"{subject} {end.link}",
        "sort": JOB,
        "host": host,
        "made_at": end.ended_at.isoformat(timespec="seconds"),
        "job": {"name": end.name, "title": end.title, "status": end.status, "url": end.link},
        "incidents": [],
        "not_shown": 0,
    }
    key = sha256(repr((destination, end.mark)).encode()).hexdigest()[:32]
    return Message(destination, JOB, key, end.ended_at, subject, body, news, to=tuple(to))


def files_message(
    end: EndedJob, links: Sequence[str], destination: str, to: Sequence[str], host: str
) -> Message:
    """The words for who is to get what a job made: where it is, and nothing of what is in it."""
    told = job_message(end._replace(mark=f"{end.mark} files"), destination, to, host)
    body = "\n".join([end.title, "", *links, "", _OPENS, ""])
    return replace(told, body=body)


_OPENS = (
    "The link is open for 24 hours from when that was ready, for who has an account of that page "
    "and logs in. Somebody there asked that you get this."
)
_WHY = "You ordered it. Your account, on that page, says whether and where you are mailed."
