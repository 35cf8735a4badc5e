"""Patterns of rows in XML, learned from rows that the parser has read; pure, and never a guess.

A shape is the tree of a row's tags.  Rows that differ only in what is null become one shape, in
which that may be missing; one pattern then reads them all.  A row that fits it, tag for tag, means
what the parser would say; every other row is Odd, and the parser's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mtdata.cake.client.reading import Row
from mtdata.cake.client.reading_xml import is_allowed

MOST_SHAPES = 8
MOST_LESSONS = 200
"""So often a pattern is made anew; rows that go on being different are the parser's."""
LONGEST_PAUSE = 4096
TEXT = "([^<\x00-\x1f\ufffe\uffff]*+)"
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)\s?(/?)>", re.ASCII)
_ENTITY = re.compile("&([^;&]{0,12};?)")
_NIL = re.compile(r"""\s(?:[\w.-]+:)?nil\s*=\s*["'](?:true|1)["']""")
_ENTITIES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}


class Odd(Exception):
    """A row that is not for a pattern."""


@dataclass(frozen=True)
class Node:
    """A tag: a field where `children` is None.  `nil` are its attributes where it is null."""

    name: str
    attributes: str = ""
    children: tuple[Node, ...] | None = None
    nil: str | None = None
    only_nil: bool = False
    optional: bool = False


class _Shape:
    def __init__(self, tree: Node) -> None:
        self.tree, self.fields = tree, list[str]()
        text = _drawn(replace(tree, optional=False), (), self.fields)
        if len(set(self.fields)) != len(self.fields):
            raise Odd
        self.pattern = re.compile(r"\s*" + text)


class Shapes:
    """Every shape that the rows of one listing have had."""

    def __init__(self, row: str) -> None:
        self._row = row
        self._shapes: list[_Shape] = []
        self._lessons = 0
        self._seen, self._pause = 0, 1

    def fitting(self, buffer: str, at: int) -> tuple[Row | None, int]:
        """The row at that place, and where it ends; None when it fits no shape."""
        for place, shape in enumerate(self._shapes):
            found = shape.pattern.match(buffer, at)
            if found is None:
                continue
            if place:
                self._shapes.insert(0, self._shapes.pop(place))
            pairs = zip(shape.fields, found.groups(), strict=True)
            try:
                return {
                    name: unescaped(text) if "&" in text else text
                    for name, text in pairs
                    if text is not None
                }, found.end()
            except Odd:
                return None, at
        return None, at

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
                merged = _merged(shape.tree, tree)
                if merged == shape.tree:
                    return False
                self._shapes[place] = _Shape(merged)
            except Odd:
                continue
            return True
        self._shapes.insert(0, _Shape(tree))
        del self._shapes[MOST_SHAPES:]
        return True


def tree_of(row: str, name: str) -> Node:
    """The tree of one row.  Odd for one that no pattern should stand for."""
    tags = list(_TAG.finditer(row))
    if not tags or row.count("<") != len(tags) or tags[0].start() or tags[0][2] != name:
        raise Odd
    open_: list[tuple[re.Match[str], list[Node]]] = []
    done: list[Node] = []
    for place, tag in enumerate(tags):
        after = tags[place + 1] if place + 1 < len(tags) else None
        text = row[tag.end() : after.start() if after else len(row)]
        is_leaf = bool(tag[4]) or (not tag[1] and after is not None and bool(after[1]))
        if done or (text.strip() and (tag[4] or not is_leaf)):
            raise Odd
        if tag[1]:
            if not open_ or open_[-1][0][2] != tag[2]:
                raise Odd
            opening, children = open_.pop()
            node = _node(opening, children, leaf=tags[place - 1] is opening)
            (open_[-1][1] if open_ else done).append(node)
        elif tag[4]:
            if not open_:
                raise Odd
            open_[-1][1].append(_node(tag, [], leaf=True))
        else:
            open_.append((tag, []))
    if open_ or len(done) != 1 or done[0].children is None:
        raise Odd
    return done[0]


def _node(tag: re.Match[str], children: list[Node], *, leaf: bool) -> Node:
    name, attributes = tag[2], tag[3].rstrip()
    if "nil" in attributes:
        if not leaf or not _NIL.search(attributes):
            raise Odd
        return Node(name, nil=attributes, only_nil=True)
    if len({child.name for child in children}) != len(children):
        raise Odd
    return Node(name, attributes, None if leaf else tuple(children))


def _merged(one: Node, other: Node) -> Node:
    """A shape that both fit.  Odd when there is none."""
    if one.name != other.name:
        raise Odd
    nil = one.nil if one.nil is not None else other.nil
    if other.nil is not None and other.nil != nil:
        raise Odd
    optional = one.optional or other.optional
    if one.only_nil or other.only_nil:
        full = other if one.only_nil else one
        return replace(full, nil=nil, optional=optional)
    if one.attributes != other.attributes or (one.children is None) != (other.children is None):
        raise Odd
    if one.children is None or other.children is None:
        return replace(one, nil=nil, optional=optional)
    children = _in_one_order(one.children, other.children)
    return replace(one, nil=nil, optional=optional, children=children)


def _in_one_order(some: tuple[Node, ...], others: tuple[Node, ...]) -> tuple[Node, ...]:
    """The children of both; what only one has may be missing."""
    places = {node.name: place for place, node in enumerate(others)}
    children: list[Node] = []
    at = 0
    for node in some:
        place = places.get(node.name)
        if place is None:
            children.append(replace(node, optional=True))
            continue
        if place < at:
            raise Odd
        children += [replace(other, optional=True) for other in others[at:place]]
        children.append(_merged(node, others[place]))
        at = place + 1
    return (*children, *(replace(other, optional=True) for other in others[at:]))


def _drawn(node: Node, path: tuple[str, ...], fields: list[str]) -> str:
    """The pattern of a node; a group for each field, which is None where the field is null."""
    name = re.escape(node.name)
    start = f"<{name}{re.escape(node.attributes)}"
    if node.only_nil:
        drawn = "(?!)"
    elif node.children is None:
        # `/>` ends a field that is empty, and behind it there is no text
        drawn = rf"{start}\s?/?>{TEXT}(?:</{name}>|(?<=/>))"
        fields.append(".".join((*path, node.name)[1:]))
    else:
        inner = "".join(_drawn(child, (*path, node.name), fields) for child in node.children)
        # where every child may be missing, a tag with none of them is a field that is empty
        drawn = rf"{start}\s?>\s*(?!</){inner}</{name}>"
    if node.nil is not None:
        drawn = rf"(?:<{name}{re.escape(node.nil)}\s?(?:/>|>\s*</{name}>)|{drawn})"
    if not path:
        return drawn
    return rf"(?:{drawn}\s*)?" if node.optional else rf"{drawn}\s*"


def unescaped(text: str) -> str:
    """A text with its entities resolved.  Odd for one that is for the parser to judge."""
    if text.count("&") == text.count("&amp;"):
        return text.replace("&amp;", "&")
    return _ENTITY.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    known = _ENTITIES.get(name)
    if known is not None:
        return known
    digits, base = name[1:-1], 10
    if digits.startswith("x"):
        digits, base = digits[1:], 16
    if not (name.startswith("#") and name.endswith(";") and digits.isascii() and digits.isalnum()):
        raise Odd
    try:
        code = int(digits, base)
    except ValueError:
        raise Odd from None
    if not is_allowed(code):
        raise Odd
    return chr(code)
