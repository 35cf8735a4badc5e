"""Libraries that open one sealed value with one key; others decide whether to believe them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from mtdata.study.decryption.private_key import Opener, PrivateKey, loaded

_PKCS1 = PKCS1v15()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class FastOpener:
    """PKCS #1 v1.5 by `cryptography` (OpenSSL), with proof that it is no implicit rejection.

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
        """The message; None where no padding of ours fits it."""
        try:
            text = self._decrypt(sealed, _PKCS1)
        except (ValueError, InternalError):  # OpenSSL before 3.2; a number above the modulus
            return None
        return None if self._rejected(sealed, text) else text

    def open_all(self, sealed: Sequence[bytes]) -> list[bytes | None]:
        """`open` of each: RSA for all, then the proofs for all."""
        decrypt = self._decrypt
        try:
            texts = [decrypt(one, _PKCS1) for one in sealed]
        except (ValueError, InternalError):
            return list(map(self.open, sealed))
        pairs = zip(sealed, texts, strict=True)
        return [None if self._rejected(one, text) else text for one, text in pairs]

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
    """PKCS #1 v1.5 by `pycryptodome`, which says plainly what it rejects; three times slower."""

    def __init__(self, key: PrivateKey) -> None:
        from Crypto.Cipher import PKCS1_v1_5  # here: workers seldom need it, and it takes time

        self._cipher = PKCS1_v1_5.new(_of_pycryptodome(key))

    def open(self, sealed: bytes) -> bytes | None:
        """The message; None where no padding of ours fits it."""
        try:
            # Without a sentinel, version 4 makes up a message just as OpenSSL does.
            text: bytes | None = self._cipher.decrypt(sealed, None)
        except ValueError:
            return None
        return text


def _of_pycryptodome(key: PrivateKey) -> Any:
    """The key as `pycryptodome` has it, whose own check takes as long as 200 values.

    What that would find was looked for when the key was read.
    """
    from Crypto.PublicKey import RSA

    numbers = loaded(key).private_numbers()
    public = numbers.public_numbers
    parts = public.n, public.e, numbers.d, numbers.p, numbers.q
    return RSA.construct(parts, consistency_check=False)


class BareOpener:
    """No padding at all (sites of 2015): that it is text is the only proof that the key fits."""

    def __init__(self, key: PrivateKey) -> None:
        numbers = loaded(key).private_numbers()
        self._n, self._p, self._q = numbers.public_numbers.n, numbers.p, numbers.q
        self._dp, self._dq, self._inverse = numbers.dmp1, numbers.dmq1, numbers.iqmp

    def open(self, sealed: bytes) -> bytes | None:
        """The number as text, without the zeros before it; None where it is none."""
        number = int.from_bytes(sealed, "big")
        if number >= self._n:
            return None
        # The Chinese remainder theorem: four times faster than one power modulo n.
        low = pow(number, self._dq, self._q)
        high = (pow(number, self._dp, self._p) - low) * self._inverse % self._p
        whole = low + high * self._q
        raw = whole.to_bytes((whole.bit_length() + 7) // 8, "big")
        try:
            return raw if is_plain(raw.decode()) else None
        except UnicodeDecodeError:
            return None


def is_plain(text: str) -> bool:
    """Whether it looks like a text: a hint where the padding is proof, the only proof without."""
    return text.isprintable() or not _CONTROL.search(text)


class _Oaep:
    """OAEP by `cryptography` (OpenSSL); `paddings` are tried in their order.

    The padding that node and WebCrypto take unasked; a value that opens proves itself: what a wrong
    key or a flipped bit gives has the right digest in it once in 2**160 times.
    """

    paddings: tuple[OAEP, ...]

    def __init__(self, key: PrivateKey) -> None:
        self._decrypt = loaded(key).decrypt

    def open(self, sealed: bytes) -> bytes | None:
        """The message; None where no padding of ours fits it."""
        for padding in self.paddings:
            try:
                return self._decrypt(sealed, padding)
            except (ValueError, InternalError):
                continue
        return None


class Sha1Opener(_Oaep):
    """node's privateDecrypt, Java's OAEPPadding, OpenSSL, .NET's OaepSHA1."""

    paddings = (OAEP(MGF1(SHA1()), SHA1(), None),)  # noqa: S303  it guards no secret there


class Sha256Opener(_Oaep):
    """WebCrypto with SHA-256; and Java's OAEPWithSHA-256AndMGF1Padding, whose mask is SHA-1's."""

    paddings = (
        OAEP(MGF1(SHA256()), SHA256(), None),
        OAEP(MGF1(SHA1()), SHA256(), None),  # noqa: S303
    )


class _OaepReference:
    """OAEP by `pycryptodome`, for a machine where `cryptography` fails its test."""

    hashes: tuple[tuple[str, str], ...]

    def __init__(self, key: PrivateKey) -> None:
        from Crypto.Cipher import PKCS1_OAEP  # here: workers seldom need it, and it takes time
        from Crypto.Hash import SHA1, SHA256
        from Crypto.Signature.pss import MGF1

        known: dict[str, Any] = {"SHA1": SHA1, "SHA256": SHA256}
        private = _of_pycryptodome(key)

        def cipher(digest: str, mask: str) -> Any:
            made = lambda seed, length: MGF1(seed, length, known[mask])  # noqa: E731
            return PKCS1_OAEP.new(private, hashAlgo=known[digest], mgfunc=made)

        self._ciphers = [cipher(*pair) for pair in self.hashes]

    def open(self, sealed: bytes) -> bytes | None:
        """The message; None where no padding of ours fits it."""
        for cipher in self._ciphers:
            try:
                text: bytes = cipher.decrypt(sealed)
            except (ValueError, TypeError):
                continue
            return text
        return None


class Sha1Reference(_OaepReference):
    """OAEP with SHA-1 by `pycryptodome`."""

    hashes = (("SHA1", "SHA1"),)


class Sha256Reference(_OaepReference):
    """OAEP with SHA-256 by `pycryptodome`, its mask by SHA-256 or SHA-1."""

    hashes = (("SHA256", "SHA256"), ("SHA256", "SHA1"))


OPENERS: dict[str, tuple[type[Opener], ...]] = {
    "pkcs1": (FastOpener, ReferenceOpener),
    "none": (BareOpener,),
    "oaep": (Sha1Opener, Sha1Reference),
    "oaep-sha256": (Sha256Opener, Sha256Reference),
}
"""By PADDING: the library that is used, then the one that stands in when it fails its test."""
ARBITERS: dict[type[Opener], tuple[type[Opener], ...]] = {FastOpener: (ReferenceOpener,)}
"""Whom a library asks about a value of which it cannot tell itself whether it was rejected."""
