"""OAEP, the padding that node and WebCrypto take unasked; a value that opens proves itself.

What a wrong key or a flipped bit gives has the right digest in it once in 2**160 times.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from mtdata.study.decryption.keys import Opener, PrivateKey, loaded


class _Oaep:
    """OAEP by `cryptography` (OpenSSL); `paddings` are tried in their order."""

    paddings: tuple[OAEP, ...]

    def __init__(self, key: PrivateKey) -> None:
        self._decrypt = loaded(key).decrypt

    def open(self, sealed: bytes) -> bytes | None:
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
        from Crypto.PublicKey import RSA
        from Crypto.Signature.pss import MGF1

        known: dict[str, Any] = {"SHA1": SHA1, "SHA256": SHA256}
        private = RSA.import_key(key.pem)

        def cipher(digest: str, mask: str) -> Any:
            made = lambda seed, length: MGF1(seed, length, known[mask])  # noqa: E731
            return PKCS1_OAEP.new(private, hashAlgo=known[digest], mgfunc=made)

        self._ciphers = [cipher(*pair) for pair in self.hashes]

    def open(self, sealed: bytes) -> bytes | None:
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
    "oaep": (Sha1Opener, Sha1Reference),
    "oaep-sha256": (Sha256Opener, Sha256Reference),
}
