"""Patterns of rows in XML, learned from rows that the parser has read; pure, and never a guess.

A shape is a pattern that reads all rows with one tree of tags.  A row that fits it, tag for tag,
means what the parser would say; every other row is Odd, and the parser's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mtdata.cake.client.matched_row import MatchedFields, row_of
from mtdata.cake.client.reading import Row
from mtdata.cake.client.row_trees import Node, Odd, merged, tree_of

MOST_SHAPES = 8
MOST_LESSONS = 200
"""So often a pattern is made anew; rows that go on being different are the parser's."""
LONGEST_PAUSE = 4096
TEXT = "([^<]*+)"


class _Shape:
    def __init__(self, tree: Node) -> None:
        names: list[str] = []
        text = _drawn(replace(tree, optional=False), (), names)
        if len(set(names)) != len(names):
            raise Odd
        self.tree, self.fields = tree, MatchedFields(names)
        self.match = re.compile(rf"\s*+{text}()", re.ASCII).match


class Shapes:
    """Every shape that the rows of one listing have had."""

    def __init__(self, row: str) -> None:
        self._row = row
        self._shapes: list[_Shape] = []
        self._lessons = 0
        self._seen, self._pause = 0, 1

    def fitting(self, buffer: str, at: int, end: int) -> tuple[list[Row], int]:
        """The rows from that place on, as far as they fit a shape, and where the last ends.

        `buffer` has a character for each byte (latin-1), whatever the bytes mean: a text of one
        byte a character is looked through several times as fast as one with an emoji in it.
        `end`: no row begins there or behind.
        """
        rows: list[Row] = []
        while at < end and (fit := self._fit(buffer, at)) is not None:
            shape, found = fit
            try:
                rows.append(row_of(shape.fields, found))
            except Odd:
                break
            at = found.end()
        return rows, at

    def _fit(self, buffer: str, at: int) -> tuple[_Shape, re.Match[str]] | None:
        """The first shape that the row at that place fits."""
        for place, shape in enumerate(self._shapes):
            found = shape.match(buffer, at)
            if found is not None:
                if place:
                    self._shapes.insert(0, self._shapes.pop(place))
                return shape, found
        return None

    def learn(self, row: str) -> None:
        """Take a row, from its first tag to its last, for a shape.

        A lesson costs as much as many rows: after each that taught nothing (a row may be odd for
        its texts alone) twice as many rows go by before the next.
        """
        self._seen += 1
        if self._lessons >= MOST_LESSONS or self._seen < self._pause:
            return
        self._seen = 0
        try:
            learned = self._learned(tree_of(row, self._row))
        except Odd:
            learned = False
        self._lessons += learned
        self._pause = 1 if learned else min(2 * self._pause, LONGEST_PAUSE)

    def _learned(self, tree: Node) -> bool:
        for place, shape in enumerate(self._shapes):
            try:
                common = merged(shape.tree, tree)
                if common == shape.tree:
                    return False
                self._shapes[place] = _Shape(common)
            except Odd:
                continue
            return True
        self._shapes.insert(0, _Shape(tree))
        del self._shapes[MOST_SHAPES:]
        return True


LearnedShapes = dict[str, Shapes]
"""By what a row is called."""


def _drawn(node: Node, path: tuple[str, ...], fields: list[str]) -> str:
    """The pattern of a node; a group for each field, which is None where the field is null.

    Nothing in it is tried twice over the same text: no repeat but possessive ones, and what may be
    missing is a choice, since a `?` around groups makes a copy of all groups before.
    """
    name = re.escape(node.name)
    start = f"<{name}{re.escape(node.attributes)}"
    if node.only_nil:
        drawn = "(?!)"
    elif node.children is None:
        # `/>` ends a field that is empty, and behind it there is no text
        closed = rf"{start}\s?+/?+>{TEXT}(?:</{name}>|(?<=/>))"
        drawn = closed if node.closes else f"{start}>{TEXT}</{name}>"
        fields.append(".".join((*path, node.name)[1:]))
    else:
        inner = "".join(_drawn(child, (*path, node.name), fields) for child in node.children)
        # where every child may be missing, a tag with none of them is a field that is empty
        drawn = rf"{start}\s?+>\s*+(?!</){inner}</{name}>"
    if node.nil is not None:
        drawn = rf"(?:<{name}{re.escape(node.nil)}\s?+(?:/>|>\s*+</{name}>)|{drawn})"
    if not path:
        return drawn
    return rf"(?:{drawn}\s*+|)" if node.optional else rf"{drawn}\s*+"
