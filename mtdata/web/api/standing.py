"""Operations that look: who asks, what kinds, incidents and runners there are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query

from mtdata.alerts.shape import incident_json
from mtdata.jobs.kind import REQUIRED, Kind
from mtdata.jobs.records import runner_view
from mtdata.web import incident_list
from mtdata.web.access.roles import role_of
from mtdata.web.api import asked, standing_shapes
from mtdata.web.api.cursors import behind_cursor, moment_cursor, page_of_keys, pair_of


def show_me(request: HttpRequest) -> dict[str, Any]:
    """Show who asks, and what they may do.

    `scope` is that of the token they came with, null for a session.
    """
    scope = getattr(request.user, "scope", None)
    return {
        "user": request.user.get_username(),
        "role": role_of(request.user).group,
        "scope": scope.group if scope is not None else None,
    }


def list_kinds(request: HttpRequest, wanted: Query[asked.NamesWanted]) -> dict[str, Any]:
    """List the kinds of jobs by name, and the parameters that each takes.

    A page beyond the last is the last.
    """
    kinds = settings.MTDATA_KINDS
    paged = page_of_keys(sorted(kinds), wanted.page, wanted.size, wanted.cursor or None)
    return {"kinds": [_kind(kinds[name]) for name in paged.keys], **paged.paging()}


def _kind(kind: Kind) -> dict[str, Any]:
    parameters = [
        {
            "name": one.name,
            "allowed": one.allowed,
            "required": one.default is REQUIRED,
            "default": None if callable(one.default) or one.default is REQUIRED else one.default,
            "choices": None if one.choices is None else list(one.choices(settings.MTDATA)),
            "examples": list(one.examples),
        }
        for one in kind.parameters
    ]
    return {
        "name": kind.name,
        "about": kind.about,
        "parameters": parameters,
        "can_undo": kind.undo is not None,
    }


def list_incidents(request: HttpRequest, wanted: Query[asked.IncidentsWanted]) -> dict[str, Any]:
    """List the incidents that are open, site by site; those of the program itself last.

    A page beyond the last is the last.
    """
    by_site = incident_list.open_of_all(settings.MTDATA).items()
    found = {
        (place, one.number): {"site": site, **incident_json(one)}
        for place, (site, incidents) in enumerate(by_site)
        for one in incidents
    }
    behind = pair_of(wanted.cursor) if wanted.cursor else None
    paged = page_of_keys(list(found), wanted.page, wanted.size, behind)
    following = "-".join(map(str, paged.next)) if paged.next else None
    shown = [found[key] for key in paged.keys]
    return {"incidents": shown, **paged.paging(), "next": following}


def list_runners(
    request: HttpRequest, wanted: Query[standing_shapes.RunnersWanted]
) -> dict[str, Any]:
    """List the runners that are there or fell silent, the newest first, and what each has in hand.

    Of one that is `late` the last sign of life that was due has not come.
    With `ended` those who went instead. A page beyond the last is the last.
    """
    paged = runner_view.runner_page(
        settings.MTDATA.programme,
        ended=wanted.ended,
        page=wanted.page,
        size=wanted.size,
        behind=behind_cursor(wanted.cursor, "started_at"),
    )
    last = paged.runners[-1] if paged.more else None
    return {**paged._asdict(), "next": last and moment_cursor(last["started_at"], last["id"])}
