"""A replica in a folder, meant to lie on another disk; it never makes that folder itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtdata.core.disk import FolderDisk
from mtdata.core.errors import ConfigError, ReplicaError, StorageError
from mtdata.core.places import KnownFolder
from mtdata.core.reach import DiskFull, is_folder
from mtdata.study.model.copy import checked_copy_name
from mtdata.study.replicas.access import ReplicaAccess

MARKER = ".mtdata-replica"
MARKED = b"Copies of raw answers lie here. MTData refuses a folder that has lost this file.\n"


class ReplicaFull(ReplicaError):
    """There is no room left on its disk."""

    incident = "replica_full"


class FolderReplica:
    """Port Replica over `file:///folder`.

    A disk that is not mounted leaves an empty folder in its place.  The marker tells the two
    apart: it is made on first use, and asked for ever after, also when the ledger was made anew.
    """

    def __init__(self, access: ReplicaAccess) -> None:
        url = urlsplit(access.url)
        self._root = Path(unquote(url.path))
        if url.netloc or not self._root.is_absolute() or self._root == Path("/"):
            told = f"a URL of {len(access.url)} letters: allowed is file:/// and a folder's path"
            raise ConfigError(f"REPLICAS: {told}")
        self._folder = self._root / access.site
        self._disk = FolderDisk(self._folder)
        self._known = KnownFolder(self._folder, MARKER, MARKED, access.state)
        self.address = access.url

    def meet(self, *, first: bool) -> None:
        """Port: Replica.meet."""
        with self._replica_faults():
            if first and is_folder(self._root) and not self._known.is_away():
                self._known.take_on()
            self._look()
            self._known.remember()

    def _look(self) -> None:
        with self._replica_faults():
            if not is_folder(self._root):
                raise ReplicaError(f"{self.address}: there is no such folder; is its disk mounted?")
            if self._disk.size(MARKER) is None:
                raise ReplicaError(
                    f"{self.address}: this is not the folder that was used before; is its disk "
                    f"mounted? If it is a new one: touch {self._folder / MARKER}"
                )

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Port: Replica.put."""
        self._look()
        with self._replica_faults():
            self._disk.replace(checked_copy_name(name), content)

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        """Port: Replica.confirm."""
        content = self.read(name, length)
        return content is not None and sha256(content).digest() == digest

    def read(self, name: str, length: int) -> bytes | None:
        """Port: Replica.read."""
        self._look()
        with self._replica_faults():
            if self._disk.size(checked_copy_name(name)) is None:
                return None
            return self._disk.read(name, 0, length + 1)

    def close(self) -> None:
        """Port: Replica.close."""

    @contextmanager
    def _replica_faults(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            kind = ReplicaFull if isinstance(error, DiskFull) else ReplicaError
            raise kind(f"{self.address}: {error}") from None
