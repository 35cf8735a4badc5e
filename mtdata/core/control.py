"""Text that strangers wrote, with what a terminal would obey, or no text may hold, as its code."""

from __future__ import annotations

import re

# With the characters that turn the direction of what follows: a line reads as something else then.
_OTHER = "\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_ON_ONE_LINE = re.compile(f"[\x00-\x1f{_OTHER}]")
_ON_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_OTHER}]")
_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def on_one_line(text: str) -> str:
    """The text as one line."""
    return _ON_ONE_LINE.sub(_code, text)


def on_lines(text: str) -> str:
    """The text, in which line feeds and tabs alone are left."""
    return _ON_LINES.sub(_code, text)


def in_json(text: str) -> str:
    """JSON in which control characters that JSON lets stand are written as \\uXXXX."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_utf8(name: str) -> str:
    """A name of a file in letters that every text may have: what is no UTF-8 stands as \\x80."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode()


def _code(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
