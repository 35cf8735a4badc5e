"""The bytes of what jobs made, when they come through the page itself: whole and as made, or Lost.

There is no other way out.  A file of this machine is proven before the first byte of an answer, an
object of a store on its way: its last bytes come once all of it was, so that nothing else looks
whole.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256

from django.conf import settings

from mtdata.core.errors import MTDataError
from mtdata.core.output import Output
from mtdata.jobs.duty import placed_file
from mtdata.jobs.kind import Guard
from mtdata.jobs.records.models import Artifact, Job
from mtdata.web.downloads.places import StoreOfEnvironment
from mtdata.web.downloads.proof import CHANGED, GONE, Lost, ProvenFile, opened, pieces_of
from mtdata.web.downloads.ways import DownloadSlot

log = logging.getLogger(__name__)
PIECE, LOOKS = 1 << 16, 8


def guard_of(job: Job) -> Guard | None:
    """Through what files of this job go on their way to a browser; None: through nothing."""
    kind = settings.MTDATA_KINDS.get(job.kind)
    found: Guard | None = None if kind is None else kind.guard(settings.MTDATA, job.parameters)
    return found


class Fetching:
    """Fetches, for one answer; stores are reached by the keys of their accounts."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._outputs: dict[str, Output] = {}

    def close(self) -> None:
        """Close the connections to stores."""
        self._open.close()

    def look(self, artifacts: Sequence[Artifact]) -> None:
        """See that each is there in its length.  Lost, with its name, when one is not."""
        for artifact in artifacts:
            self._store_of(artifact)  # outputs are made in one thread
        with ThreadPoolExecutor(min(LOOKS, len(artifacts) or 1)) as crew:
            for _ in crew.map(self._look, artifacts):
                pass

    def _look(self, artifact: Artifact) -> None:
        way = self._store_of(artifact)
        try:
            if way is None:
                opened(artifact).close()
                return
            size = way[0].size(way[1])
        except Lost as error:
            raise Lost(f"{artifact.name}: {error}") from None
        if size is None:
            raise Lost(f"{artifact.name}: {GONE}")
        if artifact.size not in (None, size):
            raise Lost(f"{artifact.name}: {CHANGED}")

    def prove(self, artifact: Artifact) -> None:
        """See that it is there in its length; a file of this machine is read whole."""
        if self._store_of(artifact) is None:
            ProvenFile(artifact).close()
        else:
            self.look([artifact])

    def pieces(self, artifact: Artifact) -> Iterator[bytes]:
        """Its bytes, the last of them once all are as they were made.  Lost when they are not."""
        way, digest, size, held = self._store_of(artifact), sha256(), 0, b""
        for piece in _of_file(artifact) if way is None else way[0].pieces(way[1]):
            digest.update(piece)
            size += len(piece)
            if artifact.size is not None and size > artifact.size:
                break
            if held:
                yield held
            held = piece
        made = (artifact.size, artifact.sha256)
        if made[0] not in (None, size) or made[1] not in ("", digest.hexdigest()):
            raise Lost(f"{artifact.name}: {CHANGED}")
        if held:
            yield held

    def is_local(self, artifact: Artifact) -> bool:
        """Whether it is a file of this machine."""
        return self._store_of(artifact) is None

    def _store_of(self, artifact: Artifact) -> tuple[Output | StoreOfEnvironment, str] | None:
        """The store and its name for it; None for a file of this machine."""
        scheme, is_url, rest = artifact.place.partition("://")
        if not is_url:
            return None
        known = placed_file(settings.MTDATA_DUTIES, settings.MTDATA, artifact.place)
        if known is None and scheme == "s3":
            return StoreOfEnvironment(), rest
        if known is None:
            raise Lost(f"this page cannot fetch it from where it is kept ({scheme[:20]!a})")
        if known.account not in self._outputs:
            self._outputs[known.account] = known.open()
            self._open.callback(self._outputs[known.account].close)
        return self._outputs[known.account], known.name


def _of_file(artifact: Artifact) -> Iterator[bytes]:
    with opened(artifact) as file:
        yield from pieces_of(file, PIECE)


class Flow:
    """Pieces going out; whatever ends them, nothing looks whole and the way is free again."""

    def __init__(
        self, what: str, fetching: Fetching, pieces: Generator[bytes], slot: DownloadSlot
    ) -> None:
        """The first piece is fetched here, so that a fault at its source is told in its place."""
        self._what, self._pieces = what, pieces
        self._slot, self._fetching = slot, fetching
        try:
            self._first = next(pieces, b"")
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Flow:
        return self

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return next(self._pieces)
        except MTDataError as error:
            log.error("%s was cut off on its way and is not whole: %s", self._what, error)
            raise

    def close(self) -> None:
        """Let go of everything; called when the answer has gone out, or cannot."""
        try:
            self._pieces.close()
            self._fetching.close()
        finally:
            self._slot.close()
