"""A row that a shape has matched: its texts are taken out of the answer when somebody wants them.

Of some seventy fields a file has about forty; and what is done to all texts of a row at once (bytes
into characters, `&amp;` into `&`) costs as much as to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mtdata.cake.client.reading import Row
from mtdata.cake.client.reading_xml import REFERENCE, meant
from mtdata.cake.client.row_trees import Odd

_NOT_AS_SENT = ("\r", "\0", "]]>")
"""What the parser does not give as it came: another line end, what is lost, what it refuses."""
_ENTITY = re.compile("&([^;&]{0,12};?)")
_ENTITIES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}


class MatchedFields:
    """Where the texts of each field of a shape are found in what its pattern matched."""

    def __init__(self, names: Sequence[str]) -> None:
        """Group 1 is the first name's; behind the last is a group that is always empty."""
        self.group_by_name = {name: place for place, name in enumerate(names, 1)}
        self._nothing = len(names) + 1

    def groups_of(self, names: Sequence[str]) -> tuple[int, ...]:
        """The group of each name, for `MatchedRow.texts`; a field that is not there is empty."""
        return tuple(self.group_by_name.get(name, self._nothing) for name in names)


class MatchedRow(Mapping[str, str]):
    """A row as Mapping; it holds on to the piece of the answer in which it came."""

    __slots__ = ("_found", "fields")

    def __init__(self, fields: MatchedFields, found: re.Match[str]) -> None:
        """`found` is in bytes as latin-1, and was looked at by `row_of`."""
        self.fields, self._found = fields, found

    def texts(self, groups: tuple[int, ...]) -> list[str]:
        """The texts of two groups or more (`MatchedFields.groups_of`); '' for what is null."""
        some = "\0".join([text or "" for text in self._found.group(*groups)])
        return _read(some).split("\0")

    def __getitem__(self, name: str) -> str:
        text = self._found[self.fields.group_by_name[name]]
        if text is None:
            raise KeyError(name)
        return _read(text)

    def __iter__(self) -> Iterator[str]:
        found = self._found
        return (
            name for name, place in self.fields.group_by_name.items() if found[place] is not None
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)


def row_of(fields: MatchedFields, found: re.Match[str]) -> Row:
    """The row that was matched.  Odd for one that is for the parser to judge."""
    text = found[0]
    # one character is looked for ten times as fast as three
    if "\r" in text or "\0" in text or ("]" in text and "]]>" in text):
        _check_as_sent(found.groups())
    try:
        if not text.isascii():
            _decoded(text)
    except UnicodeDecodeError:
        raise Odd from None
    if text.count("&") == text.count("&amp;"):
        return MatchedRow(fields, found)
    pairs = zip(fields.group_by_name, found.groups(), strict=False)
    return {name: unescaped(_decoded(text)) for name, text in pairs if text is not None}


def _check_as_sent(texts: Sequence[str | None]) -> None:
    """Odd where a text is not what the parser would make of it."""
    for text in texts:
        if text and any(mark in text for mark in _NOT_AS_SENT):
            raise Odd


def _decoded(text: str) -> str:
    """What the bytes of a text mean."""
    return text if text.isascii() else text.encode("latin-1").decode()


def _read(text: str) -> str:
    """A text in which `&` is `&amp;`, and nothing else is written otherwise than it is meant."""
    return _decoded(text).replace("&amp;", "&")


def unescaped(text: str) -> str:
    """A text with its entities resolved.  Odd for one that is for the parser to judge."""
    if text.count("&") == text.count("&amp;"):
        return text.replace("&amp;", "&")
    return _ENTITY.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    known = _ENTITIES.get(found[1])
    if known is not None:
        return known
    reference = REFERENCE.fullmatch(found[0])
    if reference is None:
        raise Odd
    return meant(int(reference[1], 16) if reference[1] else int(reference[2]))
