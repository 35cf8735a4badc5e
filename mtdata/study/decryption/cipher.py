"""Opening sealed values with a site's private keys; it never guesses, and never shows a text.

What no key opens is StillSealed.  No library is believed before it has refused a wrong key and
a flipped bit on this machine: OpenSSL 3.2 and later answer both with random bytes, not an error.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from mtdata.core.cores import cores
from mtdata.core.errors import ConfigError
from mtdata.core.worker_pool import WorkerPool
from mtdata.study.decryption.keys import LEAST_BITS, MOST_BITS, Opener, PrivateKey, self_test
from mtdata.study.decryption.rsa_backends import ARBITERS, OPENERS, BareOpener, is_plain
from mtdata.study.decryption.sealing import at_size, blocks_of, from_base64
from mtdata.study.model.row import StillSealed
from mtdata.study.ports import Opened, Work

__all__ = ["ClearCipher", "KeyRing", "RsaCipher", "at_size", "by_chance", "settled", "trusted"]
log = logging.getLogger(__name__)
RULES = 3
"""Raise it when values that were held before may open now; they are tried again then."""
RARE = 1000
"""A key that opens fewer than one in so many did so by chance: a wrong one opens one in 10**7."""
CHUNK = 256
"""Values a task of a worker: fewer cost up to 14 % of the speed, more gain nothing."""
LOOKS = 8
"""So many values that nothing opens are tried with the other paddings, to say so."""

HINT = "PADDING"
PROVEN = ("pkcs1", "oaep", "oaep-sha256")
Attempt = tuple[str | StillSealed, str, int]
"""What became of one value: its text, the key that unpads it ('' = none), and if keys were tried
the length of a text sealed for them, else 0."""

_NO_KEY, _NOT_SEALED = StillSealed("no key"), StillSealed("not a sealed text")
_NOT_BASE64, _NOT_TEXT = StillSealed("not base64"), StillSealed("not text")
_NO_SIZE = StillSealed("no key of its size")
_OTHER_SIZE = StillSealed("no key of its size", blames_key=True)
_NOT_OPENED = StillSealed("no key opens it", blames_key=True)
_ENDS_WORKER: Attempt = (StillSealed("opening it ends the worker"), "", 0)


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


class KeyRing:
    """A site's keys, loaded once a process; the last to succeed goes first."""

    def __init__(
        self,
        keys: Sequence[PrivateKey],
        *openers: type[Opener],
        others: Sequence[tuple[str, type[Opener]]] = (),
    ) -> None:
        """`openers` are those of each padding; `others` of those that are not configured."""
        self._keys = [(key.name, key.size_bytes, opener(key)) for opener in openers for key in keys]
        self._others, self._looks = [(word, keys, opener) for word, opener in others], LOOKS

    def attempts(self, values: list[str]) -> list[Attempt]:
        """Open some values of a batch; `settled` must see the attempts of the whole batch."""
        return [self._attempt(value) for value in values]

    def _attempt(self, value: str) -> Attempt:
        if not value:
            return _NOT_SEALED, "", 0
        if not self._keys:
            return _NO_KEY, "", 0
        try:
            sealed = from_base64(value)
        except ValueError:
            return _NOT_BASE64, "", 0
        best = self._best(sealed)
        return (self._hinted(sealed), "", best[2]) if best[0] is _NOT_OPENED else best

    def _best(self, sealed: bytes) -> Attempt:
        """What the keys make of a value: the first that looks like a text, else any text."""
        bits = 8 * len(sealed)
        is_a_keys = LEAST_BITS <= bits <= MOST_BITS and bits % 64 == 0
        best: Attempt = (_OTHER_SIZE if is_a_keys else _NO_SIZE), "", 0
        for place, (name, size, opener) in enumerate(self._keys):
            if not (blocks := blocks_of(sealed, size)):
                continue
            raw, length = _joined(opener, blocks), size * len(blocks)
            attempt = (_NOT_OPENED, "", length) if raw is None else (_text(raw), name, length)
            best = max(best, attempt, key=_worth)
            if _worth(best) == _LIKE_A_TEXT:
                self._keys.insert(0, self._keys.pop(place))
                break
        return best

    def _hinted(self, sealed: bytes) -> StillSealed:
        """Why it does not open: with the padding that would open it, where there is one."""
        if self._looks:
            self._looks -= 1
            for word, keys, opener in self._others:
                ring = KeyRing(keys, opener)
                if _worth(ring._best(sealed)) == _LIKE_A_TEXT:
                    self._looks += 1  # it is worth to go on
                    return StillSealed(f"no key opens it, but one does with {HINT}: {word}", True)
        return _NOT_OPENED


_LIKE_A_TEXT = 4


def _worth(attempt: Attempt) -> int:
    """Which of two outcomes counts; that it looks like a text decides between two keys alone."""
    text, key, size = attempt
    if isinstance(text, str):
        return _LIKE_A_TEXT if is_plain(text) else 3
    return 2 if key else 1 if size else 0


def _joined(opener: Opener, blocks: Sequence[bytes]) -> bytes | None:
    """The text of all blocks, if this key opens every one; None when it does not."""
    if len(blocks) > 1 and isinstance(opener, BareOpener):
        return None  # what begins with a zero byte has lost it, and nothing proves that
    parts: list[bytes] = []
    for block in blocks:
        part = opener.open(block)
        if part is None:
            return None
        parts.append(part)
    return b"".join(parts)


def _text(raw: bytes) -> str | StillSealed:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _NOT_TEXT


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
        words = padding.split(",")
        if workers is None:
            workers = count if (count := cores()) > 1 else 0
        openers = [trusted(word, keys) for word in words]
        others = [(word, OPENERS[word][0]) for word in PROVEN if word not in words]
        self._workers: WorkerPool[str, Attempt] = WorkerPool(
            partial(_at_work, self._keys, openers, others),
            count=workers if keys else 0,
            lost=_ENDS_WORKER,
            here_below=inline_below,
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
        self._workers.close()


def _fingerprints(keys: Sequence[PrivateKey]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(key.name, []).append(key.fingerprint)
    return {name: " or ".join(fingerprints) for name, fingerprints in found.items()}


def _at_work(
    keys: Sequence[PrivateKey],
    openers: Sequence[type[Opener]],
    others: Sequence[tuple[str, type[Opener]]],
) -> Callable[[list[str]], list[Attempt]]:
    return KeyRing(keys, *openers, others=others).attempts
