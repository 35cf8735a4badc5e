"""Opening sealed values with a site's private keys; it never guesses, and never shows a text.

What no key opens is StillSealed.  No library is believed before it has refused a wrong key and
a flipped bit on this machine: OpenSSL 3.2 and later answer both with random bytes, not an error.
"""

from __future__ import annotations

import logging
import os
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256

from mtdata.adapters.crew import Crew
from mtdata.adapters.keys import Opener, PrivateKey, self_test
from mtdata.adapters.openers import OPENERS, plain_text
from mtdata.domain.row import StillSealed
from mtdata.errors import ConfigError
from mtdata.ports import Opened, Work

log = logging.getLogger(__name__)
RULES = 1
"""Raise it when values that were held before may open now; they are tried again then."""

Attempt = tuple[str | StillSealed, str, int]
"""What became of one value: its text, the key's name, and its length if a key was tried, else 0."""

_NO_KEY, _NO_SIZE = StillSealed("no key"), StillSealed("no key of its size")
_NOT_BASE64, _NOT_TEXT = StillSealed("not base64"), StillSealed("not text")
_NOT_OPENED = StillSealed("no key opens it")
_ENDS_WORKER: Attempt = (StillSealed("opening it ends the worker"), "", 0)


def trusted(padding: str, keys: Sequence[PrivateKey]) -> type[Opener]:
    """The fastest library that passes its self-test with every key; ConfigError when none does."""
    for opener in OPENERS[padding]:
        if all(self_test(opener, key, padding) for key in keys):
            return opener
        log.warning("%s failed its self-test and is not used.", opener.__name__)
    raise ConfigError(
        "No library on this machine opens what it should and refuses the rest, so nothing is "
        "opened. Install MTData anew; if that does not help, a key file is damaged."
    )


class KeyRing:
    """A site's keys, loaded once a process; of those that fit, the last to succeed goes first."""

    def __init__(self, keys: Sequence[PrivateKey], opener: type[Opener]) -> None:
        self._fitting: dict[int, list[tuple[str, Opener]]] = {}
        for key in keys:
            self._fitting.setdefault(key.size_bytes, []).append((key.name, opener(key)))

    def open_batch(self, values: list[str]) -> Opened:
        """Open the values of one batch."""
        return settled(self.attempts(values))

    def attempts(self, values: list[str]) -> list[Attempt]:
        """Open some values of a batch; `settled` must see the attempts of the whole batch."""
        return [self._attempt(value) for value in values]

    def _attempt(self, value: str) -> Attempt:
        if not self._fitting:
            return _NO_KEY, "", 0
        try:
            sealed = _from_base64(value)
        except ValueError:
            return _NOT_BASE64, "", 0
        fitting = self._fitting.get(len(sealed))
        if fitting is None:
            return _NO_SIZE, "", 0
        why = _NOT_OPENED
        for place, (name, opener) in enumerate(fitting):
            if (raw := opener.open(sealed)) is None:
                continue
            if (text := plain_text(raw)) is not None:
                fitting.insert(0, fitting.pop(place))
                return text, name, len(sealed)
            why = _NOT_TEXT
        return why, "", len(sealed)


def _from_base64(value: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return b64decode("".join(value.split()), validate=True)


def by_chance(attempts: Sequence[Attempt]) -> set[tuple[str, int]]:
    """Keys (name, size) that opened so few of the values they were tried on that it was luck.

    A wrong key passes the padding check about once in 100,000 values.
    """
    opened = Counter((key, size) for _, key, size in attempts if key)
    failed = Counter(size for _, key, size in attempts if size and not key)
    return {one for one, n in opened.items() if failed[one[1]] >= max(20, n * 20 + 1)}


def settled(attempts: Sequence[Attempt]) -> Opened:
    """The outcome for a batch, without what a wrong key opened by chance."""
    lucky = by_chance(attempts)
    if lucky:
        attempts = [
            (_NOT_OPENED, "", n) if (key, n) in lucky else (text, key, n)
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

    def unseal_each(self, work: Iterable[tuple[Work, list[str]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        for item, values in work:
            yield item, Opened(list(values), [""] * len(values))

    def close(self) -> None:
        """Port: Cipher.close."""


class RsaCipher:
    """Port Cipher with RSA keys (any number, none as well), on every core.  For one thread.

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
        if workers is None:
            workers = count if (count := _cores()) > 1 else 0
        self._crew: Crew[Attempt] = Crew(
            partial(_at_work, self._keys, trusted(padding, keys)),
            count=workers if keys else 0,
            lost=_ENDS_WORKER,
            here_below=inline_below,
        )

    def fingerprint(self) -> str:
        """Port: Cipher.fingerprint."""
        public = sorted(key.fingerprint for key in self._keys)
        return sha256("\n".join([f"rules {RULES}", self._padding, *public]).encode()).hexdigest()

    def key_names(self) -> list[str]:
        """Port: Cipher.key_names."""
        return [key.name for key in self._keys]

    def unseal_each(self, work: Iterable[tuple[Work, list[str]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        for item, attempts in self._crew.each(work):
            yield item, settled(attempts)

    def close(self) -> None:
        """Port: Cipher.close."""
        self._crew.close()


def _at_work(
    keys: Sequence[PrivateKey], opener: type[Opener]
) -> Callable[[list[str]], list[Attempt]]:
    return KeyRing(keys, opener).attempts


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # the cores that are ours; macOS does not tell
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
