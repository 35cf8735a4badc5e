"""Operations that look: who asks, what kinds there are, how pools and runners stand."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query

from mtdata.alerts import notify
from mtdata.core.checks import PROGRAM
from mtdata.jobs.kind import REQUIRED, Kind
from mtdata.jobs.records import runner_view
from mtdata.study.status.overview import incident_json
from mtdata.web import pools
from mtdata.web.access.roles import role_of
from mtdata.web.api import shapes, site_shapes


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


def list_kinds(request: HttpRequest) -> dict[str, Any]:
    """List the kinds of jobs and the parameters that each takes."""
    kinds = settings.MTDATA_KINDS
    return {"kinds": [_kind(kinds[name]) for name in sorted(kinds)]}


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


def list_sites(request: HttpRequest) -> dict[str, Any]:
    """List how each site's pool stands, as `mtdata status --json` prints it.

    It is read at most once in five seconds. Of a site without a pool there is `absent` alone, of
    one whose pool cannot be read `fault`.
    """
    return {"sites": pools.standing(settings.MTDATA)}


def list_incidents(request: HttpRequest, wanted: Query[shapes.Wanted]) -> dict[str, Any]:
    """List the incidents that are open, site by site; those of the program itself last."""
    found = [
        {"site": site, **one}
        for site, state in pools.standing(settings.MTDATA).items()
        for one in state.get("incidents", ())
    ]
    own = notify.program_incidents(settings.MTDATA)
    found += [{"site": PROGRAM, **incident_json(one)} for one in own]
    first = (wanted.page - 1) * wanted.size
    return {
        "incidents": found[first : first + wanted.size],
        **shapes.paging(len(found), wanted),
    }


def list_runners(request: HttpRequest, wanted: Query[site_shapes.RunnersWanted]) -> dict[str, Any]:
    """List the runners that are there or fell silent, the newest first, and what each has in hand.

    With `ended` those who went instead. A page beyond the last is the last.
    """
    sweep_s = settings.MTDATA.programme.sweep_s
    return runner_view.runner_page(
        sweep_s, ended=wanted.ended, page=wanted.page, size=wanted.size
    )._asdict()
