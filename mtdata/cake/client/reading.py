"""What an answer of CAKE holds, whichever dialect it comes in; bounds for all that is read.

A row is flat: {"click_id": "7", "source_affiliate.source_affiliate_id": "12"}.  Every value is text
as it was sent; what is null is not there, and what is empty is ''.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mtdata.core.errors import AnswerBroken

Row = Mapping[str, str]

MOST_OF_A_ROW = 1 << 20
"""Characters between two rows, or without one; no row of CAKE comes near it."""
DEEPEST = 24
MOST_FIELDS = 2000
MOST_TOLD = 400
WEB_PAGE = "a web page (HTML) came instead of an answer"


class ListNames(NamedTuple):
    """What the list of an answer and its rows are named."""

    name: str
    row: str


CLICKS = ListNames("clicks", "click")
EVENTS = ListNames("event_conversions", "event_conversion")
CURRENCIES = ListNames("currencies", "currency")
NOTHING = ListNames("", "")  # an answer of one text


@dataclass(slots=True, repr=False)
class Head:
    """What stands beside the rows, wherever it stands; None is what was not said.

    `fault` is the reason of a server's own fault, `text` the answer of a call that gives one text.
    """

    success: bool | None = None
    message: str = ""
    row_count: int | None = None
    fault: str = ""
    text: str | None = None
    listed: bool = False

    def note(self, name: str, value: str) -> None:
        """Take a value that stands outside of the rows."""
        if name == "success":
            self.success = value.strip().lower() == "true"
        elif name == "message":
            self.message = value[:MOST_TOLD]
        elif name == "row_count":
            self.row_count = _whole(value)
        elif name in ("Text", "faultstring", "Message"):
            self.fault = self.fault or value[:MOST_TOLD]


def _whole(value: str) -> int:
    digits = value.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise AnswerBroken("row_count is no number")
    return int(digits)


class Reader(Protocol):
    """Reads one answer piece by piece.  AnswerBroken for whatever cannot be read."""

    head: Head

    def feed(self, piece: bytes) -> list[Row]:
        """The rows that are complete with this piece."""
        ...

    def close(self) -> list[Row]:
        """The last rows; AnswerBroken when the answer breaks off."""
        ...


def is_web_page(start: bytes) -> bool:
    """Whether an answer begins as HTML does."""
    begun = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    return begun.startswith((b"<!doctype html", b"<html"))
