"""What a format is: how its lines are parsed, and how its values read; it is no format itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mtdata.weblogs.formats.dates import Moment, moment
from mtdata.weblogs.formats.parser import Header, LineParser
from mtdata.weblogs.urls import PERCENT, percent_decoded, request_target

ESCAPE = re.compile(r'\\(x[0-9A-Fa-f]{2}|["\\/nrtvbf])')
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "b": "\b", "f": "\f"}


def as_written(text: str) -> str:
    """The value as it stands there."""
    return text


def unescaped(text: str) -> str:
    r"""A value in which a quote is \" and a byte may be \xE9, as Apache and nginx write it."""
    return ESCAPE.sub(_letter, text) if "\\" in text else text


def _letter(found: re.Match[str]) -> str:
    sign = found[1]
    return chr(int(sign[1:], 16)) if len(sign) == 3 else LETTERS.get(sign, sign)


def path_as_written(text: str) -> str:
    """The target of a column that has nothing else; "" for none."""
    return "" if text == "-" else text


def clf_target(line: str) -> str:
    """The target of a request line that has escapes; "" for none."""
    return request_target(unescaped(line))


@dataclass(frozen=True)
class LogFormat:
    """One format: a line of the table."""

    name: str
    parser: Callable[[Header], LineParser]
    target: Callable[[str], str]
    """From the column `request` to what was asked for, "" for nothing."""
    text: Callable[[str], str] = as_written
    """How user agents, user names and referrers read."""
    url: Callable[[str], str] | None = None
    """How referrers read, where it is not as `text`."""
    took_ms: float = 1.0
    """How many milliseconds one of the column `took` is."""
    moment: Moment = moment
    is_detected: bool = True
    """May it be found by looking at lines?  What looks like another format must be named."""
    is_marked: bool = False
    """Do its lines say what they are, so that it comes before what merely fits?"""
    directive: str = ""
    """W3C: an expression for what stands in the directives of such a file, case ignored."""
    needs_fields: bool = False
    """Is there nothing to read before the names of columns are known?"""
    has_hosts_in_requests: bool = False
    """Is the host in the request line our own, as a balancer writes it, and no stranger's?"""

    @property
    def referrer(self) -> Callable[[str], str]:
        """How referrers read."""
        return self.url or self.text


def plus_as_space(text: str) -> str:
    """A value in which spaces are written as +, as IIS does."""
    return text.replace("+", " ")


def decoded_twice(text: str) -> str:
    """A value that was percent-encoded, once or twice, as CloudFront does."""
    return percent_decoded(percent_decoded(text)) if "%" in text else text


def decoded_once(text: str) -> str:
    """A URL of which each % was encoded once more: %2520 is %20."""
    return re.sub("%25(?=[0-9A-Fa-f]{2})", "%", text) if PERCENT.search(text) else text
