"""The accounts of export.config by their names; it asks none of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mtdata.cake import window as windows
from mtdata.cake.window import Window
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.errors import UsageError
from mtdata.core.words import did_you_mean


def account_names(settings: Settings) -> Sequence[str]:
    """The name of each account."""
    return [account.name for account in settings.export.cake]


def account_named(settings: Settings, name: str = "") -> CakeConfig:
    """Return the account of that name, or the only one, or raise UsageError."""
    named = {account.name: account for account in settings.export.cake}
    if not named:
        raise UsageError(f"{settings.folder / 'export.config'} names no account of CAKE")
    if name in named or (not name and len(named) == 1):
        return named[name or next(iter(named))]
    wanted = f"no account named {ascii(name)[:80]}" if name else "several accounts"
    near = did_you_mean(name, named) if name else ""
    raise UsageError(f"export.config has {wanted}; it has {', '.join(named)}.{near}")


def settled_at(account: CakeConfig, window: Window) -> datetime:
    """From when on (UTC) no new row of that window is to be expected."""
    return windows.settled_at(window, account.timezone, timedelta(seconds=account.settle_s))
