"""What every opener of sealed values must do; inherited by the tests of each library."""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from mtdata.demo.study.data import make_key, seal
from mtdata.study.decryption.keys import load_keys
from mtdata.study.decryption.private_key import Opener, PrivateKey

SIZES = (1024, 2048)


@cache
def pair(bits: int, number: int) -> tuple[bytes, object]:
    """A key pair of its own for each number, made once a session."""
    return make_key(bits)


def key_of(folder: Path, bits: int, number: int = 0) -> PrivateKey:
    """The private key as the program reads it from a file."""
    path = folder / f"{bits}_{number}.pem"
    path.write_bytes(pair(bits, number)[0])
    path.chmod(0o600)
    [key], faults = load_keys([path], None)
    assert faults == []
    return key


def sealed(bits: int, text: str, number: int = 0) -> bytes:
    """`text` sealed with the public half of that key."""
    return b64decode(seal(pair(bits, number)[1], text))  # type: ignore[arg-type]


class OpenerContract:
    """Tests for one class of opener."""

    opener: ClassVar[type[Opener]]

    @pytest.mark.parametrize("bits", SIZES)
    @pytest.mark.parametrize("text", ["1", "12345", "é😀 \n", "x" * 117])
    def test_what_its_public_key_sealed_opens(self, tmp_path: Path, bits: int, text: str) -> None:
        opener = self.opener(key_of(tmp_path, bits))
        assert opener.open(sealed(bits, text)) == text.encode()

    @pytest.mark.parametrize("bits", SIZES)
    def test_an_empty_text_opens_every_time(self, tmp_path: Path, bits: int) -> None:
        opener = self.opener(key_of(tmp_path, bits))
        assert {opener.open(sealed(bits, "")) for _ in range(300)} == {b""}

    @pytest.mark.parametrize("bits", SIZES)
    def test_a_wrong_key_opens_nothing(self, tmp_path: Path, bits: int) -> None:
        opener = self.opener(key_of(tmp_path, bits))
        assert {opener.open(sealed(bits, str(n), 1)) for n in range(200)} == {None}

    @pytest.mark.parametrize("bits", SIZES)
    def test_a_value_with_one_flipped_bit_does_not_open(self, tmp_path: Path, bits: int) -> None:
        opener, rng = self.opener(key_of(tmp_path, bits)), Random(bits)
        value, opened = sealed(bits, "4711"), 0
        for place in rng.sample(range(8, bits), 200):  # the first byte could make it too large
            damaged = bytearray(value)
            damaged[place // 8] ^= 1 << place % 8
            opened += opener.open(bytes(damaged)) is not None
        assert opened <= 1  # what comes of it has the form of padding once in some 100,000 times
