"""Numbers of a JSON text that are longer than a parser takes, made texts as they were sent.

Python reads no whole number of more than 4,300 digits and no exponent of more than 18; one such
cell would cost the whole answer.  It reads no JSON beyond where texts begin and end.
"""

from __future__ import annotations

import re

from mtdata.core.errors import AnswerBroken

LONG = 20
"""Characters; what is shorter every parser takes."""
MOST_HELD = 1 << 20
_MARKS = b"-+.0123456789eE"
_IS_MARK = bytes(48 if code in _MARKS else 32 for code in range(256))
_RUN = b"0" * LONG
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[-+.0-9eE]{%d,}' % LONG, re.DOTALL)
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


class LongNumbers:
    """Takes a JSON text piece by piece; what may go on in the next piece waits for it."""

    def __init__(self) -> None:
        self._held = b""
        self._is_inside = False  # a text, at the end of what was given

    def take(self, piece: bytes, *, last: bool = False) -> bytes:
        """What is complete with this piece, a number of LONG characters and more in quotes."""
        text = self._held + piece
        end = len(text) if last else len(text.rstrip(_MARKS + b"\\"))
        text, self._held = text[:end], text[end:]
        if len(self._held) > MOST_HELD:
            raise AnswerBroken(f"more than {MOST_HELD:,} bytes came without a row")
        was_inside = self._is_inside
        quotes = text.replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"')
        self._is_inside = was_inside != bool(quotes % 2)
        if _RUN not in text.translate(_IS_MARK):
            return text
        if was_inside:
            return _TOKEN.sub(_quoted, b'"' + text)[1:]
        return _TOKEN.sub(_quoted, text)


def _quoted(found: re.Match[bytes]) -> bytes:
    return b'"' + found[0] + b'"' if _NUMBER.fullmatch(found[0]) else found[0]
