"""Sealed texts in the forms that libraries give them: base64 and its kin, OAEP, several blocks."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from mtdata.study.decryption import rsa_backends
from mtdata.study.decryption.cipher import RsaCipher
from mtdata.study.decryption.key_ring import LOOKS
from mtdata.study.decryption.keys import self_test
from mtdata.study.decryption.private_key import Opener, PrivateKey
from mtdata.study.decryption.sealing import MOST_BLOCKS, from_base64
from mtdata.study.model.still_sealed import StillSealed
from tests.adapters.test_cipher import opened
from tests.contracts.cipher_contract import key_of, pair, sealed

DIGESTS: dict[str, tuple[Any, Any]] = {
    "oaep": (SHA1, SHA1),
    "oaep-sha256": (SHA256, SHA256),
    "Java's": (SHA256, SHA1),
}


def sealed_by(form: str, bits: int, text: str, number: int = 0) -> bytes:
    digest, mask = DIGESTS[form]
    public: Any = load_pem_public_key(pair(bits, number)[1].export_key())  # type: ignore[attr-defined]
    found: bytes = public.encrypt(text.encode(), OAEP(MGF1(mask()), digest(), None))
    return found


def in_blocks(bits: int, text: str, number: int = 0) -> bytes:
    most = bits // 8 - 11
    raw = text.encode()
    from Crypto.Cipher import PKCS1_v1_5

    cipher = PKCS1_v1_5.new(pair(bits, number)[1])  # type: ignore[arg-type]
    return b"".join(cipher.encrypt(raw[n : n + most]) for n in range(0, len(raw), most))


def told(cipher: RsaCipher, values: list[Any]) -> list[Any]:
    return opened(cipher, values).texts


def test_every_way_to_write_base64_is_read_and_none_is_guessed(tmp_path: Path) -> None:
    cipher = RsaCipher([key_of(tmp_path, 1024)], workers=0)
    value = next(v for v in iter(lambda: sealed(1024, "4711"), None) if {*b64encode(v)} & {*b"+/"})
    plain, url = b64encode(value).decode(), urlsafe_b64encode(value).decode()
    lines = "\r\n".join(plain[n : n + 64] for n in range(0, len(plain), 64))
    good = [
        plain,
        plain.rstrip("="),
        url,
        url.rstrip("="),
        lines,
        quote(plain, safe=""),
        plain[:-1],
    ]
    assert told(cipher, good) == ["4711"] * len(good)
    mixed = "-" + plain[1:] if "+" in plain[1:] or "/" in plain[1:] else "-+" + plain[2:]
    bad = [mixed, plain.rstrip("=") + "===", plain + "!", "a", "%zz", "é"]
    assert {type(one) for one in told(cipher, bad)} == {StillSealed}
    assert StillSealed("not base64") in told(cipher, [mixed, plain + "!"])
    rng = Random(5)
    for length in range(1, 40):
        raw = rng.randbytes(length)
        for written in (b64encode(raw), urlsafe_b64encode(raw)):
            assert from_base64(written.decode()) == from_base64(written.decode().rstrip("=")) == raw


@pytest.mark.parametrize("form", DIGESTS)
def test_oaep_opens_what_its_public_key_sealed_and_nothing_else(tmp_path: Path, form: str) -> None:
    word = form if form.startswith("oaep") else "oaep-sha256"
    key, rng = key_of(tmp_path, 1024), Random(7)
    cipher = RsaCipher([key], word, workers=0)
    texts = ["", "4711", "é😀 \n", "x" * 60]
    assert told(cipher, [b64encode(sealed_by(form, 1024, t)).decode() for t in texts]) == texts
    kinds: list[type[Opener]] = list(rsa_backends.OPENERS[word])
    for kind in kinds:
        assert self_test(kind, key, word)
        opener = kind(key)
        assert opener.open(sealed_by(form, 1024, "4711")) == b"4711"
        for _ in range(30):
            value = bytearray(sealed_by(form, 1024, "4711"))
            value[rng.randrange(1, len(value))] ^= 1 << rng.randrange(8)
            assert opener.open(bytes(value)) is None
            assert opener.open(sealed_by(form, 1024, "4711", 1)) is None
        assert opener.open(sealed(1024, "4711")) is None


def test_where_no_key_opens_it_the_reason_names_the_padding_that_would(tmp_path: Path) -> None:
    key = key_of(tmp_path, 1024)
    value = b64encode(sealed_by("oaep-sha256", 1024, "4711")).decode()
    other = b64encode(sealed_by("oaep-sha256", 1024, "4711", 1)).decode()
    cipher = RsaCipher([key], workers=0)
    many = told(cipher, [value] * 3 * LOOKS + [other])
    assert all("PADDING: oaep-sha256" in one.reason and one.blames_key for one in many[:-1])
    assert many[-1] == StillSealed("no key opens it", blames_key=True)
    turned = RsaCipher([key], "oaep", workers=0)
    [said] = told(turned, [b64encode(sealed(1024, "4711")).decode()])
    assert "PADDING: pkcs1" in said.reason


def test_a_site_that_changed_its_padding_keeps_both(tmp_path: Path) -> None:
    key = key_of(tmp_path, 1024)
    values = [sealed(1024, "old"), sealed_by("oaep", 1024, "new"), sealed(1024, "old")]
    cipher = RsaCipher([key], "pkcs1,oaep", workers=0)
    assert told(cipher, [b64encode(v).decode() for v in values]) == ["old", "new", "old"]
    alone = RsaCipher([key], "oaep", workers=0)
    assert len({cipher.fingerprint(), alone.fingerprint(), RsaCipher([key]).fingerprint()}) == 3


def test_a_text_in_several_blocks_opens_whole_or_not_at_all(tmp_path: Path) -> None:
    key = key_of(tmp_path, 1024)
    cipher = RsaCipher([key, key_of(tmp_path, 2048)], workers=0)
    text = "ein Text, der zu lang ist für einen Block 🙂 " * 20
    value = in_blocks(1024, text)
    assert len(value) > 128 * 4
    two = in_blocks(1024, "x" * 200)  # as long as one block of the other key
    assert told(cipher, [b64encode(v).decode() for v in (value, two)]) == [text, "x" * 200]
    damaged = bytearray(value)
    damaged[300] ^= 1
    bad = [bytes(damaged), value[:-128] + sealed(1024, "x", 1), value[:-1], value * MOST_BLOCKS]
    for said in told(cipher, [b64encode(one).decode() for one in bad]):
        assert type(said) is StillSealed
    bare = RsaCipher([key], "none", workers=0)
    [said] = told(bare, [b64encode(value).decode()])
    assert type(said) is StillSealed
    assert b64decode(b64encode(value)) == value


def test_of_a_key_the_name_is_told_whatever_the_padding(tmp_path: Path) -> None:
    key: PrivateKey = key_of(tmp_path, 1024)
    found = opened(
        RsaCipher([key], "oaep,pkcs1", workers=0), [b64encode(sealed(1024, "4711")).decode()]
    )
    assert found.keys == [key.name]
