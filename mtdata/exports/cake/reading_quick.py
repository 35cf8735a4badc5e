"""Rows of an answer in XML by their shape: as XmlRows reads them, several times as fast.

The rows of an answer have few shapes: the same tags in the same order, only the texts differ.  The
first row of a shape is read by the parser, and its tags become a pattern; a row that fits the
pattern, byte for byte, needs no parser.  Whatever is odd (a comment, a character that XML forbids,
another order) goes to the parser, which also reads all that stands around the rows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mtdata.errors import AnswerBroken
from mtdata.exports.cake.reading import MOST_OF_A_ROW, Head, Listing, Row
from mtdata.exports.cake.reading_xml import Decoded, XmlRows, is_allowed

MOST_SHAPES = 32
TEXT = "([^<\x00-\x1f\ufffe\uffff]*)"
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)(/?)>", re.ASCII)
_ENTITY = re.compile("&([^;&]{0,12};?)")
_NIL = re.compile(r"""\s(?:[\w.-]+:)?nil\s*=\s*["'](?:true|1)["']""")
_ENTITIES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}


class Shape(NamedTuple):
    """The pattern of a row, and the fields that its groups are."""

    pattern: re.Pattern[str]
    fields: tuple[str, ...]


class _Odd(Exception):
    """A row that is not for a pattern."""


class QuickRows:
    """Reads as XmlRows does; see Reader."""

    def __init__(self, listing: Listing) -> None:
        self._parser = XmlRows(listing)
        self.head: Head = self._parser.head
        name = re.escape(listing.name)
        self._opening = re.compile(rf"<{name}(?:\s[^<>]*[^<>/])?>")
        self._start = re.compile(rf"\s*<{re.escape(listing.row)}[\s>]")
        self._end = f"</{listing.row}>"
        self._shapes: list[Shape] = []
        self._buffer, self._decoded = "", Decoded()
        self._in_list = self._plain = False

    def feed(self, piece: bytes) -> list[Row]:
        """See Reader."""
        text = self._decoded.take(piece)
        if self._plain:
            return self._parser.take(text)
        self._buffer += text
        rows: list[Row] = []
        if not self._in_list:
            self._look_for_the_list(rows)
        if self._in_list and not self._plain:
            self._read_rows(rows)
        return rows

    def close(self) -> list[Row]:
        """See Reader."""
        rest = self._buffer + self._decoded.take(b"", last=True)
        self._buffer = ""
        return self._parser.take(rest) + self._parser.close()

    def _look_for_the_list(self, rows: list[Row]) -> None:
        found = self._opening.search(self._buffer)
        if found is None:
            if len(self._buffer) > MOST_OF_A_ROW // 16:
                self._leave_to_the_parser(0, rows)
            return
        rows += self._parser.take(self._buffer[: found.end()])
        self._buffer = self._buffer[found.end() :]
        self._in_list = True
        if not self._parser.between_rows:  # it stood in a comment, or the like
            self._leave_to_the_parser(0, rows)

    def _read_rows(self, rows: list[Row]) -> None:
        at, buffer = 0, self._buffer
        while True:
            row, after = self._fitting(buffer, at)
            if row is not None:
                rows.append(row)
                at = after
                continue
            start = self._start.match(buffer, at)
            end = buffer.find(self._end, at) if start else -1
            if end < 0:
                break
            end += len(self._end)
            rows += self._parser.take(buffer[at:end])
            if not self._parser.between_rows:
                self._leave_to_the_parser(end, rows)
                return
            self._learn(buffer[at:end].strip())
            at = end
        self._buffer = buffer[at:]
        if start is None and len(self._buffer.lstrip()) > len(self._end) + 1:
            self._leave_to_the_parser(0, rows)
        elif len(self._buffer) > MOST_OF_A_ROW:
            raise AnswerBroken(f"more than {MOST_OF_A_ROW:,} characters came without a row")

    def _leave_to_the_parser(self, at: int, rows: list[Row]) -> None:
        rest, self._buffer, self._plain = self._buffer[at:], "", True
        rows += self._parser.take(rest)

    def _fitting(self, buffer: str, at: int) -> tuple[Row | None, int]:
        """The row at that place by the first shape that it fits, and where it ends."""
        for place, shape in enumerate(self._shapes):
            found = shape.pattern.match(buffer, at)
            if found is None:
                continue
            if place:
                self._shapes.insert(0, self._shapes.pop(place))
            texts = found.groups("")
            try:
                if "&" in found[0]:
                    texts = tuple(unescaped(text) if "&" in text else text for text in texts)
            except _Odd:
                return None, at
            return dict(zip(shape.fields, texts, strict=True)), found.end()
        return None, at

    def _learn(self, row: str) -> None:
        try:
            shape = shape_of(row, self._parser.listing.row)
        except _Odd:
            return
        self._shapes.insert(0, shape)
        del self._shapes[MOST_SHAPES:]


