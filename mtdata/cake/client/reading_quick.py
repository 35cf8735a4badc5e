"""Rows of an answer in XML by their shape: as XmlRows reads them, several times as fast.

The rows of an answer have the same tags in the same order; only the texts differ, and what is null.
The first is read by the parser and makes a pattern, and a row that fits it needs no parser.
Whatever is odd (a comment, a character that XML forbids, another order) goes to the parser, which
also reads all that stands around the rows.
"""

from __future__ import annotations

import re

from mtdata.cake.client.reading import MOST_OF_A_ROW, Head, ListNames, Row
from mtdata.cake.client.reading_xml import XmlRows
from mtdata.cake.client.shapes import Shapes
from mtdata.core.border import Border
from mtdata.core.errors import AnswerBroken

BLANKS = " \t\r\n"
_ANSWER = Border(AnswerBroken, "what came cannot be read")


class QuickRows:
    """Reads as XmlRows does; see Reader."""

    def __init__(self, listing: ListNames, shapes: Shapes | None = None) -> None:
        """`shapes` are those of earlier answers with the same rows; they are only for speed."""
        self._parser = XmlRows(listing)
        self.head: Head = self._parser.head
        name = re.escape(listing.name)
        self._opening = re.compile(rf"<{name}(?:\s[^<>]*[^<>/])?>", re.ASCII)
        self._start = re.compile(rf"\s*<{re.escape(listing.row)}[\s>]", re.ASCII)
        self._end = f"</{listing.row}>"
        self.shapes = Shapes(listing.row) if shapes is None else shapes
        self._buffer = ""  # a character for each byte; see Shapes.fitting
        self._in_list = self._plain = False

    @_ANSWER
    def feed(self, piece: bytes) -> list[Row]:
        """See Reader."""
        if self._plain:
            return self._parser.feed(piece)
        self._buffer += piece.decode("latin-1")
        rows: list[Row] = []
        if not self._in_list:
            self._look_for_the_list(rows)
        if self._in_list and not self._plain:
            self._read_rows(rows)
        return rows

    @_ANSWER
    def close(self) -> list[Row]:
        """See Reader."""
        rest, self._buffer = self._buffer, ""
        return self._parsed(rest) + self._parser.close()

    def _parsed(self, part: str) -> list[Row]:
        """What the parser makes of a part of the buffer."""
        return self._parser.feed(part.encode("latin-1"))

    def _look_for_the_list(self, rows: list[Row]) -> None:
        found = self._opening.search(self._buffer)
        if found is None:
            if len(self._buffer) > MOST_OF_A_ROW // 16:
                self._leave_to_the_parser(0, rows)
            return
        rows += self._parsed(self._buffer[: found.end()])
        self._buffer = self._buffer[found.end() :]
        self._in_list = True
        if not self._parser.between_rows:  # it stood in a comment, or the like
            self._leave_to_the_parser(0, rows)

    def _read_rows(self, rows: list[Row]) -> None:
        at, buffer = 0, self._buffer
        whole = buffer.rfind(self._end)
        while True:
            fitting, at = self.shapes.fitting(buffer, at, whole)
            rows += fitting
            start = self._start.match(buffer, at)
            end = buffer.find(self._end, at) if start else -1
            if end < 0:
                break
            end += len(self._end)
            rows += self._parsed(buffer[at:end])
            if not self._parser.between_rows:
                self._leave_to_the_parser(end, rows)
                return
            self.shapes.learn(buffer[at:end].strip(BLANKS))
            at = end
        self._buffer = buffer[at:]
        if start is None and len(self._buffer.lstrip(BLANKS)) > len(self._end) + 1:
            self._leave_to_the_parser(0, rows)
        elif len(self._buffer) > MOST_OF_A_ROW:
            raise AnswerBroken(f"more than {MOST_OF_A_ROW:,} characters came without a row")

    def _leave_to_the_parser(self, at: int, rows: list[Row]) -> None:
        rest, self._buffer, self._plain = self._buffer[at:], "", True
        rows += self._parsed(rest)
