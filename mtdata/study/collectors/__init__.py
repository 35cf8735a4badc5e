"""The kinds of site that can be collected from; a new one is a file and a line, never a branch.

A plug-in of somebody else adds kinds by the entry point group "mtdata.collectors": a name and a
callable from SiteAccess to Site.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtdata.core.disclosure import named
from mtdata.core.errors import ConfigError
from mtdata.core.plugins import PluginTable, callable_refusal
from mtdata.core.stop import StopToken
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.ports import Site

Pause = Callable[[float], None]
"""Waits so many seconds for a site that is too busy; what it raises ends the wait and the task."""
KINDS: dict[str, Callable[[SiteAccess, Pause], Site]] = {
    "mindtrails": MindTrailsSite,
}
OTHERS: PluginTable[Callable[[SiteAccess], Site]] = PluginTable(
    "mtdata.collectors",
    "kind of site",
    re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII),
    KINDS.__contains__,
    callable_refusal,
)
"""Those of plug-ins."""


def open_site(kind: str, access: SiteAccess, pause: Pause = time.sleep) -> Site:
    """A site of that kind, not asked for anything yet; one of a plug-in waits by itself.

    ConfigError for a kind that nobody knows, or whose plug-in cannot be used.
    """
    if kind in KINDS:
        return KINDS[kind](access, pause)
    if not OTHERS.has(kind):
        known = sorted({*KINDS, *OTHERS.names()})
        word = named(kind, known, "so (KIND of server.config)")
        raise ConfigError(f"no kind of site is called {word}; there are: {', '.join(known)}")
    return OTHERS.load(kind)(access)


def schedule_of(site: Site) -> bytes | None:
    """Site.schedule; None as well from a kind of somebody else that is older than this call."""
    ask: Callable[[], bytes | None] | None = getattr(site, "schedule", None)
    return None if ask is None else ask()


class CancellableSite:
    """Port Site: one whose every answer, and piece of it, is a step that may end the task."""

    def __init__(self, site: Site, stop: StopToken) -> None:
        self._site, self._stop = site, stop
        # what was asked to go is asked to its end, but for a wait: the next step ends the task
        self.delete, self.close = site.delete, site.close

    def listing(self) -> list[Mapping[str, Any]]:
        """Port: Site.listing."""
        self._stop.check()
        return self._site.listing()

    def schedule(self) -> bytes | None:
        """Port: Site.schedule."""
        self._stop.check()
        return schedule_of(self._site)

    @contextmanager
    def fetch(self, scale: str) -> Iterator[Iterator[bytes]]:
        """Port: Site.fetch."""
        self._stop.check()
        with self._site.fetch(scale) as pieces:
            yield self._checked(pieces)

    def _checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._stop.check()
            yield piece
