"""Forms in which the file of a private key comes, and how each is read; it quotes nothing of one.

What stands behind BEGIN is a name that people and programs get wrong: the bytes say what they are.
"""

from __future__ import annotations

import base64
import re
from binascii import Error
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
    load_ssh_private_key,
)

FILE = "{file}"
"""Stands in a refusal for the name of the file, as a shell takes it."""
DAMAGED = "holds a private key that is damaged"
NO_END = f"{DAMAGED}: its end is missing"
NONE = "holds no private key, neither PEM nor DER"
LOCKED = "is encrypted, and no passphrase was given"
NOT_UNLOCKED = "the passphrase does not open it, or it is damaged"
PUBLIC = "holds a public key or a certificate; the private key is needed"
NOT_SUPPORTED = "is of a kind, or encrypted in a way, that is not supported"

_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(.*?)(-----END [A-Z0-9 ]{0,40}-----|\Z)", re.S
)
_LINE_END = re.compile(r"\\+[rn]")
_LOCK = re.compile(r"DEK-Info:\s*([A-Za-z0-9-]+,[0-9A-Fa-f]+)")
_HEADERS = re.compile(r"Proc-Type:\s*4,\s*ENCRYPTED|DEK-Info:\s*\S+")
_PUBLIC = re.compile(
    rb"BEGIN [A-Z0-9 ]{0,40}(PUBLIC KEY|CERTIFICATE)|\Assh-rsa |\A---- BEGIN SSH2 PUBLIC"
)
_OPENSSH = b"openssh-key-v1\0"
_VERSION, _PFX = b"\x02\x01\x00", b"\x02\x01\x03"  # first in PKCS#1 and PKCS#8; in PKCS#12
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (rb"\APuTTY-User-Key-File", "PuTTY's", f"puttygen {FILE} -O private-openssh -o {FILE}.pem"),
    (rb"---- BEGIN SSH2 ENCRYPTED PRIVATE", "ssh.com's", f"ssh-keygen -i -f {FILE} > {FILE}.pem"),
    (
        rb"\A\x1e\xf1\xb5\xb0",
        "Microsoft's PVK",
        f"openssl rsa -inform PVK -in {FILE} -out {FILE}.pem",
    ),
    (
        rb"\A\x07\x02\0\0\0\xa4\0\0RSA2",
        "Microsoft's BLOB",
        f"openssl rsa -inform MSBLOB -in {FILE} -out {FILE}.pem",
    ),
    (
        rb"\A\xfe\xed\xfe\xed",
        "Java's (JKS)",
        f"keytool -importkeystore -srckeystore {FILE} -destkeystore {FILE}.p12 "
        "-deststoretype PKCS12",
    ),
    (rb"<RSAKeyValue", ".NET's (XML)", "ExportPkcs8PrivateKeyPem() of the same RSA object"),
    (rb'"kty"\s*:', "that of a JWK", "an export as PEM by the program that made it"),
    (rb"BEGIN PGP PRIVATE", "that of PGP", "an RSA key of its own: keys/README.md"),
)
"""Forms that no library here reads: how one is known, whose it is, what makes one that is read."""

Load = Callable[[bytes | None], Any]


class Refused(Exception):
    """Why a file is no key of ours."""


def read(content: bytes, passphrase: str | None) -> object:
    """The private key of whatever sort that a file's bytes hold; Refused says why there is none."""
    password = passphrase.encode() if passphrase else None
    text = _text(content)
    if block := _BLOCK.search(text):
        if not block[2]:
            raise Refused(NO_END)
        return _read_block(block[1], password)
    der = content if content[:1] == b"\x30" and content[1:2] >= b"\x80" else _bare(text)
    if der:
        return _read_der(der, password, DAMAGED if _VERSION in der[:8] else NONE)
    raise Refused(_reason_for(content, text))


def _bare(text: str) -> bytes:
    """What base64 without BEGIN and END holds, if there is nothing else."""
    bare = re.sub(r"[\s'\"]", "", text)
    if len(bare) % 4 or not re.fullmatch(r"M[A-Za-z0-9+/]{60,}={0,2}", bare):
        return b""
    return _from_base64(bare)


