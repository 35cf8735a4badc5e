"""Every promise that the program asks of the world, on one page; nothing here is carried out.

A port is a noun; an adapter says how.  Every method raises only errors of mtdata/core/errors.py.
A fake and the real adapter pass the same contract suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from mtdata.study.model.receipt import DeleteAnswer
from mtdata.study.model.row import Opened

Work = TypeVar("Work")
__all__ = ["Cipher", "Opened", "Replica", "Site"]


class Site(Protocol):
    """A study website.  SiteError and SiteRefused stop the site, PackageError the scale."""

    def listing(self) -> list[Mapping[str, Any]]:
        """The oneShot package as sent: [{"name", "size", "deleteable"}, ...], names unchecked."""
        ...

    def fetch(self, scale: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of one scale's package as they come; ends only when they are all there.

        A body that is short, too large (MAX_RESPONSE_MB) or no JSON is a PackageError.
        """
        ...

    def schedule(self) -> bytes | None:
        """What the site says of its sessions and tasks, as sent: a JSON array of objects, whole.

        None where the site has no such thing; what is too large or no such array is a SiteError.
        """
        ...

    def delete(self, scale: str, ids: Sequence[int]) -> Iterator[DeleteAnswer]:
        """Ask once for each id over kept-alive connections, several at a time; one answer each.

        Only what a site was too busy for, by its own word, is asked for again after a wait.
        Never raises for what the site or the network does: that is FAILED or REFUSED.  After a
        REFUSED the ids not asked yet come back REFUSED with the same reason, unasked.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Cipher(Protocol):
    """The private keys of a site at work.  What it cannot open is StillSealed, never guessed.

    It alone says what may stand in a sealed place: a text that a key opened, nothing else.
    """

    def fingerprint(self) -> str:
        """Changes when held values are worth another try: other keys, other settings."""
        ...

    def key_names(self) -> list[str]:
        """The keys in use, each by the name of its file and its fingerprint."""
        ...

    def key_fingerprints(self) -> Mapping[str, str]:
        """SHA-256 of the public half of each key in use, in hexadecimal digits, by file name.

        Where files of several folders have one name, all of theirs with `or` between.
        """
        ...

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Open each batch, in order, reading ahead a bounded number of batches.

        The values are whatever JSON can hold but null; each is a text again, or StillSealed.
        """
        ...

    def close(self) -> None:
        """End the worker processes."""
        ...


class Replica(Protocol):
    """A second place for raw ranges; it is asked from several threads, and never to remove any.

    ReplicaError: not now; ReplicaRefused: not before somebody mends it.  No message shows a secret.
    """

    @property
    def address(self) -> str:
        """Where it is, in one line; the ledger knows it by this."""
        ...

    def meet(self, *, first: bool) -> None:
        """Be the place that was used before; `first` = nothing of ours lies there yet."""
        ...

    def put(self, name: str, content: bytes, digest: bytes) -> None:
        """Store the bytes durably under that name, whole or not at all; safe to do again.

        What stood there before is replaced.  ReplicaWrong when the SHA-256 that the replica
        worked out is another.
        """
        ...

    def confirm(self, name: str, length: int, digest: bytes) -> bool:
        """Whether exactly these bytes stand there now, by the replica's own SHA-256 or its bytes.

        False when there is no such copy or it is another; a list of names is no proof.
        """
        ...

    def read(self, name: str, length: int) -> bytes | None:
        """What stands there, as it is, at most one byte more than `length`; None for nothing."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
