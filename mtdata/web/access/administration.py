"""Django's own pages for admins alone, and users there; everyday work is at /users/."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from mtdata.core.errors import UsageError
from mtdata.web.access import users
from mtdata.web.access.foreign import service_title
from mtdata.web.access.roles import Role, is_guest, role_of

OPEN = "is_active"


class Administration(AdminSite):
    """Logs in by our own page."""

    site_title = site_header = "MTData"
    index_title = "Tables"

    def has_permission(self, request: HttpRequest) -> bool:
        """Admins alone; who is logged in and is none is told so.  PermissionDenied, so."""
        if request.user.is_authenticated and role_of(request.user) is not Role.ADMIN:
            raise PermissionDenied("this needs the role admin")
        return bool(request.user.is_authenticated)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Our own page to log in, with its lock."""
        return redirect_to_login(request.get_full_path())

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Our own page, where a wrong old password is counted."""
        return redirect("account")


class ChangeForm(UserChangeForm):
    """Refuses what would leave nobody who may administer."""

    def clean(self) -> Any:
        """Refuse what would leave no admin (`users.keep_an_admin`)."""
        found = super().clean()
        groups = {group.name for group in self.cleaned_data.get("groups", ())}
        if not self.cleaned_data.get(OPEN) or Role.ADMIN.group not in groups:
            try:
                users.keep_an_admin([self.instance])
            except UsageError as error:
                raise forms.ValidationError(str(error)) from error
        return found


class ResetForm(AdminPasswordChangeForm):
    """The form to change a password: always one that can be used."""

    usable_password = None

    def set_password_and_save(self, user: Any, *of_form: Any, **more: Any) -> Any:
        """Keep it, and nothing else that was read before it was hashed."""
        user.set_password(self.cleaned_data["password1"])
        users.keep_password(user)
        return user


class EnterForm(AdminUserCreationForm):
    """The form for a new user, whose password is always one that can be used."""

    usable_password = None


class OpenToAdmins:
    """All of a table is open to who gets to its pages: that is an admin (`Administration`)."""

    def has_module_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Always."""
        return True

    has_view_permission = has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_module_permission


class Users(OpenToAdmins, UserAdmin):
    """Of a guest nothing but `active` can be changed: what else they are stands fixed."""

    form, add_form, change_password_form = ChangeForm, EnterForm, ResetForm
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Personal", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": (OPEN, "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)
    list_display = ("username", "email", OPEN)
    list_filter = (OPEN, "groups")
    filter_horizontal = ("groups",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep what was changed here alone: the rest may have been changed elsewhere meanwhile."""
        fixed = ("groups", "password")
        of_form = [name for name in form.changed_data if name not in fixed]
        obj.save(**({"update_fields": of_form} if change else {}))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whoever would leave nobody who may administer is kept."""
        shown, counts, perms, kept = super().get_deleted_objects(objs, request)
        try:
            users.keep_an_admin(objs)
        except UsageError as error:
            kept = [*kept, str(error)]
        return shown, counts, perms, kept

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything but whether they may come."""
        if obj is None or not is_guest(obj):
            return super().get_readonly_fields(request, obj)
        return [name for _, section in self.fieldsets for name in section["fields"] if name != OPEN]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Refused for guests, who have none here.  PermissionDenied, so."""
        user = self.get_object(request, unquote(id))
        if user is not None and is_guest(user):
            title = service_title(user)
            raise PermissionDenied(
                f"the password of an account of {title} is kept by {title} alone"
            )
        return super().user_change_password(request, id, form_url)


SITE = Administration(name="admin")
SITE.register(User, Users)
