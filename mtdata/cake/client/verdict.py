"""What an answer of CAKE means when it brings no rows; it asks nothing.

What the instance says is recognised, not repeated, but for words that can hold no key and no
answer of a person: letters and a few marks.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from mtdata.cake.client.reading import WEB_PAGE, Head, ListNames, is_web_page
from mtdata.core.backoff import Backoff
from mtdata.core.errors import AnswerBroken, ExportError, ExportRefused, ExportSlow

BUSY = frozenset({408, 425, 429, 502, 503})
"""Worth another try after a while; 500 may be the fault of the question."""
LONGEST_PAUSE_S = 60.0
LONGEST_WISH_S, LONGEST_WAIT_S = 600.0, 86_400.0
"""A longer wish is cut: where a slot waits, and where a job waits without one."""
MOST_OF_A_FAULT = 16 * 1024
WHITELIST = (
    "CAKE does not answer calls from addresses that are not on its whitelist "
    "(Setup > Permissions): is this machine's on it?"
)
NO_LOG_IN = "{} does not accept the log-in"
_KEY = re.compile(r"[\x21-\x7e]{1,50}", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ,.'/-]{0,79}", re.ASCII)
_MISSING = re.compile(
    r"(?:missing parameter: |missing value for parameter: ')([a-z_]{1,40})", re.I | re.A
)
_UNREAD = re.compile(r"parameter name: ([a-z_]{1,40})", re.I | re.A)


class Throttled(ExportError):
    """The instance wants us to wait; `wait_s` is how long where it said so."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Restricted(ExportError):
    """The message `Restricted`: too many calls, or a question that we may not ask."""


class LogInRefused(ExportRefused):
    """The instance does not know that user, or not with that password."""


class TooMany(ExportError):
    """More rows than the instance gives of one query."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows")
        self.rows = rows


def wish_of(retry_after: str | None, date: str | None) -> float:
    """How many seconds an instance wishes to be left alone (RFC 9110: a number, or a moment)."""
    told = (retry_after or "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told), LONGEST_WAIT_S)
    try:  # by its own clock, whatever ours says
        wish = parsedate_to_datetime(told) - parsedate_to_datetime(date or "")
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, wish.total_seconds()), LONGEST_WAIT_S)


def pause_s(fault: ExportError, attempt: int, backoff_s: float) -> float:
    """How long to wait before another try, out of step with others; as wished, if it is longer."""
    wished = fault.wait_s if isinstance(fault, Throttled) else 0.0
    usual = Backoff(backoff_s, LONGEST_PAUSE_S).pause_s(attempt)
    return max(usual, min(wished, LONGEST_WISH_S))


def of_status(status: int, wish_s: float, body: bytes, host: str) -> ExportError:
    """Why an answer is no report, by its number and the beginning of its body."""
    if status in BUSY:
        return Throttled(f"{host} is busy or down ({status})", wish_s)
    if status == 504:
        return ExportSlow(f"{host} says that it took too long (504)")
    if status == 500:
        return _of_fault(body.decode("utf-8", "replace"), host)
    if 300 <= status < 400:
        return ExportRefused(
            f"{host} sends us elsewhere ({status}); that is not followed: see ADMIN_DOMAIN"
        )
    if status in (401, 403):
        page = " with a web page, which may come from something in front of it"
        told = page if status == 403 and is_web_page(body) else ""
        return ExportRefused(f"{host} does not let us in ({status}){told}. {WHITELIST}")
    if status == 404:
        return ExportRefused(
            f"{host} has no such call (404): see ADMIN_DOMAIN and the versions in export.config"
        )
    page = f": {WEB_PAGE}" if is_web_page(body) else ""
    return ExportError(f"{host} answers {status} instead of a report{page}")


def _of_fault(text: str, host: str) -> ExportError:
    """A server's own fault (500); CAKE wraps even a wrong question into one."""
    lower = text.lower()
    if "timeout" in lower or "timed out" in lower or "maxjsonlength" in lower:
        return ExportSlow(f"{host} says that the query took too long, or brings too much (500)")
    if "request format is" in lower:
        return ExportRefused(f"{host} does not speak JSON here (500): set DIALECT: xml")
    if missing := _MISSING.search(text):
        return ExportRefused(
            f"{host} wants the parameter {missing[1]} as well (500): see the versions in "
            "export.config"
        )
    if unread := _UNREAD.search(text):
        return ExportRefused(f"{host} cannot read what we sent as {unread[1]} (500)")
    return Throttled(f"{host} had a fault of its own (500)")


def of_head(head: Head, listing: ListNames, host: str) -> ExportError | None:
    """Why a whole answer (200) is no report; None when it is one."""
    if head.success is False or (head.success is None and (head.fault or head.message)):
        return _refused(head.message or head.fault, host)
    if not listing.name:
        return None if head.text is not None else AnswerBroken(f"{host} gave no text")
    if head.row_count is None:
        return AnswerBroken(f"{host} does not say how many rows there are (row_count)")
    if not head.listed and head.row_count:
        return AnswerBroken(f"{host} tells of {head.row_count} rows, and there is no list of them")
    return None


def key_of(head: Head, host: str) -> str:
    """The key that an answer brings.  LogInRefused for an empty one: so CAKE says no.

    AnswerBroken where there is none.
    """
    key = (head.text or "").strip()
    if not key:
        raise LogInRefused(NO_LOG_IN.format(host))
    if not _KEY.fullmatch(key):
        raise AnswerBroken(f"{host} gave words that can be no key")
    return key


def _refused(message: str, host: str) -> ExportError:
    words = message.strip().rstrip(".")
    lower = words.lower()
    if "api key" in lower or "apikey" in lower:
        return ExportRefused(
            f"{host} does not accept the key, or it has expired: see API_KEY in export.config"
        )
    if lower == "restricted":
        return Restricted(f"{host} says: Restricted (too many calls, or the key may not ask this)")
    if "timeout" in lower or "timed out" in lower:
        return ExportSlow(f"{host} says that the query took too long")
    if "username" in lower or "password" in lower:
        return LogInRefused(NO_LOG_IN.format(host))
    said = f": {words}" if _PLAIN.fullmatch(words) else " in words that are not repeated here"
    return ExportRefused(f"{host} refuses{said}")
