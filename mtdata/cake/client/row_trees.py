"""The tree of a row's tags, and what two rows have in common; pure, and it knows no text.

A tree is what a shape is made from: rows that differ only in what is null become one, in which that
may be missing.  What no shape should stand for is Odd, and the parser's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)\s?(/?)>", re.ASCII)
_NIL = re.compile(r"""\s(?:[\w.-]+:)?nil\s*=\s*["'](?:true|1)["']""", re.ASCII)


class Odd(Exception):
    """A row that is not for a shape."""


@dataclass(frozen=True)
class Node:
    """A tag: a field where `children` is None.  `nil` are its attributes where it is null.

    `closes`: a field that was seen as `<name />`.
    """

    name: str
    attributes: str = ""
    children: tuple[Node, ...] | None = None
    nil: str | None = None
    only_nil: bool = False
    optional: bool = False
    closes: bool = False


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
    return Node(name, attributes, None if leaf else tuple(children), closes=bool(tag[4]))


def merged(one: Node, other: Node) -> Node:
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
        closes = one.closes or other.closes
        return replace(one, nil=nil, optional=optional, closes=closes)
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
        children.append(merged(node, others[place]))
        at = place + 1
    return (*children, *(replace(other, optional=True) for other in others[at:]))
