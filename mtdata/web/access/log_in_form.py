"""The form to log in by name, password and, where one is set up, a code; it logs nobody in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.signals import user_login_failed

from mtdata.web.access import second_factor


class LogInForm(AuthenticationForm):
    """What is wrong is told as one: who does not know all three learns of none."""

    code = forms.CharField(required=False, max_length=second_factor.MOST_CODE)
    error_messages = {  # noqa: RUF012  # as Django has it
        **AuthenticationForm.error_messages,
        "invalid_login": "Name, password or code is wrong. Who has set up a code must give one.",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Ask for the code behind the password; a wrong one counts as a wrong password does."""
        super().confirm_login_allowed(user)
        if not second_factor.is_right(user, str(self.cleaned_data.get("code", ""))):
            user_login_failed.send(sender=__name__, credentials={}, request=self.request)
            raise self.get_invalid_login_error()
