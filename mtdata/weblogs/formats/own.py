"""A format of the user's own: an expression for one line, with the groups that all formats have."""

from __future__ import annotations

import re

from mtdata.core.errors import ConfigError
from mtdata.weblogs.formats.dates import moment, written_as
from mtdata.weblogs.formats.format import LogFormat, path_as_written, unescaped
from mtdata.weblogs.formats.parser import GROUPS, NEVER, TOOK, LineParser, Values
from mtdata.weblogs.urls import request_target

REGEX = "regex"


def own_format(regex: str, date_format: str) -> LogFormat:
    """The format; ConfigError when the expression is none, or says no time, address or path.

    It is tried at the beginning of each line.  An expression that takes for ever takes for ever.
    """
    pattern = _compiled(regex)
    names = [name for name in pattern.groupindex if name in GROUPS]
    groups = "".join(f"(?P<{name}>)" for name in names)

    def read(line: str) -> Values | str:
        found = pattern.match(line)
        return "malformed" if found is None else found.groupdict()

    parser = LineParser(f"{NEVER}{groups}", read)
    took = next((factor for name, factor in TOOK.items() if name in names), 1.0)
    target = path_as_written if "path" in names else request_target
    how = written_as(date_format) if date_format else moment
    return LogFormat(
        REGEX, lambda header: parser, target, unescaped, took_ms=took, moment=how, is_detected=False
    )


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(regex, re.ASCII)
    except (re.error, OverflowError, RecursionError) as fault:
        raise ConfigError(f"the regex of the format cannot be read: {fault}") from None
    names = set(pattern.groupindex)
    wanted = [("date",), ("ip",), ("path", "request")]
    missing = [" or ".join(some) for some in wanted if names.isdisjoint(some)]
    if missing:
        raise ConfigError(f"the regex of the format has no group {', '.join(missing)}")
    return pattern
