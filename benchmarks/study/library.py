"""The decryption library as the program uses it: its speed, and what it must refuse."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from random import Random
from statistics import median
from time import process_time

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.bench import Bench, NotMeasured
from benchmarks.figures import Measured, in_ratio
from benchmarks.rows import make_key, seal
from mtdata.study.decryption.cipher import trusted
from mtdata.study.decryption.key_ring import KeyRing
from mtdata.study.decryption.private_key import PrivateKey

VALUES = 3_000
TRIED = 1_000
SIGNED = re.compile(r"^\+F2:\d+:2048:([0-9.]+):", re.MULTILINE)


def speed(bench: Bench) -> Measured:
    """Opening, check of the rejection included, beside the private operation of `openssl`.

    Both by processor time, as `openssl speed` takes it.
    """
    key = _known(bench.key)
    opener = trusted("pkcs1", [key])(key)
    values = [seal(bench.key, str(number)) for number in range(VALUES)]

    def ours() -> float:
        began = process_time()
        for value in values:
            opener.open(value)
        return VALUES / (process_time() - began)

    found = bench.in_turns({"opened": ours, "openssl": _openssl})
    sides = {f"{name}, values/s": median(rates) for name, rates in found.items()}
    return Measured(in_ratio(found["opened"], found["openssl"]), sides)


def _openssl() -> float:
    if shutil.which("openssl") is None:
        raise NotMeasured("openssl is not installed; get it with: sudo apt-get install openssl")
    words = ["openssl", "speed", "-seconds", "1", "-mr", "rsa2048"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = SIGNED.search(said)
    if found is None:
        raise NotMeasured("this openssl tells its speed in a form that is not known")
    return float(found.group(1))


def refusals(bench: Bench) -> Measured:
    """Values for another key, and values with one bit turned; none may come out as a text."""
    rng, other = Random(1), make_key()
    key = _known(bench.key)
    ring = KeyRing([key], trusted("pkcs1", [key]))
    good = [seal(bench.key, f"p{number}") for number in range(TRIED)]
    foreign = [seal(other, f"p{number}") for number in range(TRIED)]
    damaged = [_with_a_bit_turned(value, rng) for value in good]
    refused = [_unopened(ring, values) for values in (foreign, damaged, good)]
    sides = dict(
        zip(("wrong key refused", "damaged refused", "good refused"), refused, strict=True)
    )
    return Measured([min(*refused[:2], TRIED - refused[2]) / TRIED], sides)


def _unopened(ring: KeyRing, values: list[bytes]) -> int:
    attempts = ring.attempts([b64encode(value).decode() for value in values])
    return sum(not key for _, key, _ in attempts)


def _with_a_bit_turned(value: bytes, rng: Random) -> bytes:
    number = int.from_bytes(value, "big") ^ 1 << rng.randrange(len(value) * 8 - 8)
    return number.to_bytes(len(value), "big")


def _known(key: RSAPrivateKey) -> PrivateKey:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return PrivateKey("bench.pem", pem, key.key_size // 8, sha256(pem).hexdigest())
