"""How a path or a word stands in the files of systemd, each place by its own rules; it writes none.

They are those of systemd.syntax(7), systemd.service(5), systemd.exec(5), sysusers.d(5) and
tmpfiles.d(5): what is quoted in one place is taken as it stands in another.
"""

from __future__ import annotations

import re
import shlex

from mtdata.core.control import in_utf8
from mtdata.core.errors import UsageError

_PLAIN = re.compile(r"[^\s\"'\\;$]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def refuse_unwritable(text: str) -> None:
    """UsageError for what no file of systemd can say: line breaks and the like, or no UTF-8."""
    if _CONTROL.search(text) or in_utf8(text) != text:
        raise UsageError(
            f"{ascii(text)[:200]}: systemd takes no path with a line break, another control "
            "character or bytes that are no UTF-8; give the folder another name"
        )


def unexpanded(text: str) -> str:
    """The text where `%` would begin a specifier."""
    return text.replace("%", "%%")


def whole_value(text: str) -> str:
    """All that stands behind the `=` of a setting which is not split into words.

    UsageError where its end would be taken away: blanks, or a backslash, which joins two lines.
    """
    refuse_unwritable(text)
    if text != text.strip() or text.endswith("\\"):
        raise UsageError(
            f"{ascii(text)[:200]}: systemd takes no such folder that ends with a blank or a "
            "backslash; give it another name"
        )
    return unexpanded(text)


def quoted(text: str) -> str:
    """A word among others where backslashes count: of sysusers.d, of tmpfiles.d, a program."""
    refuse_unwritable(text)
    if _PLAIN.fullmatch(text):
        return unexpanded(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return unexpanded(f'"{escaped}"')


def argument(text: str) -> str:
    """A word behind the program of ExecStart=, where `$` would begin a variable as well."""
    return quoted(text).replace("$", "$$")


def listed_path(text: str) -> str:
    """A path in a list such as ReadWritePaths=, where quotes count and backslashes do not."""
    refuse_unwritable(text)
    return unexpanded(text if _PLAIN.fullmatch(text) else shlex.quote(text))


def url_of(path: str) -> str:
    """The file: URL of a path, for Documentation=."""
    from urllib.parse import quote

    return unexpanded(f"file://{quote(path)}")
