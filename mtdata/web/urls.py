"""Where Django finds the addresses; who may use them stands in `routes`."""

from __future__ import annotations

from typing import Any

from django.urls import path

from mtdata.web.administration import SITE
from mtdata.web.routes import addresses

handler400 = "mtdata.web.pages.faults.bad_request"
handler403 = "mtdata.web.pages.faults.forbidden"
handler404 = "mtdata.web.pages.faults.missing"
handler500 = "mtdata.web.pages.faults.broken"

urlpatterns: list[Any] = [
    *addresses(),
    path("admin/", SITE.urls),
]
