"""One's own second factor: set up with the password, confirmed by a code, taken off by both."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from mtdata.web.access import second_factor
from mtdata.web.access.second_factor import MOST_CODE
from mtdata.web.pages.account import password_refusal
from mtdata.web.paging import text_in

log = logging.getLogger(__name__)
MOST_PASSWORD = 1024
Page = TypeVar("Page", bound=Callable[..., HttpResponse])
_unseen: Callable[[Page], Page] = sensitive_post_parameters("password", "code")


class PasswordedForm(forms.Form):
    """Who has a session and not the password is no owner."""

    password = forms.CharField(
        max_length=MOST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code of the app, or one for recovery."""

    code = forms.CharField(
        max_length=MOST_CODE, widget=forms.TextInput({"autocomplete": "one-time-code"})
    )


class RemovalForm(PasswordedForm, CodeForm):
    """Both."""

    field_order = ("password", "code")


def show(request: HttpRequest, **bound: Any) -> HttpResponse:
    """Whether there is one, and what can be done."""
    is_on = second_factor.is_on(request.user)
    known = {
        "is_on": is_on,
        "left": second_factor.recovery_codes_left(request.user),
        "form": RemovalForm() if is_on else PasswordedForm(),
    }
    status = 400 if bound else 200
    return render(request, "web/second_factor.html", known | bound, status=status)


@_unseen
def change(request: HttpRequest) -> HttpResponse:
    """What `order` says: begin, confirm or remove."""
    order = {"begin": _begin, "confirm": _confirm, "remove": _remove}
    act = order.get(text_in(request.POST, "order", 16))
    return act(request) if act else redirect("second_factor")


def _begin(request: HttpRequest) -> HttpResponse:
    form = PasswordedForm(request.POST)
    if not form.is_valid():
        return show(request, form=form)
    refused = password_refusal(request, form.cleaned_data["password"])
    if refused is not None:
        return refused or _wrong(request, form, "password", "That is not your password.")
    enrolment = second_factor.begin(request.user)
    known = {"enrolment": enrolment, "form": CodeForm()}
    return render(request, "web/second_factor.html", known)


def _confirm(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    codes = form.is_valid() and second_factor.confirm(request.user, form.cleaned_data["code"])
    if not codes:
        told = "That is no code of the secret that was shown last; begin again. Nothing is changed."
        messages.error(request, told)
        return redirect("second_factor")
    log.info("%s logs in with a code from now on", request.user.get_username())
    return render(request, "web/second_factor.html", {"codes": codes})


def _remove(request: HttpRequest) -> HttpResponse:
    form = RemovalForm(request.POST)
    if not form.is_valid():
        return show(request, form=form)
    given = form.cleaned_data
    refused = password_refusal(request, given["password"], given["code"])
    if refused is not None:
        return refused or _wrong(request, form, None, "The password or the code is wrong.")
    second_factor.remove(request.user)
    log.info("%s logs in without a code from now on", request.user.get_username())
    messages.success(request, "From now on your password alone lets you in.")
    return redirect("second_factor")


def _wrong(request: HttpRequest, form: forms.Form, field: str | None, words: str) -> HttpResponse:
    form.add_error(field, words)
    return show(request, form=form)
