"""The original program's way, re-created: what it did for each row, with the same libraries.

A new connection for each request; the key file read and parsed for each value; RSA by one power of
Python's whole numbers modulo n, without the Chinese remainder theorem; csv.DictWriter.
"""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import requests

AUTH = ("bench", "bench")


def export(server: str, scale: str, raw: Path) -> list[dict[str, Any]]:
    """Fetch a scale, keep it raw, and delete row after row on the site."""
    entries: list[dict[str, Any]] = requests.get(f"{server}/export/{scale}", auth=AUTH).json()
    raw.write_text(json.dumps({scale: entries}), encoding="utf-8")
    for entry in entries:
        delete(server, scale, entry["id"])
    return entries


def delete(server: str, scale: str, number: int) -> None:
    """Ask for one delete, on a connection of its own."""
    requests.delete(f"{server}/export/{scale}/{number}", auth=AUTH).raise_for_status()


def decode(raw: Path, sheet: Path, key_file: Path) -> int:
    """Decrypt a raw file into a sheet; returns the number of rows."""
    [entries] = json.loads(raw.read_text(encoding="utf-8")).values()
    with sheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, sorted(entries[0]))
        writer.writeheader()
        for entry in entries:
            for name, value in entry.items():
                if name.endswith("RSA") and value is not None:
                    entry[name] = opened(value, key_file)
            writer.writerow({name: str(value) for name, value in entry.items()})
    return len(entries)


def opened(value: str, key_file: Path) -> str:
    """One sealed value, with the key read anew."""
    modulus, exponent = private_numbers(key_file.read_text(encoding="ascii"))
    sealed = int.from_bytes(b64decode(value), "big")
    padded = pow(sealed, exponent, modulus).to_bytes((modulus.bit_length() + 7) // 8, "big")
    return padded[padded.index(b"\0", 2) + 1 :].decode()


def private_numbers(pem: str) -> tuple[int, int]:
    """Modulus and private exponent of a PKCS#1 file."""
    whole = b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    _, at, _ = _element(whole, 0)
    numbers = []
    for _ in range(4):  # version, modulus, public exponent, private exponent
        _, at, end = _element(whole, at)
        numbers.append(int.from_bytes(whole[at:end], "big"))
        at = end
    return numbers[1], numbers[3]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, first byte and end of the DER element at a place."""
    tag, length, at = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(der[at : at + size], "big"), at + size
    return tag, at, at + length