def shape_of(row: str, name: str) -> Shape:
    """The shape of one row.  _Odd for one that no pattern should stand for."""
    tags = list(_TAG.finditer(row))
    if len(tags) < 3 or row.count("<") != len(tags) or tags[0].start() or tags[0][4]:
        raise _Odd
    if tags[0][2] != name or any(tag[2] == name for tag in tags[1:-1]):
        raise _Odd
    ends = [tag.start() for tag in tags[1:]] + [len(row)]
    texts = [row[tag.end() : end] for tag, end in zip(tags, ends, strict=True)]
    drawing = _Drawing()
    for place, (tag, text) in enumerate(zip(tags, texts, strict=True)):
        drawing.add(tag, text, tags[place + 1] if place + 1 < len(tags) else None)
    if drawing.path or len(set(drawing.fields)) != len(drawing.fields):
        raise _Odd
    return Shape(re.compile(r"\s*" + "".join(drawing.pattern)), tuple(drawing.fields))


class _Drawing:
    """A pattern while it is made, tag by tag."""

    def __init__(self) -> None:
        self.pattern: list[str] = []
        self.fields: list[str] = []
        self.path: list[str] = []
        self._in_leaf = False

    def add(self, tag: re.Match[str], text: str, after: re.Match[str] | None) -> None:
        """The next tag, the text behind it, and the tag behind that."""
        name = tag[2]
        if self._in_leaf:  # the end of a leaf, whose pattern stands already
            self._in_leaf = False
        elif tag[1]:
            if not self.path or self.path.pop() != name:
                raise _Odd
            self.pattern.append(re.escape(tag[0]))
        elif tag[4]:
            self._leaf(tag, "")
        elif after is not None and after[1]:
            if after[2] != name:
                raise _Odd
            self._leaf(tag, text)
            self._in_leaf = True
            return
        else:
            self.path.append(name)
            self.pattern.append(re.escape(tag[0]))
        if text.strip():
            raise _Odd
        self.pattern.append(r"\s*" if after else "")

    def _leaf(self, tag: re.Match[str], text: str) -> None:
        """A field: as a tag with a text or an empty one; null is a pattern without a group."""
        name, attributes = re.escape(tag[2]), tag[3].rstrip()
        start = f"<{name}{re.escape(attributes)}"
        if "nil" in attributes:
            if text.strip() or not _NIL.search(attributes):
                raise _Odd
            self.pattern.append(rf"{start}\s?(?:/>|>\s*</{name}>)")
            return
        self.pattern.append(rf"{start}\s?(?:/>|>{TEXT}</{name}>)")
        self.fields.append(".".join((*self.path[1:], tag[2])))


def unescaped(text: str) -> str:
    """A text with its entities resolved.  _Odd for one that is for the parser to judge."""
    return _ENTITY.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    known = _ENTITIES.get(name)
    if known is not None:
        return known
    digits = name[1:-1]
    base = 10
    if digits.startswith("x"):
        digits, base = digits[1:], 16
    if not name.startswith("#") or not name.endswith(";") or not digits.isalnum():
        raise _Odd
    try:
        code = int(digits, base)
    except ValueError:
        raise _Odd from None
    if not digits.isascii() or not is_allowed(code):
        raise _Odd
    return chr(code)