def _text(content: bytes) -> str:
    """As people and their editors save texts: with marks before them, and line ends spelt out."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", "replace")
    else:
        text = content.decode("utf-8-sig", "replace")
    return _LINE_END.sub("\n", text)


def _read_block(body: str, password: bytes | None) -> object:
    lock = _LOCK.search(body)
    inner = _from_base64(_HEADERS.sub("", body))
    if lock:
        head = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: {lock[1]}\n\n"
        pem = _pem("RSA PRIVATE KEY", inner, head)
        return _loaded(lambda word: load_pem_private_key(pem, word), pem, password)
    if inner.startswith(_OPENSSH):
        pem = _pem("OPENSSH PRIVATE KEY", inner)
        return _loaded(lambda word: load_ssh_private_key(pem, word), pem, password)
    return _read_der(inner, password)


def _read_der(content: bytes, password: bytes | None, unread: str = DAMAGED) -> object:
    der = content[: _der_length(content)]
    if der[4:7] == _PFX:
        return _read_pfx(der, password)
    return _loaded(lambda word: load_der_private_key(der, word), der, password, unread)


def _der_length(content: bytes) -> int:
    """Where the value that begins there says that it ends; what an editor put behind is nothing."""
    count = (content[1:2] or b"\0")[0] & 0x7F
    return 2 + count + int.from_bytes(content[2 : 2 + count], "big")


def _read_pfx(content: bytes, password: bytes | None) -> object:
    from cryptography.hazmat.primitives.serialization.pkcs12 import (  # with all of X.509
        load_key_and_certificates,
    )

    try:
        key = load_key_and_certificates(content, password)[0]
    except UnsupportedAlgorithm:
        mend = f"openssl pkcs12 -legacy -in {FILE} -nocerts -out {FILE}.pem"
        raise Refused(f"{NOT_SUPPORTED}; this makes one that is read: {mend}") from None
    except (ValueError, TypeError):
        raise Refused(NOT_UNLOCKED if password else LOCKED) from None
    if key is None:
        raise Refused(PUBLIC)
    return key


def _loaded(load: Load, content: bytes, password: bytes | None, unread: str = DAMAGED) -> object:
    """What one of the two libraries reads; the passphrase is for a key that wants one."""
    why = unread
    for word in (None, password):
        try:
            return load(word)
        except TypeError:  # the library's word for "encrypted"
            if password is None:
                raise Refused(LOCKED) from None
            why = NOT_UNLOCKED
        except UnsupportedAlgorithm:
            why = f"{'the passphrase does not open it, or it ' if word else ''}{_mend(content)}"
            break
        except ValueError:
            if word:
                raise Refused(NOT_UNLOCKED) from None
            break
    return _by_the_other(content, word, why)


def _by_the_other(content: bytes, password: bytes | None, why: str) -> object:
    """What `pycryptodome` reads, in the library that reads most; else it is refused for `why`."""
    from Crypto.PublicKey import RSA  # here: seldom needed, and it takes time

    try:
        key = RSA.import_key(content, password.decode() if password else None)
        why = why if key.has_private() else PUBLIC
        return load_der_private_key(key.export_key("DER", pkcs=8), None)
    except (ValueError, IndexError, TypeError):
        raise Refused(why) from None


def _mend(content: bytes) -> str:
    pkey, openssh = f"openssl pkey -in {FILE} -out {FILE}.pem", f"ssh-keygen -p -m PEM -f {FILE}"
    return f"{NOT_SUPPORTED}; this mends it: {openssh if b'BEGIN OPENSSH' in content else pkey}"


def _reason_for(content: bytes, text: str) -> str:
    """What a file is that holds nothing of the forms that are read."""
    for sign, whose, mend in _OTHERS:
        if re.search(sign, content) or re.search(sign, text.encode()):
            return f"is in a form that is not read, {whose}; this makes one that is: {mend}"
    if _PUBLIC.search(text.encode()):
        return PUBLIC
    return NONE


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (Error, ValueError):
        raise Refused(DAMAGED) from None


def _pem(label: str, content: bytes, head: str = "") -> bytes:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {label}-----\n{head}{body}-----END {label}-----\n".encode()
