"""Forms of a private key's file: each is read, or named with what mends it; it opens no value."""

from __future__ import annotations

import base64
import json
import shlex
from functools import cache
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from mtdata.study.decryption.keys import load_keys
from tests.contracts.cipher_contract import pair

WORD = "läng und geheim"
OPENSSH_LOCKED = (
    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABCC9Uuar7eNCG4Ri3ySXRbhAAAAEAAA"
    "AAEAAACXAAAAB3NzaC1yc2EAAAADAQABAAAAgQCv5vIEcpRiA50yoOfdXa8rBoU3ctU4uQZT40bNGsXE4uszz/CQfUWX"
    "e6HRAm7lGSenJM6B7y0LlbyGeIV7EvtkawQippH2gVfJHdw/gEXIWQXLQo18746CvBSnox7Vt+ck/8kzuqiekKF2c6Qj"
    "aXSgKmmxzOy2aiFhq/1P61l+IQAAAgDL3bgpz9YCXyNLtD5YZ+9oztHD3DaBMPsQpfBU7e+tctXvuHJQH04O6leIG1Fp"
    "Vd1OHw6YnDdjZatdyWuhfmpXMXYA4K2Dgac5D3UtEqNGuu0khPTQUeTv/mWmsJgmxxvrb0lM/R2vrf58HEza27MbiemM"
    "wUxJmQntD7AF9htgYv64JB22dE/wb4geiChx9k50tB0Sy3zqV+WcVV/JZKFUsJoteyTv2lVxlLdU4iU2UIYKovAd+Aqi"
    "c1OsLCGrBipOdoqeP5Diexgzf131tctBn/CJ+yeOxkR+ml8NIHWDx6lg5ClzmG1fNnu2LYhvV0ur2Mm3hGPioYo5qUKs"
    "h3dksFnPU2/83QQIQHpK3u07CxqMAIdlqW2kpAEz4JKlmnzKZ+KGZ5acr5On5+5zFRn0ZJu4opuqZlbYBJVUpScynG3k"
    "AWYO0u3T3NoMllzwcxpVgGpwaf2TMf5ky0Y74btkYyELPDSZ7DAqbuXBjlUX5/FZa/cMURcTqiscQLwdHYBkoo1Du7EQ"
    "d7JA10Mck6FNrbH6dQ4StpgOdhERXd5e4nBbpQXwXX2nAu+odKYhUhknJU9/0MRvtMTyPU6lmskhsluZLkreu3XnQx3b"
    "wVRPV3fhQfucy8xCehefWJtk4AuTVaKobXFs04shtIbloUfvduLKV0NQ6JlOm4Q4oZJ1hA=="
)
"""A key made for this test by ssh-keygen, whose passphrase is "secret"."""


