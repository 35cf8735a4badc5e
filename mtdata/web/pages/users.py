"""Who may log in, with which role and which tokens; for admins, and changed by them alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

from mtdata.core.errors import UsageError
from mtdata.jobs.records.asking import asking
from mtdata.web.access import second_factor, tokens, users
from mtdata.web.access.foreign import service_title
from mtdata.web.access.roles import Role, is_guest
from mtdata.web.models import Token
from mtdata.web.pages.words import refusals_shown, see
from mtdata.web.paging import number_in, text_in

log = logging.getLogger(__name__)
Page = TypeVar("Page", bound=Callable[..., HttpResponse])
SIZE, MOST_TOKENS, MOST_WORDS = 50, 50, 128
ROLES = [(role.group, role.group) for role in Role if role is not Role.ANYONE]
SHOWN = ("active", "shut", "all")
_unseen: Callable[[Page], Page] = sensitive_post_parameters("password")


class PersonForm(forms.Form):
    """The form for a new user."""

    name = forms.CharField(max_length=150)
    role = forms.ChoiceField(choices=ROLES)
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="12 letters or more. They change it at their account.",
    )


class RoleForm(forms.Form):
    """The form for another role."""

    role = forms.ChoiceField(choices=ROLES)


class NextPasswordForm(forms.Form):
    """The form for another password."""

    password = PersonForm.base_fields["password"]


def show(request: HttpRequest, form: PersonForm | None = None) -> HttpResponse:
    """Everybody, by name; and every token that opens something."""
    words = text_in(request.GET, "name", MOST_WORDS).strip()
    which = text_in(request.GET, "show", 16)
    which = which if which in SHOWN else SHOWN[0]
    with asking():
        chosen = User.objects.select_related("guest").prefetch_related("groups")
        chosen = chosen.filter(username__icontains=users.folded(words)) if words else chosen
        chosen = chosen if which == "all" else chosen.filter(is_active=which == "active")
        chosen = chosen.annotate(tokens=Count("token")).order_by("username")
        page = Paginator(chosen, SIZE).get_page(number_in(request.GET, "page", 1))
        keys = Paginator(Token.objects.select_related("user").order_by("-made_at"), MOST_TOKENS)
        known = {
            "page": page,
            "lines": [(user, users.with_role(user)) for user in page],
            "words": words,
            "which": which,
            "offered": SHOWN,
            "keys": keys.get_page(number_in(request.GET, "tokens", 1)),
            "form": form or PersonForm(initial={"role": Role.VIEWER.group}),
        }
        return render(request, "web/users.html", known, status=400 if form else 200)


@_unseen
def add(request: HttpRequest) -> HttpResponse:
    """Add a user."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return show(request, form)
    given = form.cleaned_data
    try:
        users.may_be(given["name"])
        users.put(given["name"], given["password"], given["role"], new=True)
    except UsageError as error:
        form.add_error(None, f"{error}.")
        return show(request, form)
    name = users.folded(given["name"])
    log.info("%s let %s in as %s", request.user.get_username(), name, given["role"])
    messages.success(request, f"{name} may log in, as {given['role']}.")
    return see("user", users.user_named(name).pk)


def look(request: HttpRequest, number: int) -> HttpResponse:
    """Show one user."""
    user = _user(number)
    role = users.with_role(user)
    known = {
        "person": user,
        "person_role": role,
        "is_theirs_to_change": not is_guest(user),
        "service": service_title(user),
        "has_code": second_factor.is_on(user),
        "tokens": tokens.tokens_of(user),
        "role_form": RoleForm(initial={"role": role}),
        "reset_form": NextPasswordForm(),
    }
    with asking():
        return render(request, "web/user.html", known)


def _user(number: int) -> Any:
    user = users.user_by(pk=number)
    if user is None:
        raise Http404
    return user


@_unseen
def change(request: HttpRequest, number: int) -> HttpResponse:
    """What `order` says: a role, a password, shut, let in, a token less, or no code any more.

    UsageError for any other order.
    """
    user = _user(number)
    order = ORDERS.get(text_in(request.POST, "order", 16))
    with refusals_shown(request, UsageError):
        if order is None or (is_guest(user) and order not in FOR_GUESTS):
            raise UsageError("that cannot be ordered of this user")
        told = order(user, request)
        log.info("%s: %s", request.user.get_username(), told)
        messages.success(request, told)
    return see("user", number)


def _role(user: Any, request: HttpRequest) -> str:
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise UsageError("there is no such role")
    users.give_role(user, form.cleaned_data["role"])
    return f"{user.get_username()} is {form.cleaned_data['role']} now."


def _password(user: Any, request: HttpRequest) -> str:
    form = NextPasswordForm(request.POST)
    if not form.is_valid():
        raise UsageError("a password is needed, of 1,024 letters at most")
    users.give_password(user, form.cleaned_data["password"])
    return f"{user.get_username()} has a new password; sessions and tokens have ended."


def _shut(user: Any, request: HttpRequest) -> str:
    users.shut(user)
    return f"{user.get_username()} may not log in any more; sessions and tokens have ended."


def _let_in(user: Any, request: HttpRequest) -> str:
    users.let_in(user)
    return f"{user.get_username()} may log in again; what had ended stays ended."


def _factor(user: Any, request: HttpRequest) -> str:
    if not second_factor.remove(user):
        raise UsageError("no code is asked for")
    return f"The password of {user.get_username()} alone lets them in again."


def _token(user: Any, request: HttpRequest) -> str:
    if not tokens.remove(user, number_in(request.POST, "token", 0)):
        raise UsageError("there is no such token")
    return f"A token of {user.get_username()} is removed."


ORDERS: dict[str, Callable[[Any, HttpRequest], str]] = {
    "role": _role,
    "password": _password,
    "shut": _shut,
    "let_in": _let_in,
    "token": _token,
    "factor": _factor,
}
FOR_GUESTS = (_shut, _let_in)
