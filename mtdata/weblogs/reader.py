"""From blocks of a log to hits: the front of the formats, the filters and the hits.

It reads no file and asks no clock: blocks, rules and numbers of lines are given to it.  Several
processes may each have a reader and read blocks of one file in any order; what one block has to
know of those before it is the header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mtdata.core.errors import ConfigError
from mtdata.weblogs.formats import ALIASES, FORMATS
from mtdata.weblogs.formats.detection import UnknownFormat, detected
from mtdata.weblogs.formats.format import LogFormat
from mtdata.weblogs.formats.own import REGEX, own_format
from mtdata.weblogs.formats.parser import Columns, Header, LineParser, joined
from mtdata.weblogs.formats.w3c import DIRECTIVE, after
from mtdata.weblogs.hits import HitBuilder, Hits, joined_hits
from mtdata.weblogs.rules import Rules, checked

__all__ = ["Header", "Hits", "LogReader", "Rules", "UnknownFormat"]
BOM = b"\xef\xbb\xbf"
AUTO = "auto"
PIECE = 128 * 1024
"""So much is turned into hits at a time: a tenth faster than a block, as it stays in the cache."""
Parse = Callable[[LineParser, str], Columns]


def pieces_of(text: str) -> Iterator[str]:
    """The text in pieces of whole lines."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin + PIECE) + 1 or len(text)
        yield text[begin:end]
        begin = end


class LogReader:
    """Reads blocks of logs by the rules.  ConfigError when the rules do not fit together.

    `header` is what the next block has to know: the format, and of W3C logs #Fields and #Date.  It
    is picklable; a process that reads the blocks of a file out of order gets it for each of them.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = checked(rules)
        self._own = own_format(rules.regex, rules.date_format) if rules.format == REGEX else None
        self._builder: tuple[str, HitBuilder] | None = None
        name = ALIASES.get(rules.format, rules.format)
        if name not in (AUTO, REGEX) and name not in FORMATS:
            known = ", ".join((AUTO, *FORMATS, REGEX))
            raise ConfigError(f"no format of logs is called {rules.format!r}: there are {known}")
        self._name, self._last = "" if name == AUTO else name, ""
        self.begin()

    def begin(self) -> None:
        """What is read next is the beginning of a log."""
        self.header = Header(self._name, self._rules.fields)

    def detect(self, head: bytes) -> str:
        """The name of the format of a file that begins so; from now on its blocks are read so.

        `head` is the first block, or some KB of it.  A format that the rules name is taken.
        UnknownFormat when no line of it is in a format that is known, or there is none.
        """
        whole = head[: head.rfind(b"\n") + 1] or head
        text = whole.removeprefix(BOM).decode("latin-1")
        self._last = name = self._name or detected(text, self._rules.fields, self._last)
        self.header = Header(name, self._rules.fields)
        return name

    def header_after(self, block: bytes) -> Header:
        """What the block behind this one has to know; this one's own is `header`.

        UnknownFormat as of `detect`, when the format is not known yet.
        """
        if not self.header.format:
            self.detect(block)
        header = self.header
        if not self._has_directives():
            return header
        block = block.removeprefix(BOM)
        for word in (b"#Date:", b"#Fields:"):
            at = block.rfind(b"\n" + word) + 1
            if at or block.startswith(word):
                line = block[at:].split(b"\n", 1)[0].decode("latin-1").rstrip("\r")
                if found := DIRECTIVE.match(line):
                    header = after(header, found)
        return header

    def read(self, block: bytes, first_line: int) -> Hits:
        """The hits of a block of whole lines, of which the first has this number.

        The header is then that of the next block.  UnknownFormat as of `detect`, when neither the
        rules nor the header name a format.
        """
        return self._read(block, first_line, LineParser.columns)

    def read_exactly(self, block: bytes, first_line: int) -> Hits:
        """As `read`, line by line without the quick expression: slow, for comparison."""
        return self._read(block, first_line, LineParser.columns_exactly)

    def _read(self, block: bytes, first_line: int, columns: Parse) -> Hits:
        if not self.header.format:
            self.detect(block)
        text = (block.removeprefix(BOM) if first_line == 1 else block).decode("latin-1")
        if not text:
            return Hits()
        if not text.endswith("\n"):
            text += "\n"
        found = []
        for piece in pieces_of(text):
            parts = self._parts(piece, columns)
            count = sum(lines for _, lines in parts)
            found.append(self._hit_builder().build(joined(parts), count, first_line, piece))
            first_line += count
        return joined_hits(found, self._rules.explain)

    def _parts(self, text: str, columns: Parse) -> list[tuple[Columns, int]]:
        """The columns between directives, which say what follows them."""
        parts, begin = [], 0
        ends = [*DIRECTIVE.finditer(text)] if self._has_directives() and "#" in text else []
        for directive in (*ends, None):
            end = directive.start() if directive else len(text)
            if piece := text[begin:end]:
                parser = self._log_format().parser(self.header)
                parts.append((columns(parser, piece), piece.count("\n")))
            begin = end
            if directive:
                self.header = after(self.header, directive)
        return parts

    def _log_format(self) -> LogFormat:
        return self._own or FORMATS[self.header.format]

    def _has_directives(self) -> bool:
        return bool(self._log_format().directive)

    def _hit_builder(self) -> HitBuilder:
        """That of the format in hand; what was made of another's values is forgotten."""
        name = self.header.format
        if self._builder is None or self._builder[0] != name:
            self._builder = (name, HitBuilder(self._rules, self._log_format()))
        return self._builder[1]
