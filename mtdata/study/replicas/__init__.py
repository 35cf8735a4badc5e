"""The kinds of replica, by the scheme of their URL; a new one is a file and a line, never a branch.

Nothing here ever removes a copy.
"""

from __future__ import annotations

from collections.abc import Callable

from mtdata.core.disclosure import named
from mtdata.core.errors import ConfigError
from mtdata.study.ports import Replica
from mtdata.study.replicas.access import ReplicaAccess
from mtdata.study.replicas.folder import FolderReplica
from mtdata.study.replicas.s3 import S3Replica

__all__ = ["KINDS", "ReplicaAccess", "open_replica"]

KINDS: dict[str, Callable[[ReplicaAccess], Replica]] = {
    "file": FolderReplica,
    "s3": S3Replica,
}


def open_replica(access: ReplicaAccess) -> Replica:
    """A replica, not asked for anything yet; ConfigError for a URL that cannot be one."""
    scheme = access.url.partition("://")[0]
    if scheme not in KINDS:
        known = ", ".join(sorted(KINDS))
        word = named(scheme, KINDS, "so")
        raise ConfigError(f"REPLICAS: no kind of replica is called {word}; there are: {known}")
    return KINDS[scheme](access)
