"""Logging in and out, one's own password and tokens; other people's users are in /admin/."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mtdata.records.asking import asking
from mtdata.web import tokens
from mtdata.web.models import Token
from mtdata.web.roles import Role, role_of

MOST_TOKENS = 20


def login(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it."""
    view = LoginView.as_view(
        template_name="web/login.html",
        authentication_form=AuthenticationForm,
        redirect_authenticated_user=True,
        extra_context={"offers_cake": bool(settings.MTDATA.export.cake)},
    )
    return view(request)


def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return redirect("login")


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(max_length=64, help_text="What it is for.")
    scope = forms.ChoiceField(help_text="It may do no more than this role.")
    days = forms.IntegerField(min_value=1, max_value=3650, initial=tokens.DAYS)

    def __init__(self, *args: object, most: Role, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if Role.ANYONE < role <= most]
        self.fields["scope"].choices = [(role.group, role.group) for role in roles]


def show(request: HttpRequest, **bound: object) -> HttpResponse:
    """One's own account."""
    known = {
        "tokens": Token.objects.filter(user=request.user).order_by("-made_at"),
        "token_form": TokenForm(most=role_of(request.user)),
        "password_form": PasswordChangeForm(request.user),
    }
    status = 400 if bound else 200
    with asking():
        return render(request, "web/account.html", known | bound, status=status)


def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; other sessions of the user end."""
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return show(request, password_form=form)
    form.save()
    auth.update_session_auth_hash(request, form.user)
    messages.success(request, "Your password is changed; other sessions of yours have ended.")
    return redirect("account")


def add_token(request: HttpRequest) -> HttpResponse:
    """A new token, shown once."""
    form = TokenForm(request.POST, most=role_of(request.user))
    if form.is_valid() and Token.objects.filter(user=request.user).count() >= MOST_TOKENS:
        form.add_error(None, f"You have {MOST_TOKENS} tokens; remove one first.")
    if not form.is_valid():
        return show(request, token_form=form)
    of = form.cleaned_data
    word = tokens.make(request.user, of["name"], Role[of["scope"].upper()], of["days"])
    return render(request, "web/token.html", {"word": word, "name": of["name"]})


def remove_token(request: HttpRequest, number: int) -> HttpResponse:
    """It opens nothing from now on."""
    gone, _ = Token.objects.filter(user=request.user, pk=number).delete()
    messages.success(request, "The token is removed." if gone else "There is no such token.")
    return redirect("account")
