"""The kinds of replica, by the scheme of their URL; a new one is a file and a line, never a branch.

Nothing here ever removes a copy.  A plug-in of somebody else adds kinds by the entry point group
"mtdata.replicas": a scheme and a callable from ReplicaAccess to Replica.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.core.disclosure import named
from mtdata.core.errors import ConfigError
from mtdata.core.plugins import SCHEME, PluginTable, callable_refusal
from mtdata.study.ports import Replica
from mtdata.study.replicas.access import ReplicaAccess
from mtdata.study.replicas.folder import FolderReplica
from mtdata.study.replicas.s3 import S3Replica

__all__ = ["KINDS", "OTHERS", "ReplicaAccess", "open_replica"]

KINDS: dict[str, Callable[[ReplicaAccess], Replica]] = {
    "file": FolderReplica,
    "s3": S3Replica,
}
OTHERS: PluginTable[Callable[[ReplicaAccess], Replica]] = PluginTable(
    "mtdata.replicas", "kind of replica", SCHEME, KINDS.__contains__, callable_refusal
)
"""Those of plug-ins."""


def open_replica(access: ReplicaAccess) -> Replica:
    """A replica, not asked for anything yet.

    ConfigError for a URL that cannot be one, or whose plug-in cannot be used.
    """
    scheme = access.url.partition("://")[0]
    if scheme in KINDS:
        return KINDS[scheme](access)
    if not OTHERS.has(scheme):
        known = sorted({*KINDS, *OTHERS.names()})
        word = named(scheme, known, "so")
        raise ConfigError(
            f"REPLICAS: no kind of replica is called {word}; there are: {', '.join(known)}"
        )
    return OTHERS.load(scheme)(access)
