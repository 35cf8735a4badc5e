"""Where Django finds the addresses; who may use them stands in `routes`."""

from __future__ import annotations

from typing import Any

from django.urls import path

from mtdata.web.access.administration import SITE
from mtdata.web.routes import addresses

handler400 = "mtdata.web.faults.bad_request"
handler403 = "mtdata.web.faults.forbidden"
handler404 = "mtdata.web.faults.missing"
handler500 = "mtdata.web.faults.broken"

urlpatterns: list[Any] = [*addresses(), path("admin/", SITE.urls)]
