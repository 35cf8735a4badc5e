"""A private key that was read and checked, and what opens values with it; it reads no file.

Worker processes start with this and not with all that reads key files (keys.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LEAST_BITS, MOST_BITS = 1024, 4096
SHOWN = 16
"""Hexadecimal digits of a fingerprint that are shown; `openssl` gives all 64."""


@dataclass(frozen=True)
class PrivateKey:
    """One RSA key, checked once here; worker processes trust it and load it in no time."""

    name: str  # of its file
    pem: bytes = field(repr=False)  # PKCS#8, not encrypted: for this process and its workers only
    size_bytes: int = field(repr=False)
    fingerprint: str = field(repr=False)  # SHA-256 of the public key

    @property
    def words(self) -> str:
        """Its name and what tells it from others; of the fingerprint so much as people compare."""
        shown = self.fingerprint[:SHOWN]
        return f"{self.name} ({8 * self.size_bytes} bits, public half SHA-256 {shown}…)"


def loaded(key: PrivateKey) -> RSAPrivateKey:
    """The key in the library that reads files best; it was validated when its file was read."""
    private = load_pem_private_key(key.pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 - load_keys lets nothing else through
    return private


class Opener(Protocol):
    """One private key at work in one library."""

    def __init__(self, key: PrivateKey) -> None: ...

    def open(self, sealed: bytes) -> bytes | None:
        """The bytes that were sealed, None when this key does not open them.

        `sealed` is as long as the key.
        """
        ...
