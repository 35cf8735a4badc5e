"""What is wrong with what is asked for by our own names: kinds, parameters; it answers nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from mtdata.jobs.kind import Kind, Parameters
from mtdata.jobs.parameters import validate
from mtdata.jobs.records import queries
from mtdata.web.access.roles import Role, role_of

FieldFault = tuple[tuple[Any, ...], str]
"""Where it stands, and why it is wrong."""
KIND, GIVEN = ("body", "order", "kind"), ("body", "order", "parameters")
MOST_OWNERS = 20
MANY_OWNERS = "there is no such owner; each job of `GET /api/v1/jobs` tells its own"
JOBS = ("api_list_jobs", "old_api_list_jobs")  # the address, by the first of its methods


def no_such(what: str, there: Iterable[str]) -> str:
    """Words for a name that there is not, with those that there are."""
    return f"there is no such {what}; there are {', '.join(sorted(there)) or 'none'}"


def unknown_kind(where: tuple[str, ...], name: str) -> list[FieldFault]:
    """A fault where there is no such kind; '' asks for none."""
    kinds = settings.MTDATA_KINDS
    return [(where, no_such("kind", kinds))] if name and name not in kinds else []


def unknown_owner(where: tuple[str, ...], name: str, who: str, within: Q) -> list[FieldFault]:
    """A fault where neither who asks nor any owner of the jobs that they see has that name.

    Of a user without such a job nothing is told, not even that there is one; '' asks for none.
    """
    if not name or name == who or queries.owners(within, 1, name):
        return []
    there = {who, *queries.owners(within, MOST_OWNERS + 1)}
    told = no_such("owner", there)
    return [(where, told if len(there) <= MOST_OWNERS else MANY_OWNERS)]


def faults_of(kind: str, given: Mapping[str, str], user: Any) -> list[FieldFault]:
    """Every fault of an order of that user at once."""
    if kind not in settings.MTDATA_KINDS:
        return [(KIND, no_such("kind", settings.MTDATA_KINDS))]
    found = settings.MTDATA_KINDS[kind]
    reading = validate(found, settings.MTDATA, given)
    faults = reading.faults | _not_theirs(found, reading.parameters, user)
    return [((*GIVEN, *([name] if name else [])), why) for name, why in faults.items()]


def _not_theirs(kind: Kind, parameters: Parameters, user: Any) -> dict[str, str]:
    """By parameter what names something that is another's; an admin's is all."""
    if role_of(user) >= Role.ADMIN:
        return {}
    faults: dict[str, str] = {}
    for one in kind.parameters:
        if one.check_owner is not None and one.name in parameters:
            try:
                one.check_owner(parameters[one.name], user.get_username())
            except ValueError as error:
                faults[one.name] = str(error)
    return faults


def faults_beside(request: HttpRequest, told: Collection[tuple[Any, ...]]) -> list[FieldFault]:
    """Those of an order that cannot be read as a whole, without what is told of it already."""
    match = request.resolver_match
    if match is None or match.url_name not in JOBS or request.method != "POST":
        return []
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        sent = json.loads(request.body)
        kind, given = sent["kind"], sent.get("parameters") or {}
        if isinstance(kind, str) and isinstance(given, dict):
            words = {name: word if isinstance(word, str) else "" for name, word in given.items()}
            found = faults_of(kind, words, request.user)
            return [one for one in found if not _is_reported(one[0], told)]
    return []


def _is_reported(where: tuple[Any, ...], told: Collection[tuple[Any, ...]]) -> bool:
    """Whether something is told of that field; of an order as a whole that is another matter."""
    inner = where if len(where) > len(GIVEN) else ()
    return where in told or any(inner and inner == at[: len(inner)] for at in told)
