"""A kind of replica: `lasting:///folder`, whose copies nobody may write over by accident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtdata.core.errors import ReplicaError
from mtdata.study.replicas.access import ReplicaAccess
from mtdata.study.replicas.folder import FolderReplica

READ_ONLY = 0o400


class LastingReplica(FolderReplica):
    """Port Replica: a folder, each copy read-only once it is there."""

    def __init__(self, access: ReplicaAccess) -> None:
        super().__init__(replace(access, url=f"file{access.url.removeprefix('lasting')}"))
        self.address = access.url  # the ledger knows it by this
        self._copies = Path(unquote(urlsplit(access.url).path)) / access.site

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Port: Replica.put."""
        super().put(name, content, digest)
        try:
            (self._copies / name).chmod(READ_ONLY)
        except OSError as error:
            raise ReplicaError(f"{self.address}: {name}: {error.strerror}") from None
