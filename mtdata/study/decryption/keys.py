"""Private keys: reading their files, and testing a library on them.

It never writes a key, and never says what stands in one.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from secrets import randbelow
from typing import NamedTuple

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mtdata.core.disclosure import is_broken, is_key_itself, is_near
from mtdata.study.decryption.key_forms import FILE, Refused, read
from mtdata.study.decryption.private_key import (
    LEAST_BITS,
    MOST_BITS,
    Opener,
    PrivateKey,
    loaded,
)

MOST_KNOWN = 32
"""So many keys that were checked a process remembers, and their self-tests with two libraries."""
_MOST_BYTES = 1 << 18  # the longest key with all its certificates is far shorter
USUAL = {".pem", ".key", ".der", ".p8", ".pk8", ".pkcs8", ".p12", ".ppk", ".txt", ".asc", ".rsa"}
"""How the names of key files end."""


class KeyFault(NamedTuple):
    """A key file that cannot be used, and what is wrong with it; quotes nothing of it."""

    name: str
    reason: str


def load_keys(
    files: Sequence[Path], passphrase: str | None
) -> tuple[list[PrivateKey], list[KeyFault]]:
    """Read every file; each becomes a key or a fault, in the order given.

    `passphrase` is for those files that are encrypted.  A key that is there twice counts once.
    """
    keys: dict[str, PrivateKey] = {}
    faults: list[KeyFault] = []
    for path in files:
        try:
            key = replace(_checked(_content(path), passphrase or None), name=path.name)
        except Refused as refused:
            why = str(refused).replace(FILE, shlex.quote(shown_path(path)))
            faults.append(KeyFault(shown_name(path), f"{shown_path(path)}: {why}"))
        else:
            keys.setdefault(key.fingerprint, key)
    return list(keys.values()), faults


# What stands in the place of a key file's name, and is the name of no file, may be a passphrase.


def shown_path(path: Path) -> str:
    """The path as far as it is known: a name that is there, usual for a key, or near to one."""
    if _is_name(path):
        return str(path)
    known = next((one for one in path.parents if os.path.lexists(one)), Path("/"))
    return f"{known}/(a name of {len(str(path.relative_to(known)))} characters)"


def shown_name(path: Path) -> str:
    """The name of the file alone, where it is known; else how long it is."""
    return path.name if _is_name(path) else f"(a name of {len(path.name)} characters)"


def _is_name(path: Path) -> bool:
    if is_broken(str(path)) or is_key_itself(str(path)):
        return False
    if path.suffix.casefold() in USUAL or os.path.lexists(path):
        return True
    names: list[str] = []
    with suppress(OSError):
        names = os.listdir(path.parent)
    return is_near(path.name, names)


def _content(path: Path) -> bytes:
    try:
        # A pipe named as a key must not stop the round.
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as stream:
            # Asked of the open file: nobody can swap it between the question and the reading.
            _check_access(stream.fileno())
            content = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise Refused("there is no such file") from None
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise Refused("is too large to be a key")
    return content


def _check_access(number: int) -> None:
    found = os.fstat(number)
    mode = found.st_mode
    if not stat.S_ISREG(mode):
        raise Refused("is no file")
    if mode & 0o077 and not _is_credential(found) and not _is_for_our_group(found):
        shown_path = f"others than its owner may use it (mode {stat.S_IMODE(mode):04o}); "
        raise Refused(shown_path + _mending(found, os.fstatvfs(number)))


def _mending(found: os.stat_result, disk: os.statvfs_result) -> str:
    """What makes the file one that is read: where it lies, or where that is mounted from."""
    us = os.geteuid()
    if disk.f_flag & os.ST_RDONLY:
        return (
            "it is mounted read-only, so this is mended where that is said: with Docker "
            f'`mode: 0400` and `uid: "{us}"` in the long form of `secrets:`, with Kubernetes '
            "`defaultMode: 0400` of the volume and `fsGroup` of the pod"
        )
    if found.st_uid != us != 0:
        return f"this mends it: sudo chown {us} {FILE} && sudo chmod 600 {FILE}"
    return f"this mends it: chmod 600 {FILE}"


def _is_for_our_group(found: os.stat_result) -> bool:
    """Whether it is root's, and beside root a group that we are in may read it, and nobody else.

    So orchestrators mount secrets for a group (fsGroup); libpq takes such keys as well.  Root's own
    group is no reason: a file of that group was given to nobody.
    """
    ours = {os.getegid(), *os.getgroups()} - {0}
    return found.st_uid == 0 and not found.st_mode & 0o037 and found.st_gid in ours


def _is_credential(found: os.stat_result) -> bool:
    """Whether it has the form in which systemd (254 and later) gives a service its credentials.

    It is root's, and an ACL lets our user alone read it, which shows as the mode of the group.
    """
    root_alone = found.st_uid == found.st_gid == 0 != os.geteuid()
    return root_alone and stat.S_IMODE(found.st_mode) == 0o440


@lru_cache(maxsize=MOST_KNOWN)
def _checked(content: bytes, passphrase: str | None) -> PrivateKey:
    """A key without its file's name; the check costs as much as a hundred values, so once a key."""
    key = read(content, passphrase)
    if not isinstance(key, RSAPrivateKey):
        raise Refused("holds a private key that is not RSA")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise Refused(f"has {key.key_size} bits; {LEAST_BITS} to {MOST_BITS} are allowed")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PrivateKey(
        name="",
        pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        size_bytes=(key.key_size + 7) // 8,
        fingerprint=sha256(public).hexdigest(),
    )


@lru_cache(maxsize=2 * MOST_KNOWN)
def self_test(opener: type[Opener], key: PrivateKey, padding: str) -> bool:
    """Whether this library opens what is sealed for this key, and nothing else, on this machine.

    Asked once a process: a daemon would ask it at every round.
    """
    numbers = loaded(key).public_key().public_numbers()
    # The same modulus with another exponent is another key, and a wrong one of the right size.
    wrong = RSAPublicNumbers(65539 if numbers.e != 65539 else 65537, numbers.n)
    try:
        mine = opener(key)
        if any(mine.open(_seal(numbers, text, padding)) != text for text in (b"self-test", b"")):
            return False
        number = int.from_bytes(_seal(numbers, b"self-test", padding), "big")
        others = [number ^ 1 << randbelow(numbers.n.bit_length() - 1) for _ in range(4)]
        others += [randbelow(numbers.n) for _ in range(4)]
        strange = [other.to_bytes(key.size_bytes, "big") for other in others]
        strange += [_seal(wrong, b"self-test", padding) for _ in range(4)]
        # By chance one of 100,000 has the form of a padded text, whatever the library.
        return sum(mine.open(sealed) is not None for sealed in strange) <= 1
    except (ImportError, UnsupportedAlgorithm, InternalError, ValueError):
        return False
    except (TypeError, AttributeError):
        return False  # of a version that is called otherwise


def _seal(public: RSAPublicNumbers, text: bytes, padding: str) -> bytes:
    if padding == "none":
        number = pow(int.from_bytes(text, "big"), public.e, public.n)
        return number.to_bytes((public.n.bit_length() + 7) // 8, "big")
    if padding.startswith("oaep"):
        digest = SHA256() if padding == "oaep-sha256" else SHA1()  # noqa: S303
        return public.public_key().encrypt(text, OAEP(MGF1(digest), digest, None))
    return public.public_key().encrypt(text, PKCS1v15())
