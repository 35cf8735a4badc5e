"""What `mtdata check --offline` says of an account: its config alone; it asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

from mtdata.cake.accounts import account_named
from mtdata.config import Settings
from mtdata.core.checks import Finding


def check_offline(settings: Settings, names: Sequence[str]) -> list[Finding]:
    """Where the reports of each of these accounts come from and go to, and when."""
    found = []
    for account in (account_named(settings, name) for name in names):
        told = f"{account.server}, days of {account.timezone.key}"
        told += f", daily at {account.daily_at:%H:%M}" if account.daily_at else ""
        found.append(Finding(account.name, "ADMIN_DOMAIN", "good", told))
        found.append(Finding(account.name, "OUTPUT", "good", account.output))
    return found
