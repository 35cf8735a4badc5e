"""Messengers that plug-ins of somebody else bring: destinations of news by the scheme of a URL.

The entry point group is "mtdata.messengers": a scheme and a callable from MessengerAccess to Post.
Whatever such a one throws is that messenger's trouble and nobody else's; no message shows its URL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtdata.alerts.dispatch import Post
from mtdata.alerts.message import Message
from mtdata.config.log import LogConfig
from mtdata.core.border import Border
from mtdata.core.errors import ConfigError, MTDataError, PostError, PostRefused, Stopped
from mtdata.core.plugins import SCHEME, PluginTable, callable_refusal
from mtdata.core.trust import AGENT

OURS = frozenset({"http", "https", "mail", "mailto", "smtp", "smtps"})
"""What MAIL and WEBHOOKS are for."""
MESSENGER = "messenger "
"""How their names as destinations begin; a number follows."""
MOST_ODD = 200
NOT_THERE = "no plug-in is installed that brings it: see MESSENGERS in log.config"


@dataclass(frozen=True, slots=True, repr=False)
class MessengerAccess:
    """How a messenger is reached; the URL may hold a secret.

    `ca` is a file with authorities ('' for those of this machine), `agent` what we call ourselves.
    """

    url: str
    timeout_s: float = 20.0
    ca: str = ""
    agent: str = AGENT


Opener = Callable[[MessengerAccess], Post]
OTHERS: PluginTable[Opener] = PluginTable(
    "mtdata.messengers", "messenger", SCHEME, OURS.__contains__, callable_refusal
)
"""All there are."""


class MessengerPost:
    """Port Post: by a messenger of a plug-in, which is loaded with the first message."""

    def __init__(self, number: int, access: MessengerAccess) -> None:
        self._what, self._access = f"{MESSENGER}{number}", access
        self._scheme = access.url.partition("://")[0]

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver."""
        if not OTHERS.has(self._scheme):
            raise PostRefused(f"{self._what}: {NOT_THERE}")
        try:
            opener = OTHERS.load(self._scheme)
        except ConfigError as error:
            raise PostRefused(f"{self._what}: {error}") from None
        try:
            with Border(PostError, f"{self._what} failed", also=(SystemExit,)):
                odd = opener(self._access).deliver(message)
        except (PostError, Stopped):
            raise
        except MTDataError as error:
            raise PostError(f"{self._what} failed ({type(error).__name__})") from None
        return str(odd)[:MOST_ODD] if odd else ""


def messengers_of(how: LogConfig) -> dict[str, Post]:
    """Those of MESSENGERS, by the names under which messages wait for them."""
    found = (
        MessengerAccess(one.get_secret_value(), ca=how.ca, agent=how.agent)
        for one in how.messengers
    )
    return {f"{MESSENGER}{at}": MessengerPost(at, access) for at, access in enumerate(found, 1)}
