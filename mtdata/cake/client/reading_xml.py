"""An answer in XML, read as it comes: no DTD, no entities of its own, never all of it in memory.

Names are taken without their namespace: shared types of CAKE change it from leaf to leaf.  What XML
forbids and CAKE sends all the same (`&#x16;`) is kept as the character that it means.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from typing import Any
from xml.parsers import expat

from mtdata.cake.client.reading import (
    DEEPEST,
    MOST_FIELDS,
    MOST_OF_A_ROW,
    WEB_PAGE,
    Head,
    ListNames,
    Row,
)
from mtdata.core.border import Border
from mtdata.core.errors import AnswerBroken

NO_DTD = "it declares a document type (DTD); that is refused unread"
NO_XML = "what came is no XML"
_NO_XML = Border(AnswerBroken, NO_XML)
CUT_OFF = "the answer breaks off"
REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,10}));")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_UNFINISHED = re.compile(r"&[#0-9A-Za-z]{0,12}\Z")
# Forbidden characters pass the parser in disguise, as the last of Unicode, which nobody uses.
_DISGUISE = 0x10FF00
_REVEAL = {_DISGUISE + code: code for code in range(1, 0x20)} | {
    _DISGUISE + 0xFE: 0xFFFE,
    _DISGUISE + 0xFF: 0xFFFF,
}


def is_allowed(code: int) -> bool:
    """Whether XML 1.0 lets that character stand."""
    return (
        code in (9, 10, 13)
        or 0x20 <= code < 0xD800
        or 0xE000 <= code < 0xFFFE
        or 0x10000 <= code < 0x110000
    )


def meant(code: int) -> str:
    """The character that a reference to one is read as, be it forbidden; some mean none."""
    lost = code == 0 or 0xD800 <= code < 0xE000 or code >= 0x110000
    return "\ufffd" if lost else chr(code)


class Utf8Text:
    """The text of bytes that come in pieces.  AnswerBroken for what is no UTF-8."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8-sig")()

    def take(self, piece: bytes, *, last: bool = False) -> str:
        """The characters that are complete with this piece of UTF-8.

        AnswerBroken for what is no XML of theirs.
        """
        try:
            return self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            raise AnswerBroken(CUT_OFF if last else "what came is no UTF-8 text") from None


class XmlRows:
    """Reads any answer whose rows are of that listing; see Reader."""

    def __init__(self, listing: ListNames) -> None:
        self.head = Head()
        self._listing = listing
        self._rows: list[Row] = []
        self._row: dict[str, str] | None = None
        self._names: list[str] = []
        self._paths: list[str] = []
        self._texts: list[str] = []
        self._known: dict[tuple[str, str], str] = {}
        self._leaf = self._nil = self._disguises = False
        self._since, self._held, self._decoded = 0, "", Utf8Text()
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = parser.ordered_attributes = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._texts.append
        parser.StartDoctypeDeclHandler = self._refuse

    @property
    def between_rows(self) -> bool:
        """Whether the next thing is a row or the end of the list."""
        return self._row is None and bool(self._names) and self._names[-1] == self._listing.name

    def feed(self, piece: bytes) -> list[Row]:
        """See Reader.  AnswerBroken for what is no XML of theirs."""
        text = self._decoded.take(piece)
        self._since += len(text)
        self._parse(self._clean(text), last=False)
        if self._since > MOST_OF_A_ROW + len(text):
            raise AnswerBroken(f"more than {MOST_OF_A_ROW:,} characters came without a row")
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> list[Row]:
        """See Reader.  expat 2.6 and later may hold back the last rows until now."""
        self._parse(self._decoded.take(b"", last=True) + self._held, last=True)
        rows, self._rows = self._rows, []
        return rows

    def _parse(self, text: str, *, last: bool) -> None:
        with _NO_XML:
            try:
                self._parser.Parse(text, last)
            except expat.ExpatError as error:
                cut = last and error.code in _ENDS
                raise AnswerBroken(CUT_OFF if cut else f"{NO_XML} (line {error.lineno})") from None

    def _clean(self, text: str) -> str:
        """Without forbidden characters; a reference that may go on in the next piece waits."""
        text = self._held + text
        held = _UNFINISHED.search(text, max(0, len(text) - 14))
        self._held = held[0] if held else ""
        if held:
            text = text[: held.start()]
        if "&#" in text:
            text = REFERENCE.sub(self._reference, text)
        return _FORBIDDEN.sub(lambda found: self._disguised(ord(found[0])), text)

    def _reference(self, found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else int(found[2])
        return found[0] if is_allowed(code) else self._disguised(code)

    def _disguised(self, code: int) -> str:
        """What a forbidden character is sent through the parser as; a NUL or surrogate is lost."""
        if 0 < code < 0x20 or code in (0xFFFE, 0xFFFF):
            self._disguises = True
            return chr(_DISGUISE + (code & 0xFF))
        return "\ufffd"

    def _refuse(self, name: str, *rest: Any) -> None:
        raise AnswerBroken(WEB_PAGE if name.lower() == "html" else NO_DTD)

    def _start(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if self._row is not None:
            above = self._paths[-1]
            path = self._known.get((above, local)) or self._learned(above, local)
        elif local == self._listing.row and self._names[-1:] == [self._listing.name]:
            self._row, path = {}, ""
        else:
            path = local
            self.head.listed = self.head.listed or local == self._listing.name
        self._names.append(local)
        self._paths.append(path)
        if len(self._names) > DEEPEST or (len(self._names) == 1 and local.lower() == "html"):
            raise AnswerBroken(WEB_PAGE if local.lower() == "html" else "it is nested too deeply")
        self._nil = bool(attributes) and _is_nil(attributes)
        self._leaf = True
        self._texts.clear()

    def _learned(self, above: str, local: str) -> str:
        if len(self._known) >= MOST_FIELDS:
            raise AnswerBroken("its rows have too many fields")
        path = self._known[above, local] = f"{above}.{local}" if above else local
        return path

    def _end(self, name: str) -> None:
        local, path = self._names.pop(), self._paths.pop()
        row = self._row
        if row is None:
            self._outside(local)
        elif path:
            if self._leaf and not self._nil and path not in row:
                row[path] = self._text()
        else:
            self._rows.append(row)
            self._row, self._since = None, 0
        self._leaf = False

    def _outside(self, local: str) -> None:
        if not self._leaf or self._nil:
            return
        text = self._text()
        if local == "string" or local.endswith("Result"):
            self.head.text = text
        self.head.note(local, text)

    def _text(self) -> str:
        texts = self._texts
        text = texts[0] if len(texts) == 1 else "".join(texts)
        return text.translate(_REVEAL) if self._disguises else text


_ENDS = {
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
}


def _is_nil(attributes: list[str]) -> bool:
    pairs = zip(attributes[::2], attributes[1::2], strict=True)
    return any(
        name.rpartition(":")[2] == "nil" and value.strip() in ("true", "1") for name, value in pairs
    )
