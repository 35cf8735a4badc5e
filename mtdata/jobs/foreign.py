"""Log-in by an account of somebody else's service, for guests of the web page; it asks nobody.

Such a guest gets at the jobs of the accounts that the config has at one instance of the service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from mtdata.config import Settings


class IsAccepted(Protocol):
    """Whether an instance that the config has accounts at lets somebody in."""

    def __call__(
        self, settings: Settings, domain: str, email: str, password: str, *, known: bool
    ) -> bool:
        """MTDataError when it cannot be asked; whom it is `known` to let in has turns apart."""
        ...


class ForeignLogIn(NamedTuple):
    """`title` is what people call the service; `accounts` are those of the config, by name."""

    title: str
    accounts: Callable[[Settings], Sequence[str]]
    narrowed: Callable[[Settings, str], Settings]  # with the accounts at that domain alone
    is_accepted: IsAccepted

    def accounts_at(self, settings: Settings, domain: str) -> Sequence[str]:
        """The accounts at the instance of that domain; none for one that is not configured."""
        return self.accounts(self.narrowed(settings, domain))
