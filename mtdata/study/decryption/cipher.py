"""Opening sealed values with a site's private keys; it never guesses, and never shows a text.

What no key opens is StillSealed.  No library is believed before it has refused a wrong key and
a flipped bit on this machine: OpenSSL 3.2 and later answer both with random bytes, not an error.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from typing import Any

from mtdata.core.cores import cores
from mtdata.core.errors import ConfigError
from mtdata.core.worker_pool import WorkerPool
from mtdata.study.decryption.key_ring import ENDS_WORKER, NOT_OPENED, Attempt, at_work
from mtdata.study.decryption.keys import self_test
from mtdata.study.decryption.private_key import Opener, PrivateKey
from mtdata.study.decryption.rsa_backends import ARBITERS, OPENERS
from mtdata.study.ports import Opened, Work

log = logging.getLogger(__name__)
RULES = 3
"""Raise it when values that were held before may open now; they are tried again then."""
RARE = 1000
"""A key that opens fewer than one in so many did so by chance: a wrong one opens one in 10**7."""
CHUNK = 256
"""Values a task of a worker: fewer cost up to 14 % of the speed, more gain nothing."""
PROVEN = ("pkcs1", "oaep", "oaep-sha256")
"""Paddings whose opening proves itself."""


def trusted(padding: str, keys: Sequence[PrivateKey]) -> type[Opener]:
    """The fastest library that passes its self-test with every key; ConfigError when none does.

    One that asks another where it cannot tell is no better than that one, which is tried as well.
    """
    for opener in OPENERS[padding]:
        roles = [opener, *ARBITERS.get(opener, ())]
        failed = [one for one in roles if not all(self_test(one, key, padding) for key in keys)]
        if not failed:
            return opener
        names = " and ".join(one.__name__ for one in failed)
        log.warning("%s failed its self-test; %s is not used.", names, opener.__name__)
    raise ConfigError(
        "No library on this machine opens what it should and refuses the rest, so nothing is "
        "opened. Install MTData anew; if that does not help, a key file is damaged."
    )


def by_chance(attempts: Sequence[Attempt]) -> set[tuple[str, int]]:
    """Keys (name, size) that opened so few of the values they were tried on that it was luck.

    A wrong key passes the padding check about once in 100,000 values, and what it gives then is
    UTF-8 once in 200 times.
    """
    opened = Counter((key, size) for _, key, size in attempts if key)
    failed = Counter(size for _, key, size in attempts if size and not key)
    return {one for one, n in opened.items() if failed[one[1]] >= n * RARE}


def settled(attempts: Sequence[Attempt]) -> Opened:
    """The outcome for a batch, without what a wrong key opened by chance."""
    lucky = by_chance(attempts)
    if lucky:
        attempts = [
            (NOT_OPENED, "", n) if (key, n) in lucky else (text, key, n)
            for text, key, n in attempts
        ]
    return Opened([text for text, _, _ in attempts], [key for _, key, _ in attempts])


class ClearCipher:
    """Port Cipher for sites that do not seal (ENCRYPTION: off): texts pass as they are."""

    def fingerprint(self) -> str:
        """Port: Cipher.fingerprint."""
        return "clear"

    def key_names(self) -> list[str]:
        """Port: Cipher.key_names."""
        return []

    def key_fingerprints(self) -> Mapping[str, str]:
        """Port: Cipher.key_fingerprints."""
        return {}

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        for item, values in work:
            yield item, Opened(list(values), [""] * len(values))

    def close(self) -> None:
        """Port: Cipher.close."""


class RsaCipher:
    """Port Cipher with RSA keys (any number, none as well), on every core.  For one thread.

    `padding` is a word of OPENERS, or several with commas: a site that changed has both.
    `workers` None is one a core, on one core none; fewer than `inline_below` values are opened
    in this process.  ConfigError when no library can be trusted.
    """

    def __init__(
        self,
        keys: Sequence[PrivateKey],
        padding: str = "pkcs1",
        workers: int | None = None,
        inline_below: int = 200,
    ) -> None:
        self._keys, self._padding = list(keys), padding
        self._fingerprints = _fingerprints(keys)
        self._count, self._inline_below = workers, inline_below
        self._openers = [trusted(word, keys) for word in padding.split(",")]

    @cached_property
    def _workers(self) -> WorkerPool[str, Attempt]:
        """Most rounds open nothing: how many cores are ours stands in a dozen files."""
        count, words = self._count, self._padding.split(",")
        if count is None:
            count = found if (found := cores()) > 1 else 0
        others = [(word, OPENERS[word][0]) for word in PROVEN if word not in words]
        return WorkerPool(
            partial(at_work, self._keys, self._openers, others),
            count=count if self._keys else 0,
            lost=ENDS_WORKER,
            here_below=self._inline_below,
            chunk=CHUNK,
        )

    def fingerprint(self) -> str:
        """Port: Cipher.fingerprint."""
        public = sorted(key.fingerprint for key in self._keys)
        return sha256("\n".join([f"rules {RULES}", self._padding, *public]).encode()).hexdigest()

    def key_names(self) -> list[str]:
        """Port: Cipher.key_names."""
        return [key.words for key in self._keys]

    def key_fingerprints(self) -> Mapping[str, str]:
        """Port: Cipher.key_fingerprints."""
        return self._fingerprints

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        # '' is what can be no sealed text: it needs no worker to be refused
        texts = ((item, [v if type(v) is str else "" for v in values]) for item, values in work)
        for item, attempts in self._workers.each(texts):
            yield item, settled(attempts)

    def close(self) -> None:
        """Port: Cipher.close."""
        if "_workers" in vars(self):  # else it would be made here, to be closed
            self._workers.close()


def _fingerprints(keys: Sequence[PrivateKey]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(key.name, []).append(key.fingerprint)
    return {name: " or ".join(fingerprints) for name, fingerprints in found.items()}
