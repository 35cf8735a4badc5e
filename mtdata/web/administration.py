"""Users and their groups, in Django's own pages for that; for admins alone."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from mtdata.web.roles import Role, role_of


class Administration(AdminSite):
    """Logs in by our own page."""

    site_title = site_header = "MTData"
    index_title = "Users and groups"

    def has_permission(self, request: HttpRequest) -> bool:
        """Admins alone; who is logged in and is none is told so."""
        if request.user.is_authenticated and role_of(request.user) is not Role.ADMIN:
            raise PermissionDenied("this needs the role admin")
        return bool(request.user.is_authenticated)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Our own page to log in, with its lock."""
        return redirect_to_login(request.get_full_path())


SITE = Administration(name="admin")
SITE.register(User, UserAdmin)
SITE.register(Group, GroupAdmin)
