"""HTML from text: whatever is not markup already is escaped; it reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_ALONE = frozenset({"meta", "br", "col"})


class Markup(str):
    """HTML as it stands; only what is of this class is not escaped."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element; None among its children is left out, as is an attribute that is None.

    Underscores of an attribute's name become dashes, one at its end is dropped (`class_`).
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _ALONE:
        return Markup(f"<{name}{words}>")
    return Markup(f"<{name}{words}>{together(children)}</{name}>")


def together(children: Iterable[object]) -> Markup:
    """Children one behind the other, each escaped unless it is markup."""
    return Markup("".join(map(_escaped, children)))


def _escaped(child: object) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(str(child))
