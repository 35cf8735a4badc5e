"""Why something failed or waits, as far as who reads it can do something about it."""

from __future__ import annotations

import re
from typing import NamedTuple

from mtdata.jobs.states import Status, why_failed
from mtdata.web.access.roles import Role

_KEY = re.compile(r" \([A-Z][A-Z_]+\)")
"""A key of the config beside what it means, as "(SETTLE)"."""
_CLAUSE = re.compile(
    r"[:;,]?(?: and)? "
    r"(?:(?:see|mend) (?:[A-Z][A-Z_]{3,}\b|(?=[^;]*\.config\b))|with [A-Z_]{4,}:)[^;]*"
)
"""What is to be changed in the config, as ": see API_KEY in export.config"."""
_STAYS = "What is finished stays."
_WAITS = re.compile(r"^waits until [\d: -]+ UTC: ")


class Reason(NamedTuple):
    """Why, and what the reader can do; `why` may hold code between backticks."""

    why: str
    todo: str = ""


def reason_of(status: str, reason: str, role: Role) -> Reason:
    """The reason of a job in that state, for who has this role."""
    if not reason or status == Status.QUEUED:
        return Reason("")
    why = why_failed(reason)
    told = why if role >= Role.ADMIN else without_keys(why)
    if status != Status.FAILED:
        return Reason(told)
    return Reason(f"{told.rstrip('. ')}.", _todo(role, is_config=told != why))


def _todo(role: Role, *, is_config: bool) -> str:
    if role >= Role.ADMIN:
        return f"{_STAYS} Mend that, then Retry goes on from there."
    if role < Role.OPERATOR:
        return f"{_STAYS} An operator can try it again."
    if is_config:
        return f"{_STAYS} Ask an administrator to look at the settings, then Retry."
    return f"{_STAYS} Retry goes on from there; if it fails again, tell an administrator."


def waits_for(reason: str, role: Role) -> str:
    """For what a job waits, of what `waits until … UTC: …` says."""
    why = _WAITS.sub("", reason)
    return why if role >= Role.ADMIN else without_keys(why)


def to_reader(text: str, name: str) -> str:
    """The text with "by you" where it ends with the name of who reads it."""
    own = f" by {name}"
    return f"{text.removesuffix(own)} by you" if text.endswith(own) else text


def without_keys(text: str) -> str:
    """The text without what only who has the config can change."""
    return _CLAUSE.sub("", _KEY.sub("", text))
