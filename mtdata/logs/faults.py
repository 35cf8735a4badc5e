"""Why LOGGING of log.config cannot be used, in words of ours: Python's own quote what stands there.

The same rule holds as for all of the config: a word is told that is near to one that is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mtdata.core.disclosure import named

_SECTION = re.compile(r"Unable to configure (formatter|filter|handler|logger|root logger)(?: |\Z)")
_KNOWN = {
    *("version", "formatters", "filters", "handlers", "loggers", "root", "incremental"),
    *("DEBUG", "Daily", "error", "bread_down", "line", "console", "mtdata", "default"),
}
"""Sections, and names that the sample and most people give."""
LEVELS = "a level is DEBUG, INFO, WARNING, ERROR or CRITICAL"


def reason(error: BaseException, config: Mapping[str, Any]) -> str:
    """What is wrong, and in which section and entry; `config` is LOGGING as the file has it."""
    chain = _chain(error)
    entry = next((told for one in chain if (told := _entry(str(one), config))), "")
    return f"{entry}{_cause(chain[-1], chain)}"


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while len(found) < 5 and (cause := found[-1].__cause__) is not None:
        found.append(cause)
    return found


def _entry(message: str, config: Mapping[str, Any]) -> str:
    """`handler number 2: ` or `handler Daily: ` where dictConfig says which; else ''."""
    match = _SECTION.match(message)
    if not match:
        return ""
    if match[1] == "root logger":
        return "root: "
    section = config.get(f"{match[1]}s")
    for number, name in enumerate(section if isinstance(section, dict) else (), 1):
        if message.endswith(repr(name)):
            return f"{match[1]} {named(name, _KNOWN, f'number {number}')}: "
    return f"{match[1]}: "


def _cause(error: BaseException, chain: list[BaseException]) -> str:
    message = str(error)
    if any("Unknown level" in str(one) for one in chain):
        return LEVELS
    if "version" in message.casefold() and not _SECTION.match(message):
        return "allowed is version: 1"
    if isinstance(error, OSError) and not isinstance(error, UnicodeError):
        return f"its file cannot be opened: {error.strerror or type(error).__name__}"
    if isinstance(error, ImportError) or "Cannot resolve" in message:
        return "a class that it names cannot be found"
    if isinstance(error, KeyError | LookupError):
        return "it names a handler, formatter or filter that is not there, or lacks a key"
    if isinstance(error, TypeError):
        return "a key is missing, is one too many, or has a value of another sort (TypeError)"
    return f"a value in it is of another sort than dictConfig takes ({type(error).__name__})"