@cache
def _key() -> RSAPrivateKey:
    key = load_pem_private_key(pair(1024, 0)[0], None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _out(form: PrivateFormat, sort: Encoding = Encoding.PEM, *, locked: bool = False) -> bytes:
    lock: KeySerializationEncryption = NoEncryption()
    if locked:
        lock = BestAvailableEncryption(WORD.encode())
    return _key().private_bytes(sort, form, lock)


PKCS1, PKCS8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8


@cache
def _forms() -> dict[str, bytes]:
    """The same key in every form that either library reads."""
    one, eight = _out(PKCS1), _out(PKCS8)
    text = one.decode().strip()
    spelt = text.replace("\n", "\\n")
    return {
        "PKCS#1": one,
        "PKCS#8": eight,
        "PKCS#8 under the name of PKCS#1": eight.replace(b" PRIVATE", b" RSA PRIVATE"),
        "PKCS#1 under the name of PKCS#8": one.replace(b" RSA PRIVATE", b" PRIVATE"),
        "PKCS#1 under the name of OpenSSH": one.replace(b" RSA PRIVATE", b" OPENSSH PRIVATE"),
        "BEGIN and END of different names": one.replace(b"END RSA ", b"END "),
        "OpenSSH": _out(PrivateFormat.OpenSSH),
        "OpenSSH under the name of PKCS#8": _out(PrivateFormat.OpenSSH).replace(b"OPENSSH ", b""),
        "DER of PKCS#1": _out(PKCS1, Encoding.DER),
        "DER of PKCS#8": _out(PKCS8, Encoding.DER),
        "DER with a line end behind": _out(PKCS8, Encoding.DER) + b"\r\n",
        "base64 alone": "".join(text.splitlines()[1:-1]).encode(),
        "line ends spelt out": spelt.encode(),
        "CRLF spelt out": text.replace("\n", "\\r\\n").encode(),
        "spelt out and quoted": f'"{spelt}"\n'.encode(),
        "a value in JSON": json.dumps({"private_key": text, "kind": "x"}).encode(),
        "escaped twice": text.replace("\n", "\\\\n").encode(),
        "one line": text.replace("\n", " ").encode(),
        "CRLF": one.replace(b"\n", b"\r\n"),
        "CR": one.replace(b"\n", b"\r"),
        "UTF-8 with a mark": b"\xef\xbb\xbf" + one,
        "UTF-16": text.encode("utf-16"),
        "indented": b"\n \n" + b"".join(b"\t  " + line + b"  \n" for line in one.splitlines()),
        "words before and behind": b"Bag Attributes\n  localKeyID: 01\n" + one + b"\nso far\n",
        "PKCS#12": serialize_key_and_certificates(b"x", _key(), None, None, NoEncryption()),
    }


@cache
def _locked() -> dict[str, bytes]:
    """The same behind a passphrase."""
    one, eight = _out(PKCS1, locked=True), _out(PKCS8, locked=True)
    old = RSA.import_key(_out(PKCS1)).export_key(
        passphrase=WORD.encode(), pkcs=8, protection="PBKDF2WithHMAC-SHA1AndDES-EDE3-CBC"
    )
    lock = BestAvailableEncryption(WORD.encode())
    return {
        "PKCS#1": one,
        "PKCS#1 in one line": one.replace(b"\n", b" "),
        "PKCS#1 spelt out": one.strip().replace(b"\n", b"\\n"),
        "PKCS#1 under the name of PKCS#8": one.replace(b" RSA PRIVATE", b" PRIVATE"),
        "PKCS#8": eight,
        "PKCS#8 under a name without a lock": eight.replace(b" ENCRYPTED", b""),
        "DER of PKCS#8": _out(PKCS8, Encoding.DER, locked=True),
        "with triple DES": old,
        "PKCS#12": serialize_key_and_certificates(b"x", _key(), None, None, lock),
    }


def _read(folder: Path, content: bytes, passphrase: str | None = None) -> tuple[str, str]:
    """The fingerprint of the key that a file holds, and what is wrong with it."""
    path = folder / "the key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    keys, faults = load_keys([path], passphrase)
    assert len(keys) + len(faults) == 1
    return (keys[0].fingerprint if keys else ""), (faults[0].reason if faults else "")


@pytest.mark.parametrize("form", _forms())
def test_a_key_is_read_in_any_form_that_either_library_reads(tmp_path: Path, form: str) -> None:
    plain = _read(tmp_path, pair(1024, 0)[0])
    assert _read(tmp_path, _forms()[form]) == plain


@pytest.mark.parametrize("form", _locked())
def test_so_is_one_behind_a_passphrase(tmp_path: Path, form: str) -> None:
    content = _locked()[form]
    assert _read(tmp_path, content, WORD) == _read(tmp_path, pair(1024, 0)[0])
    assert "is encrypted, and no passphrase" in _read(tmp_path, content)[1]
    assert "the passphrase does not open it" in _read(tmp_path, content, "other")[1]


def test_so_is_one_that_ssh_keygen_locked(tmp_path: Path) -> None:
    lines = "\n".join(OPENSSH_LOCKED[at : at + 70] for at in range(0, len(OPENSSH_LOCKED), 70))
    name = "OPENSSH PRIVATE KEY"
    content = f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----\n".encode()
    assert _read(tmp_path, content, "secret")[0]
    assert "is encrypted, and no passphrase" in _read(tmp_path, content)[1]
    told = _read(tmp_path, content, "other")[1]
    assert "the passphrase does not open it" in told
    assert f"ssh-keygen -p -m PEM -f {shlex.quote(str(tmp_path / 'the key.pem'))}" in told


@pytest.mark.parametrize(
    ("content", "naming", "mend"),
    [
        (b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", "PuTTY's", "puttygen "),
        (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n", "ssh.com's", "ssh-keygen -i"),
        (b"\x1e\xf1\xb5\xb0" + bytes(60), "PVK", "openssl rsa -inform PVK"),
        (b"\x07\x02\0\0\0\xa4\0\0RSA2" + bytes(60), "BLOB", "openssl rsa -inform MSBLOB"),
        (b"\xfe\xed\xfe\xed" + bytes(60), "JKS", "keytool -importkeystore"),
        (b"<RSAKeyValue><Modulus>AAAA</Modulus></RSAKeyValue>", ".NET's", "ExportPkcs8"),
        (b'{"kty": "RSA", "n": "AAAA", "d": "AAAA"}', "JWK", "as PEM"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n", "PGP", "keys/README.md"),
    ],
)
def test_a_form_that_no_library_reads_is_named_with_what_mends_it(
    tmp_path: Path, content: bytes, naming: str, mend: str
) -> None:
    told = _read(tmp_path, content)[1]
    assert naming in told
    assert mend in told
    assert "damaged" not in told
    assert "AAAA" not in told


@cache
def _public() -> dict[str, bytes]:
    public, form = _key().public_key(), PublicFormat.SubjectPublicKeyInfo
    return {
        "PEM": public.public_bytes(Encoding.PEM, form),
        "PKCS#1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": public.public_bytes(Encoding.DER, form),
        "of ssh": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "under a wrong name": public.public_bytes(Encoding.PEM, form).replace(
            b"PUBLIC", b"PRIVATE"
        ),
    }


@pytest.mark.parametrize("form", _public())
def test_a_public_key_is_called_one(tmp_path: Path, form: str) -> None:
    assert "holds a public key" in _read(tmp_path, _public()[form])[1]


def test_a_key_that_is_not_rsa_is_called_so_in_every_form(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    for form, sort in [(PKCS1, Encoding.PEM), (PKCS8, Encoding.DER), (PrivateFormat.OpenSSH, None)]:
        content = key.private_bytes(sort or Encoding.PEM, form, NoEncryption())
        assert "that is not RSA" in _read(tmp_path, content)[1]


@cache
def _damaged() -> dict[str, bytes]:
    one, der = _out(PKCS1), _out(PKCS8, Encoding.DER)
    middle = len(one) // 2
    return {
        "cut short": one[:middle],
        "a line lacks": b"".join(one.splitlines(keepends=True)[:4] + one.splitlines(True)[5:]),
        "a letter that is none": one[:middle] + b"!" + one[middle + 1 :],
        "other bytes": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "DER cut short": der[:-9],
        "base64 cut short": base64.b64encode(der[:300]),
    }


@pytest.mark.parametrize("form", _damaged())
def test_what_is_damaged_is_called_so(tmp_path: Path, form: str) -> None:
    assert "holds a private key that is damaged" in _read(tmp_path, _damaged()[form])[1]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"no key", b"0", b"0\x82", b"0\x80AAAA", b"M" * 99]
)
def test_what_is_no_key_at_all_is_not_called_damaged(tmp_path: Path, content: bytes) -> None:
    told = _read(tmp_path, content)[1]
    assert "holds no private key" in told
    assert "damaged" not in told
