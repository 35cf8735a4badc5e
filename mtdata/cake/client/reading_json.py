"""An answer in JSON, read as it comes; dates become those of the instance's wall clock, as in XML.

ASP.NET makes a date a number of milliseconds by the zone of the web server, which need not be that
of the account: only who knows the server's zone can undo that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import ijson

from mtdata.cake.client.reading import DEEPEST, MOST_OF_A_ROW, WEB_PAGE, Head, ListNames, Row
from mtdata.cake.client.reading import is_web_page as begins_as_page
from mtdata.core.border import Border
from mtdata.core.errors import AnswerBroken

_DATE = re.compile(r"/Date\((-?[0-9]{1,15})([+-][0-9]{4})?\)/", re.ASCII)
_NO_JSON = Border(AnswerBroken, "what came is no JSON that can be read")
_CALENDAR = Border(ValueError)
MOST_DIGITS = 40
DATES = ("_date", "last_updated")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_MS = -62_135_596_800_000 + 2 * 86_400_000
"""DateTime.MinValue, by whatever zone, means that there is no date."""

LONG = 20
"""Characters; what is shorter every parser takes."""
MOST_HELD = 1 << 20
_MARKS = b"-+.0123456789eE"
_IS_MARK = bytes(48 if code in _MARKS else 32 for code in range(256))
_RUN = b"0" * LONG
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[-+.0-9eE]{%d,}' % LONG, re.DOTALL)
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


class JsonRows:
    """Reads any answer whose rows are of that listing; see Reader."""

    def __init__(self, listing: ListNames, server_zone: tzinfo) -> None:
        self.head = Head()
        self._listing, self._zone = listing, server_zone
        self._events = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events)
        self._numbers = LongNumbers()
        self._rows: list[Row] = []
        self._row: dict[str, str] | None = None
        self._path: list[str] = []  # the keys above, '' for the place in an array
        self._prefix = ""  # of the names in a row
        self._prefixes: list[str] = []
        self._depth = self._since = 0
        self._begun = b""
        self._turns: dict[str, Callable[[Any], None]] = {
            "start_map": self._open_map,
            "start_array": self._open_array,
            "end_map": self._close,
            "end_array": self._close,
            "map_key": self._key,
        }

    def feed(self, piece: bytes) -> list[Row]:
        """See Reader.  AnswerBroken for what is no JSON."""
        if len(self._begun) < 16:
            self._begun += piece[:64]
        self._since += len(piece)
        if complete := self._numbers.take(piece):
            self._send(self._parser.send, complete)
        if self._since > MOST_OF_A_ROW + len(piece):
            raise AnswerBroken(f"more than {MOST_OF_A_ROW:,} bytes came without a row")
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> list[Row]:
        """See Reader.  AnswerBroken where the answer is not whole."""
        if rest := self._numbers.take(b"", last=True):
            self._send(self._parser.send, rest)
        self._send(lambda _: self._parser.close(), b"")
        if self._path or not self._begun.strip():
            raise AnswerBroken("the answer breaks off")
        return []

    def _send(self, send: Callable[[bytes], Any], piece: bytes) -> None:
        with _NO_JSON:
            self._parse(send, piece)
            self._heed()
        self._events.clear()

    def _parse(self, send: Callable[[bytes], Any], piece: bytes) -> None:
        try:
            send(piece)
        except ijson.IncompleteJSONError as error:
            words = "the answer breaks off" if "premature" in str(error) else "it is no JSON"
            raise AnswerBroken(WEB_PAGE if begins_as_page(self._begun) else words) from None
        except ijson.JSONError:
            page = begins_as_page(self._begun)
            raise AnswerBroken(WEB_PAGE if page else "what came is no JSON") from None

    def _heed(self) -> None:
        turns = self._turns
        for event, value in self._events:
            turn = turns.get(event)
            if turn is None:
                self._value(event, value)
            else:
                turn(value)

    def _open_map(self, _: Any) -> None:
        if self._row is not None:
            self._descend()
        elif self._path[-2:] == [self._listing.name, ""]:
            self._row, self._prefix = {}, ""
            self._depth = len(self._path)
        self._enter()

    def _open_array(self, _: Any) -> None:
        if self._row is not None:
            self._descend()
        elif self._path and self._path[-1] == self._listing.name:
            self.head.listed = True
        self._enter()

    def _enter(self) -> None:
        self._path.append("")
        if len(self._path) > DEEPEST:
            raise AnswerBroken("it is nested too deeply")

    def _descend(self) -> None:
        self._prefixes.append(self._prefix)
        self._prefix = f"{self._name()}."

    def _name(self) -> str:
        """The dotted name of what comes next; a place in an array has none of its own."""
        key = self._path[-1]
        return self._prefix + key if key else self._prefix[:-1]

    def _close(self, _: Any) -> None:
        self._path.pop()
        if self._row is None:
            return
        if len(self._path) > self._depth:
            self._prefix = self._prefixes.pop()
        else:
            self._rows.append(self._row)
            self._row, self._since = None, 0

    def _key(self, name: str) -> None:
        self._path[-1] = name

    def _value(self, event: str, value: Any) -> None:
        if event == "null":
            return
        text = value if event == "string" else _number(value)
        if self._row is None:
            self._outside(text)
            return
        name = self._name()
        if event == "string" and text[:6] == "/Date(" and name.endswith(DATES):
            text = self._date(text)
        if text is not None:
            self._row.setdefault(name, text)

    def _outside(self, text: str) -> None:
        if self._path[-1:] == ["d"] or not self._path:
            self.head.text = text
        elif self._path:
            self.head.note(self._path[-1], text)

    def _date(self, text: str) -> str | None:
        """Wall clock of the instance: the server took it for its own."""
        found = _DATE.fullmatch(text)
        if not found:
            return text
        if int(found[1]) < _NEVER_MS:
            return None
        try:
            with _CALENDAR:
                moment = _EPOCH + timedelta(milliseconds=int(found[1]))
                wall = moment.astimezone(self._zone).replace(tzinfo=None)
        except ValueError:
            return text  # as it came: who writes the cell tells of it
        return wall.isoformat().rstrip("0") if wall.microsecond else wall.isoformat()


def _number(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if not isinstance(value, Decimal):
        return str(value)
    # of a few letters with an exponent "f" would make any number of digits
    return format(value, "f") if abs(value.adjusted()) <= MOST_DIGITS else str(value)


class LongNumbers:
    """Makes of numbers that are longer than a parser takes texts, as they were sent.

    Python reads no whole number of more than 4,300 digits and no exponent of more than 18; one such
    cell would cost the whole answer.  The JSON text is taken piece by piece; what may go on in the
    next piece waits for it.
    """

    def __init__(self) -> None:
        self._held = b""
        self._is_inside = False  # a text, at the end of what was given

    def take(self, piece: bytes, *, last: bool = False) -> bytes:
        """What is complete with this piece, a number of LONG characters and more in quotes.

        AnswerBroken for text that JSON cannot have.
        """
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
