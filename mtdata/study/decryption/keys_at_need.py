"""Keys for who seldom opens a value: loaded and tested when the first one asks; it opens nothing.

To load and test them takes longer than to read a small pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from mtdata.study.ports import Cipher, Opened, Work


class CipherAtNeed:
    """Port Cipher by another one, which is made when it is asked for the first time.

    Each method may raise what making it does.
    """

    def __init__(self, make: Callable[[], Cipher]) -> None:
        self._make = make

    @cached_property
    def _cipher(self) -> Cipher:
        return self._make()

    def fingerprint(self) -> str:
        """Port: Cipher.fingerprint."""
        return self._cipher.fingerprint()

    def key_names(self) -> list[str]:
        """Port: Cipher.key_names."""
        return self._cipher.key_names()

    def key_fingerprints(self) -> Mapping[str, str]:
        """Port: Cipher.key_fingerprints."""
        return self._cipher.key_fingerprints()

    def unseal_each(self, work: Iterable[tuple[Work, list[Any]]]) -> Iterator[tuple[Work, Opened]]:
        """Port: Cipher.unseal_each."""
        return self._cipher.unseal_each(work)

    def close(self) -> None:
        """Port: Cipher.close."""
        if "_cipher" in self.__dict__:
            self._cipher.close()
