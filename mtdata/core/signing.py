"""The key that signs what outsiders are given (Ed25519); it is made once and never written over.

What is signed anybody can check by `openssl pkeyutl -verify`, with the public half alone.  No
message quotes a key.
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mtdata.core.disk import FILE_MODE, FolderDisk
from mtdata.core.errors import ConfigError

PRIVATE, PUBLIC = "receipts_ed25519.pem", "receipts_ed25519.pub.pem"
PUBLIC_MODE = 0o644
_MOST_BYTES = 1 << 14
_NO_KEY = "`mtdata init` makes one, and changes nothing that is there"


def make_signing_key(folder: Path) -> list[Path]:
    """Make the key (0600) and its public half (0644) in that folder; returns the files made.

    A key that is there stays, and only a public half that is missing is written out of it.
    ConfigError for one that cannot be read, StorageError where the folder cannot be written.
    """
    pkcs8 = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = []
    if not _is_there(folder / PRIVATE):
        key = Ed25519PrivateKey.generate().private_bytes(*pkcs8)
        made += _created(folder, PRIVATE, key, FILE_MODE)
    if not _is_there(folder / PUBLIC):
        # out of the file, not of what was just made: another process may have been first
        made += _created(folder, PUBLIC, public_pem(folder), PUBLIC_MODE)
    return made


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _created(folder: Path, name: str, content: bytes, mode: int) -> list[Path]:
    """A file that is whole when it has its name, and takes no other's; none where one is there."""
    disk = FolderDisk(folder, mode=mode)
    staged = disk.stage(f"{name}.{os.getpid()}", [content])
    try:
        os.link(folder / staged, folder / name)
    except FileExistsError:
        return []
    except OSError:  # a file system without such links: then as any file gets its name
        disk.publish(staged, name)
        return [folder / name]
    finally:
        disk.remove(staged)
    disk.confirm(name)
    return [folder / name]


def sign(folder: Path, content: bytes) -> bytes:
    """The signature, 64 bytes, by the key of that folder.  ConfigError where none can be used."""
    return _private_key(folder / PRIVATE).sign(content)


def public_pem(folder: Path) -> bytes:
    """The public half of the key of that folder as PEM.  ConfigError where none can be used."""
    public = _private_key(folder / PRIVATE).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def is_signed(folder: Path, content: bytes, signature: bytes) -> bool:
    """Whether the key of that folder signed it, by its public half alone.

    ConfigError where no public half can be used.
    """
    path = folder / PUBLIC
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path)
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read(path, is_private=True), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a passphrase
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> ConfigError:
    told = f"{path}: holds no Ed25519 key of ours that can be used"
    return ConfigError(f"{told}. Move it away, and {_NO_KEY}; what older keys signed stays signed")


def _read(path: Path, *, is_private: bool = False) -> bytes:
    """The file, whole.  ConfigError where it is not there, or others may read a private one."""
    try:
        # a pipe named as a key must not stop us
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such key. {_NO_KEY}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if is_private and mode & 0o077:
        mends = f"chmod 600 {shlex.quote(str(path))}"
        raise ConfigError(f"{path}: others may read it, so it is not used. This mends it: {mends}")
    return content
