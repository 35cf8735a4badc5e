"""Logging in with an account of somebody else's service; whom it accepts, says `guests`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import auth
from django.contrib.auth.views import LoginView
from django.core.validators import RegexValidator
from django.http import Http404, HttpRequest, HttpResponse

from mtdata.core.errors import MTDataError, RecordsError
from mtdata.jobs.duty import Duty
from mtdata.web.access.foreign import instance_of, name_of, offered
from mtdata.web.access.relay import hide_password

log = logging.getLogger(__name__)
REFUSED = "Remote authentication failed. Please try again."
AWAY = "The instance of {} cannot be asked at the moment. Nobody was logged in; try again later."
_EMAIL = RegexValidator(r"\A[!-~]+\Z", "An e-mail address without spaces.")


class GuestForm(forms.Form):
    """Who somebody is at which instance; `get_user` is who that is here."""

    admin_domain = forms.CharField(max_length=255)
    email = forms.CharField(max_length=100, validators=[_EMAIL])
    password = forms.CharField(max_length=1024, strip=False)

    def __init__(
        self, service: str, title: str, request: HttpRequest | None = None, *rest: Any, **how: Any
    ) -> None:
        super().__init__(*rest, **how)
        self._service, self._title, self._request, self._user = service, title, request, None

    @hide_password
    def clean(self) -> None:
        """Ask the instance, once everything is filled in."""
        if self.errors:
            return
        domain = instance_of(self._service, self.cleaned_data["admin_domain"])
        # not kept: what is on the way to a page of a fault could show it
        password = self.cleaned_data.pop("password")
        email = self.cleaned_data["email"]
        try:
            self._user = auth.authenticate(
                self._request,
                username=name_of(self._service, domain, email),  # failures are counted under it
                password=password,
                admin_domain=domain,
                email=email,
            )
        except RecordsError:
            raise
        except MTDataError as error:
            log.warning("a log-in at %s: it cannot be asked: %s", domain, error)
            self.add_error(None, AWAY.format(self._title))
            return
        if self._user is None:
            self.add_error(None, REFUSED)

    def get_user(self) -> Any:
        """The guest that the instance accepted."""
        return self._user


def page_of(duty: Duty, title: str) -> Callable[[HttpRequest], HttpResponse]:
    """The form of a duty's service, and what comes of it; none where no account is configured."""

    def show(request: HttpRequest) -> HttpResponse:
        if duty not in offered():
            raise Http404
        view = LoginView.as_view(
            template_name=f"web/{duty.name}_login.html",
            authentication_form=partial(GuestForm, duty.name, title),
            redirect_authenticated_user=True,
        )
        return view(request)

    return show
