"""Opening sealed values with a site's private keys; it never guesses, and never shows a text.

What no key opens is StillSealed.  No library is believed before it has refused a wrong key and
a flipped bit on this machine: OpenSSL 3.2 and later answer both with random bytes, not an error.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from mtdata.adapters.crew import Crew
from mtdata.adapters.keys import Opener, PrivateKey, loaded, self_test
from mtdata.domain.row import StillSealed
from mtdata.errors import ConfigError
from mtdata.ports import Opened, Work

log = logging.getLogger(__name__)
RULES = 1
"""Raise it when values that were held before may open now; they are tried again then."""

Attempt = tuple[str | StillSealed, str, int]
"""What became of one value: its text, the key's name, and its length if a key was tried, else 0."""

_PKCS1 = PKCS1v15()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NO_KEY, _NO_SIZE = StillSealed("no key"), StillSealed("no key of its size")
_NOT_BASE64, _NOT_TEXT = StillSealed("not base64"), StillSealed("not text")
_NOT_OPENED = StillSealed("no key opens it")
_ENDS_WORKER: Attempt = (StillSealed("opening it ends the worker"), "", 0)


class FastOpener:
    """`cryptography` (OpenSSL), and proof that what it gives is no implicit rejection.

    OpenSSL >= 3.2 makes up a message for a bad padding (crypto/rsa/rsa_ossl.c, from
    draft-irtf-cfrg-rsa-guidance).  It depends on the private key and the sealed bytes alone, so it
    is made here as well, and what equals it was rejected.
    """

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        private = loaded(key)
        self._decrypt = private.decrypt
        self._size = size = key.size_bytes
        secret = sha256(private.private_numbers().d.to_bytes(size, "big")).digest()
        self._keyed = hmac.new(secret, digestmod=sha256)
        self._most = size - 2 - 8  # a length is below it: two bytes of frame, eight of padding
        self._mask = (1 << self._most.bit_length()) - 1
        self._message = _blocks(b"message", size)
        # The last fitting length counts, and nearly always one of the last block fits.
        self._lengths = _blocks(b"length", 256)[::-1]

    def open(self, sealed: bytes) -> bytes | None:
        try:
            text = self._decrypt(sealed, _PKCS1)
        except (ValueError, InternalError):  # OpenSSL before 3.2; a number above the modulus
            return None
        return None if self._rejected(sealed, text) else text

    def _rejected(self, sealed: bytes, text: bytes) -> bool:
        keyed = self._keyed.copy()
        keyed.update(sealed)
        seed = keyed.digest()
        if self._length(seed) != len(text):
            return False
        made_up = b"".join(hmac.digest(seed, block, "sha256") for block in self._message)
        if made_up[self._size - len(text) : self._size] != text:
            return False
        # A short text may equal the made-up one by chance: let the reference say which it is.
        return len(text) > 4 or ReferenceOpener(self._key).open(sealed) is None

    def _length(self, seed: bytes) -> int:
        mask, most = self._mask, self._most
        for block in self._lengths:
            digest = hmac.digest(seed, block, "sha256")
            for at in range(30, -1, -2):
                if (length := (digest[at] << 8 | digest[at + 1]) & mask) < most:
                    return length
        return 0


def _blocks(label: bytes, size: int) -> list[bytes]:
    """What OpenSSL's ossl_rsa_prf hashes, block by block, to make `size` bytes."""
    end = label + (size * 8).to_bytes(2, "big")
    return [number.to_bytes(2, "big") + end for number in range(-(-size // 32))]


class ReferenceOpener:
    """`pycryptodome`, which says plainly what it rejects; three times slower."""

    def __init__(self, key: PrivateKey) -> None:
        from Crypto.Cipher import PKCS1_v1_5  # here: workers seldom need it, and it takes time
        from Crypto.PublicKey import RSA

        self._cipher = PKCS1_v1_5.new(RSA.import_key(key.pem))

    def open(self, sealed: bytes) -> bytes | None:
        try:
            # Without a sentinel, version 4 makes up a message just as OpenSSL does.
            text: bytes | None = self._cipher.decrypt(sealed, None)
        except ValueError:
            return None
        return text


class BareOpener:
    """No padding at all (sites of 2015): that it is text is the only proof that the key fits."""

    def __init__(self, key: PrivateKey) -> None:
        numbers = loaded(key).private_numbers()
        self._n, self._p, self._q = numbers.public_numbers.n, numbers.p, numbers.q
        self._dp, self._dq, self._inverse = numbers.dmp1, numbers.dmq1, numbers.iqmp

    def open(self, sealed: bytes) -> bytes | None:
        number = int.from_bytes(sealed, "big")
        if number >= self._n:
            return None
        # The Chinese remainder theorem: four times faster than one power modulo n.
        low = pow(number, self._dq, self._q)
        high = (pow(number, self._dp, self._p) - low) * self._inverse % self._p
        whole = low + high * self._q
        raw = whole.to_bytes((whole.bit_length() + 7) // 8, "big")
        return None if _text(raw) is None else raw


OPENERS: dict[str, tuple[type[Opener], ...]] = {
    "pkcs1": (FastOpener, ReferenceOpener),
    "none": (BareOpener,),
}
"""By PADDING: the library that is used, then the one that stands in when it fails its test."""


def _text(raw: bytes) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or not _CONTROL.search(text) else None


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
            if (text := _text(raw)) is not None:
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
