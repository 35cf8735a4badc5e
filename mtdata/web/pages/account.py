"""Logging in and out, one's own password and tokens; other people's are at /users/."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from mtdata.jobs.records.asking import asking
from mtdata.logs import EACH
from mtdata.web.access import lockout, second_factor, throttle, tokens, users
from mtdata.web.access.foreign import offered, service_title
from mtdata.web.access.log_in_form import LogInForm
from mtdata.web.access.roles import Role, role_of
from mtdata.web.access.users import mailbox_of
from mtdata.web.models import Token

log = logging.getLogger(__name__)
MOST_TOKENS = 20


def login(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it."""
    services = [(reverse(f"{one.name}_login"), one.log_in.title) for one in offered() if one.log_in]
    view = LoginView.as_view(
        template_name="web/login.html",
        authentication_form=LogInForm,
        redirect_authenticated_user=True,
        extra_context={"services": services},
    )
    return view(request)


def logout(request: HttpRequest) -> HttpResponse:
    """Log out."""
    auth.logout(request)
    return redirect("login")


class TokenForm(forms.Form):
    """The form for a new token."""

    name = forms.CharField(max_length=64, help_text="What it is for.")
    scope = forms.ChoiceField(help_text="It may do no more than this role.")
    days = forms.IntegerField(min_value=1, max_value=3650, initial=tokens.DAYS)

    def __init__(self, *args: object, most: Role, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if Role.ANYONE < role <= most]
        self.fields["scope"].choices = [(role.group, role.group) for role in roles]


class PasswordForm(PasswordChangeForm):
    """One's own password; the page does not jump to it."""

    end_tokens = forms.BooleanField(
        required=False,
        initial=True,
        label="End my tokens too",
        help_text="Whoever had the old password may have made one.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)

    def set_password_and_save(self, user: Any, *of_form: Any, **more: Any) -> Any:
        """Keep the new one.  UsageError where the old one, or the account, counts no more."""
        known = user.password
        user.set_password(self.cleaned_data["new_password1"])
        user.keeps_tokens = not self.cleaned_data["end_tokens"]
        users.keep_password(user, known)
        return user

    @property
    def is_guess(self) -> bool:
        """Whether the old password was a wrong one."""
        return self.has_error("old_password", "password_incorrect")


class MailForm(forms.Form):
    """Where one is mailed when a job ends that one ordered."""

    address = forms.CharField(
        required=False,
        max_length=254,
        label="Mail address",
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text="Empty: no mail.",
    )

    def clean_address(self) -> str:
        """The mailbox alone."""
        word = self.cleaned_data["address"].strip()
        found = mailbox_of(word)
        if word and not found:
            raise forms.ValidationError("That is no mail address.")
        return found


def show(request: HttpRequest, **bound: object) -> HttpResponse:
    """Show one's own account."""
    known = {
        "service": service_title(request.user),
        "tokens": tokens.tokens_of(request.user),
        "mail_form": MailForm(initial={"address": request.user.email}),
        "is_mailed": bool(settings.MTDATA.programme.tell_jobs and settings.MTDATA.log.mail),
        "token_form": TokenForm(most=role_of(request.user)),
        "password_form": PasswordForm(request.user),
        "has_code": second_factor.is_on(request.user),
        "needs_code": getattr(request.user, "needs_code", False),
    }
    status = 400 if bound else 200
    with asking():
        return render(request, "web/account.html", known | bound, status=status)


def change_mail(request: HttpRequest) -> HttpResponse:
    """Another address, or none."""
    form = MailForm(request.POST)
    if not form.is_valid():
        return show(request, mail_form=form)
    request.user.email = form.cleaned_data["address"]
    request.user.save(update_fields=["email"])
    messages.success(request, "Your mail address is changed.")
    return redirect("account")


def change_password(request: HttpRequest) -> HttpResponse:
    """A new password; other sessions of the user end.

    The old one is counted as at the log-in: who has a session and not the password is no owner.
    UsageError where the account was shut, or has another password, since it was asked for.
    """
    name, where = request.user.get_username(), lockout.address_in(request)
    found = lockout.begin(name, where, timedelta())
    if found.turn.refused:
        return _too_many(request, found)
    form = PasswordForm(request.user, request.POST)
    is_valid = form.is_valid()
    if form.is_guess:
        log.warning("a wrong old password of %s from %s", name, where, extra=EACH)
        return _too_many(request, found) or show(request, password_form=form)
    lockout.take_back(found)
    if not is_valid:
        return show(request, password_form=form)
    form.save()
    auth.update_session_auth_hash(request, form.user)
    told = "sessions and all tokens" if form.cleaned_data["end_tokens"] else "sessions"
    messages.success(request, f"Your password is changed; other {told} of yours have ended.")
    return redirect("account")


def password_refusal(request: HttpRequest, password: str, code: str | None = None) -> Any:
    """What is answered where that is not one's password, or not the code where one is asked for.

    None where both are right; '' where they may be tried again.  Counted as at the log-in.
    """
    name, where = request.user.get_username(), lockout.address_in(request)
    found = lockout.begin(name, where, timedelta())
    if found.turn.refused:
        return _too_many(request, found)
    if request.user.check_password(password) and (
        code is None or second_factor.is_right(request.user, code)
    ):
        lockout.take_back(found)
        return None
    log.warning("a wrong password or code of %s from %s", name, where)
    return _too_many(request, found) or ""


def _too_many(request: HttpRequest, found: lockout.Try) -> Any:
    """The session ends when this name is shut out from here; None when it may go on."""
    if lockout.is_shut(found):
        auth.logout(request)
        return lockout.refusal(request, throttle.WINDOW.total_seconds())
    return lockout.refusal(request, found.wait_s) if found.turn.refused else None


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
    """Remove a token: it opens nothing from now on."""
    gone = tokens.remove(request.user, number)
    messages.success(request, "The token is removed." if gone else "There is no such token.")
    return redirect("account")
