"""Logging in to the web page with an account of CAKE: who belongs to which instance, asked anew.

The password goes to that instance and nowhere else, and the key that comes back is dropped.
"""

from __future__ import annotations

from contextlib import closing

from mtdata.cake.accounts import account_names
from mtdata.config import Settings
from mtdata.jobs.foreign import ForeignLogIn


def _narrowed(settings: Settings, domain: str) -> Settings:
    return settings.model_copy(update={"export": settings.export.of_domain(domain)})


def _is_accepted(
    settings: Settings, domain: str, email: str, password: str, *, known: bool
) -> bool:
    from mtdata.cake.account import cake_log_in  # with all that reads answers
    from mtdata.cake.client.verdict import LogInRefused

    account = settings.export.of_domain(domain).cake[0]
    try:
        with closing(cake_log_in(settings.home, account, known=known)) as client:
            client.api_key(email, password)
    except LogInRefused:
        return False
    return True


LOG_IN = ForeignLogIn("CAKE", account_names, _narrowed, _is_accepted)
