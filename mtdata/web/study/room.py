"""The study's entry for the web; it only names what does the work."""

from __future__ import annotations

from mtdata.web.access.roles import Role
from mtdata.web.api.operation import Operation
from mtdata.web.room import WebRoom
from mtdata.web.route import Route, get
from mtdata.web.study import pages, shapes, sites, states

ROOM = WebRoom(
    routes=(
        Route("pool/", "pool", get(Role.VIEWER, pages.all_pools)),
        Route("pool/<str:name>/", "pool_of", get(Role.VIEWER, pages.show)),
    ),
    nav=(("Study", "pool"),),
    is_used=lambda settings: bool(settings.sites),
    operations=(Operation("GET", "/sites", Role.VIEWER, sites.list_sites, shapes.Sites),),
    cards=sites.cards,
    known_incidents=states.known_incidents,
    forget=states.forget,
)
