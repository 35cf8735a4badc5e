"""Users and their groups, in Django's own pages for that; for admins alone."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from mtdata.web.roles import Role, is_guest, role_of

OPEN = "is_active"


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


class Users(UserAdmin):
    """Of a guest nothing but `active` can be changed: what else they are stands fixed."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything but whether they may come."""
        if obj is None or not is_guest(obj):
            return super().get_readonly_fields(request, obj)
        return [name for _, section in self.fieldsets for name in section["fields"] if name != OPEN]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Refused for guests, who have none here."""
        user = self.get_object(request, unquote(id))
        if user is not None and is_guest(user):
            raise PermissionDenied("the password of an account of CAKE is kept by CAKE alone")
        return super().user_change_password(request, id, form_url)


SITE = Administration(name="admin")
SITE.register(User, Users)
SITE.register(Group, GroupAdmin)
