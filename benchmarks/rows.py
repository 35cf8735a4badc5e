"""Packages to be measured with: rows of twenty fields, sealed with a key made for the run."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ITEMS = (
    "breathing dryness heart panic scared trembling worry health relationships friends learning "
    "work yourself creative"
).split()
SEALED = ("participantRSA", "reasonRSA", "mailRSA", "phoneRSA", "placeRSA")


def make_key(bits: int = 2048) -> RSAPrivateKey:
    """A new private key."""
    return generate_private_key(65537, bits)


def pem_of(key: RSAPrivateKey) -> bytes:
    """The key as the program reads it; PKCS#1, as the original did."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def seal(key: RSAPrivateKey, text: str) -> bytes:
    """The bytes of one sealed value."""
    return key.public_key().encrypt(text.encode(), PKCS1v15())


def rows(key: RSAPrivateKey, count: int, sealed: int, first: int = 1) -> Iterator[dict[str, Any]]:
    """`count` rows with `sealed` (0 to 5) sealed fields each, ids from `first` on."""
    rng = Random(first)
    for number in range(first, first + count):
        row: dict[str, Any] = {
            "id": number,
            "date": "Mon, 12 Mar 2018 15:45:05 -0500",
            "session": "PRE",
            "tag": None,
            "timeOnPage": round(rng.uniform(4, 240), 3),
        }
        row |= {name: rng.choice((0, 1, 2, 3, 555, None)) for name in ITEMS}
        row |= {name: b64encode(seal(key, str(number))).decode() for name in SEALED[:sealed]}
        yield row if sealed else row | {"participant": number % 999}


def longer_rows(key: RSAPrivateKey, count: int, size: int) -> Iterator[dict[str, Any]]:
    """Rows of about `size` bytes: a long free text each, one in a hundred sealed as well."""
    text = "I worry at night, and then I cannot sleep; it goes round and round. " * (size // 60)
    for row in rows(key, count, 0):
        sealed = row["id"] % 100 == 0
        row["participantRSA"] = b64encode(seal(key, str(row["id"]))).decode() if sealed else None
        yield row | {"reason": text[: size - 400]}


def write_package(path: Path, entries: Iterator[dict[str, Any]]) -> int:
    """Write rows as the site sends them; returns how many there are."""
    count = 0
    with path.open("wb") as file:
        for entry in entries:
            file.write(b"," if count else b"[")
            file.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())
            count += 1
        file.write(b"]" if count else b"[]")
    return count
