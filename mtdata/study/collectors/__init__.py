"""The kinds of site that can be collected from; a new one is a file and a line, never a branch.

A package of somebody else adds kinds by the entry point group "mtdata.collectors": a name and a
callable from SiteAccess to Site.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from mtdata.core.disclosure import named
from mtdata.core.errors import ConfigError
from mtdata.study.collectors.http import SiteAccess
from mtdata.study.collectors.mindtrails import MindTrailsSite
from mtdata.study.ports import Site

GROUP = "mtdata.collectors"

KINDS: dict[str, Callable[[SiteAccess], Site]] = {
    "mindtrails": MindTrailsSite,
}


def open_site(kind: str, access: SiteAccess) -> Site:
    """A site of that kind, not asked for anything yet; ConfigError for a kind that nobody knows."""
    if kind in KINDS:
        return KINDS[kind](access)
    others = entry_points(group=GROUP)
    if kind not in others.names:
        known = ", ".join(sorted({*KINDS, *others.names}))
        word = named(kind, {*KINDS, *others.names}, "so (KIND of server.config)")
        raise ConfigError(f"no kind of site is called {word}; there are: {known}")
    try:
        opener: Callable[[SiteAccess], Site] = others[kind].load()
    except (ImportError, AttributeError) as fault:
        raise ConfigError(f"the kind of site {kind} cannot be loaded") from fault
    return opener(access)
