"""Programme data's entry for the web; it only names what does the work."""

from __future__ import annotations

from functools import partial

from mtdata.web.access.roles import Role
from mtdata.web.api.operation import Operation
from mtdata.web.api.shapes import Ordered
from mtdata.web.body_limits import upload_body
from mtdata.web.programme import (
    administration,
    export_page,
    forms,
    import_page,
    imports,
    overview,
    shapes,
    stop_page,
)
from mtdata.web.programme.import_card import import_card
from mtdata.web.programme.row_counts import is_used, table_counts
from mtdata.web.programme.sorts import FORM_ROWS, TEAM_ROWS, RowSort
from mtdata.web.room import WebRoom
from mtdata.web.route import Route, get, post

administration.register()


def _import_route(rows: RowSort) -> Route:
    ways = get(Role.OPERATOR, partial(import_page.show, rows)) | post(
        Role.OPERATOR, partial(import_page.take, rows), upload_body
    )
    return Route(f"{rows.page}/", rows.page, ways)


_STOP = get(Role.OPERATOR, stop_page.show) | post(Role.OPERATOR, stop_page.stop)
ROOM = WebRoom(
    routes=(
        Route("programme/", "programme", get(Role.VIEWER, overview.show)),
        _import_route(TEAM_ROWS),
        _import_route(FORM_ROWS),
        Route("stop_task/<uuid:job>", "stop_task", _STOP),
        Route("stop_task/<uuid:job>/", "stop_task_below", _STOP),
        Route(
            "export_data/",
            "export_data",
            get(Role.OPERATOR, export_page.show) | post(Role.OPERATOR, export_page.queue),
        ),
    ),
    nav=(("Programme", "programme"),),
    is_used=is_used,
    operations=(
        Operation(
            "POST",
            "/form-responses",
            Role.OPERATOR,
            forms.add_form_responses,
            shapes.AddedForms,
            201,
            (413,),
            True,
        ),
        Operation(
            "POST",
            "/teams/import",
            Role.OPERATOR,
            imports.import_teams,
            Ordered,
            201,
            (413,),
            body=upload_body,
        ),
        Operation(
            "POST",
            "/forms/import",
            Role.OPERATOR,
            imports.import_forms,
            Ordered,
            201,
            (413,),
            body=upload_body,
        ),
    ),
    cards=overview.cards,
    job_card=import_card,
    forget=table_counts.forget,
)
