"""A site's keys on sealed values, one after another: what a worker process does; it never guesses.

What no key opens is StillSealed.  Nothing is imported here that a worker does not need: that is
half of what its start takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtdata.study.decryption.private_key import LEAST_BITS, MOST_BITS, Opener, PrivateKey
from mtdata.study.decryption.rsa_backends import BareOpener, FastOpener, is_plain
from mtdata.study.decryption.sealing import blocks_of, from_base64
from mtdata.study.model.still_sealed import StillSealed

BLOCK = 64
"""Values that go through each step together."""
LOOKS = 8
"""So many values that nothing opens are tried with the other paddings, to say so."""
HINT = "PADDING"
Attempt = tuple[str | StillSealed, str, int]
"""What became of one value: its text, the key that unpads it ('' = none), and if keys were tried
the length of a text sealed for them, else 0."""

_NO_KEY, _NOT_SEALED = StillSealed("no key"), StillSealed("not a sealed text")
_NOT_BASE64, _NOT_TEXT = StillSealed("not base64"), StillSealed("not text")
_NO_SIZE = StillSealed("no key of its size")
_OTHER_SIZE = StillSealed("no key of its size", blames_key=True)
NOT_OPENED = StillSealed("no key opens it", blames_key=True)
ENDS_WORKER: Attempt = (StillSealed("opening it ends the worker"), "", 0)


class KeyRing:
    """A site's keys, loaded once a process; the last to succeed goes first."""

    def __init__(
        self,
        keys: Sequence[PrivateKey],
        *openers: type[Opener],
        others: Sequence[tuple[str, type[Opener]]] = (),
    ) -> None:
        """`openers` are those of each padding; `others` of those that are not configured."""
        self._keys = [(key.name, key.size_bytes, opener(key)) for opener in openers for key in keys]
        self._is_well = True  # the last values opened: else the first key would be tried twice
        self._others, self._looks = [(word, keys, opener) for word, opener in others], LOOKS

    def attempts(self, values: list[str]) -> list[Attempt]:
        """Open some values of a batch; `settled` must see the attempts of the whole batch."""
        blocks = (values[at : at + BLOCK] for at in range(0, len(values), BLOCK))
        return [attempt for block in blocks for attempt in self._block(block)]

    def _block(self, values: list[str]) -> list[Attempt]:
        """A step for all values, then the next, where they are as nearly all are; else one by one.

        RSA between the steps of a value drives out of the processor's nearest memory what these
        need: in blocks they take less than half of the time.
        """
        opened = self._usual(values) if self._is_well else None
        if opened is None:
            found = [self._attempt(value) for value in values]
        else:
            name, size, _ = self._keys[0]
            found = [
                attempt if _worth(attempt) == _LIKE_A_TEXT else self._attempt(value)
                for attempt, value in zip(_texts(opened, name, size), values, strict=True)
            ]
        self._is_well = all(isinstance(text, str) for text, _, _ in found)
        return found

    def _usual(self, values: list[str]) -> list[bytes | None] | None:
        """What the first key makes of values that are all as long as it; None for others."""
        _, size, opener = self._keys[0] if self._keys else ("", 0, None)
        if not isinstance(opener, FastOpener):
            return None
        try:
            sealed = [from_base64(value) for value in values]
        except ValueError:
            return None
        return opener.open_all(sealed) if {*map(len, sealed)} == {size} else None

    def _attempt(self, value: str) -> Attempt:
        if not value:
            return _NOT_SEALED, "", 0
        if not self._keys:
            return _NO_KEY, "", 0
        try:
            sealed = from_base64(value)
        except ValueError:
            return _NOT_BASE64, "", 0
        best = self._best(sealed)
        return (self._hinted(sealed), "", best[2]) if best[0] is NOT_OPENED else best

    def _best(self, sealed: bytes) -> Attempt:
        """What the keys make of a value: the first that looks like a text, else any text."""
        bits = 8 * len(sealed)
        is_a_keys = LEAST_BITS <= bits <= MOST_BITS and bits % 64 == 0
        best: Attempt = (_OTHER_SIZE if is_a_keys else _NO_SIZE), "", 0
        for place, (name, size, opener) in enumerate(self._keys):
            if len(sealed) == size:  # nearly every value: one block, and the first key opens it
                raw, length = opener.open(sealed), size
            elif blocks := blocks_of(sealed, size):
                raw, length = _joined(opener, blocks), size * len(blocks)
            else:
                continue
            attempt = (NOT_OPENED, "", length) if raw is None else (_text(raw), name, length)
            if (worth := _worth(attempt)) == _LIKE_A_TEXT:
                if place:
                    self._keys.insert(0, self._keys.pop(place))
                return attempt
            best = attempt if worth > _worth(best) else best
        return best

    def _hinted(self, sealed: bytes) -> StillSealed:
        """Why it does not open: with the padding that would open it, where there is one."""
        if self._looks:
            self._looks -= 1
            for word, keys, opener in self._others:
                ring = KeyRing(keys, opener)
                if _worth(ring._best(sealed)) == _LIKE_A_TEXT:
                    self._looks += 1  # it is worth to go on
                    return StillSealed(f"no key opens it, but one does with {HINT}: {word}", True)
        return NOT_OPENED


_LIKE_A_TEXT = 4


def _worth(attempt: Attempt) -> int:
    """Which of two outcomes counts; that it looks like a text decides between two keys alone."""
    text, key, size = attempt
    if isinstance(text, str):
        return _LIKE_A_TEXT if is_plain(text) else 3
    return 2 if key else 1 if size else 0


def _joined(opener: Opener, blocks: Sequence[bytes]) -> bytes | None:
    """The text of all blocks, if this key opens every one; None when it does not."""
    if len(blocks) > 1 and isinstance(opener, BareOpener):
        return None  # what begins with a zero byte has lost it, and nothing proves that
    parts: list[bytes] = []
    for block in blocks:
        part = opener.open(block)
        if part is None:
            return None
        parts.append(part)
    return b"".join(parts)


def _texts(opened: Sequence[bytes | None], name: str, size: int) -> list[Attempt]:
    return [(NOT_OPENED if raw is None else _text(raw), name, size) for raw in opened]


def _text(raw: bytes) -> str | StillSealed:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _NOT_TEXT


def at_work(
    keys: Sequence[PrivateKey],
    openers: Sequence[type[Opener]],
    others: Sequence[tuple[str, type[Opener]]],
) -> Callable[[list[str]], list[Attempt]]:
    """What opens values in the process that calls this: a worker, or the program itself."""
    return KeyRing(keys, *openers, others=others).attempts
